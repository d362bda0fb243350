// The candle chart of TradingView Lightweight Charts behind the page's own adapter:
// setData, update, setLines, setMarks, setLook, y, price, hold, zoom, describe, destroy.

import { h } from '../core/dom.js';
import { exponential, simple } from './averages.js';
import { colours, fade, lineOptions } from './colours.js';

const SCALES = { normal: 0, log: 1, percent: 2 };
const SCROLL = { mouseWheel: true, pressedMouseMove: true, horzTouchDrag: true, vertTouchDrag: false };
const AHEAD = 4;
const DAY_MARK = 2;

const library = () => window.LightweightCharts;
export const available = () => library() !== undefined;
const seconds = (ms) => ms / 1000;

export class LwChart {
  constructor(host, { formatPrice, formatTime, formatFull, onHover, onView }) {
    Object.assign(this, { rows: [], lines: new Map(), averages: {}, look: {}, formatPrice, onHover });
    this.root = h('div', { class: 'chart-canvas', role: 'img' });
    host.append(this.root);
    this.chart = library().createChart(this.root, {
      autoSize: true, handleScroll: SCROLL, handleScale: true, layout: { attributionLogo: false, fontSize: 11 },
      rightPriceScale: { borderVisible: true, scaleMargins: { top: 0.1, bottom: 0.2 } }, crosshair: { mode: 0 },
      timeScale: { timeVisible: true, secondsVisible: false, rightOffset: AHEAD, tickMarkFormatter: (time, kind) => formatTime(time * 1000, kind <= DAY_MARK) },
      localization: { priceFormatter: formatPrice, timeFormatter: (time) => formatFull(time * 1000) },
    });
    this.volume = this.chart.addSeries(library().HistogramSeries, { priceScaleId: 'volume', priceFormat: { type: 'volume' }, lastValueVisible: false, priceLineVisible: false });
    this.chart.priceScale('volume').applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
    this.chart.subscribeCrosshairMove((moved) => this.onHover(moved.time === undefined ? null : this.rows.find((row) => seconds(row.start_ms) === moved.time) ?? null));
    this.view = { updateAllViews: () => this.viewed(onView), paneViews: () => [] };
    this.setLook({ kind: 'candles', scale: 'normal', volume: true, averages: [] });
  }

  /** Tags follow the scale in the same frame, after the library has drawn. */
  viewed(onView) {
    if (this.telling) return;
    this.telling = true;
    queueMicrotask(() => { this.telling = false; onView(); });
  }

  /** Candles or line, scale, volume, averages `[{kind: 'ma' or 'ema', length}]`. */
  setLook(look) {
    const other = look.kind !== this.look.kind;
    this.look = look;
    if (other) this.makeMain();
    this.chart.priceScale('right').applyOptions({ mode: SCALES[look.scale] ?? 0 });
    this.volume.applyOptions({ visible: look.volume });
    for (const [kind, series] of Object.entries(this.averages)) {
      if (!look.averages.some((one) => one.kind === kind)) {
        this.chart.removeSeries(series);
        delete this.averages[kind];
      }
    }
    for (const { kind } of look.averages) this.averages[kind] ??= this.chart.addSeries(library().LineSeries, { lineWidth: 1, lastValueVisible: false, priceLineVisible: false, crosshairMarkerVisible: false });
    this.dress();
  }

  makeMain() {
    if (this.main) this.chart.removeSeries(this.main);
    const kind = this.look.kind === 'line' ? library().LineSeries : library().CandlestickSeries;
    this.main = this.chart.addSeries(kind, { priceLineStyle: 1, autoscaleInfoProvider: (base) => this.inSight(base()) });
    this.main.attachPrimitive(this.view);
    this.marks = library().createSeriesMarkers(this.main, []);
    this.lines.clear();
    if (this.wanted) this.setLines(this.wanted);
    if (this.shownMarks) this.setMarks(this.shownMarks);
  }

  /** Own lines stay in sight when they are near the candles. */
  inSight(info) {
    if (!info?.priceRange) return info;
    const { minValue, maxValue } = info.priceRange;
    const room = maxValue - minValue;
    const near = (this.wanted ?? []).filter((line) => line.kind !== 'liq' && line.price > minValue - room && line.price < maxValue + room).map((line) => line.price);
    return { ...info, priceRange: { minValue: Math.min(minValue, ...near), maxValue: Math.max(maxValue, ...near) } };
  }

  dress() {
    const c = colours();
    this.colours = c;
    this.chart.applyOptions({
      layout: { background: { type: 'solid', color: c.panel }, textColor: c.muted, fontFamily: c.font },
      grid: { vertLines: { color: fade(c.line, 0.5) }, horzLines: { color: fade(c.line, 0.5) } },
      crosshair: { vertLine: { color: c.muted, labelBackgroundColor: c.edge }, horzLine: { color: c.muted, labelBackgroundColor: c.edge } },
      rightPriceScale: { borderColor: c.line }, timeScale: { borderColor: c.line },
    });
    this.main.applyOptions(this.look.kind === 'line' ? { color: c.accent, lineWidth: 2 } : { upColor: c.up, downColor: c.down, wickUpColor: c.up, wickDownColor: c.down, borderVisible: false });
    this.averages.ma?.applyOptions({ color: c.warn });
    this.averages.ema?.applyOptions({ color: c.order });
    this.lines.clear();
    for (const line of this.main.priceLines()) this.main.removePriceLine(line);
    if (this.wanted) this.setLines(this.wanted);
    if (this.rows.length) this.draw();
    if (this.shownMarks) this.setMarks(this.shownMarks);
  }

  point(row) {
    const time = seconds(row.start_ms);
    return this.look.kind === 'line' ? { time, value: row.close } : { time, open: row.open, high: row.high, low: row.low, close: row.close };
  }

  bar = (row) => ({ time: seconds(row.start_ms), value: row.volume, color: fade(row.close >= row.open ? this.colours.up : this.colours.down, 0.32) });

  draw() {
    this.main.setData(this.rows.map((row) => this.point(row)));
    this.volume.setData(this.rows.map(this.bar));
    this.drawAverages((series, values) => series.setData(values.map((value, index) => (value === null ? null : { time: seconds(this.rows[index].start_ms), value })).filter(Boolean)));
  }

  drawAverages(write) {
    for (const { kind, length } of this.look.averages) write(this.averages[kind], (kind === 'ma' ? simple : exponential)(this.rows, length));
  }

  /** All candles; `count` of them in sight when they are others than before. */
  setData(rows, { step, count }) {
    this.rows = rows;
    this.main.applyOptions({ priceFormat: { type: 'custom', minMove: step, formatter: this.formatPrice } });
    this.draw();
    if (count && rows.length) this.chart.timeScale().setVisibleLogicalRange({ from: rows.length - count, to: rows.length - 1 + AHEAD });
  }

  /** The newest candle changed, or a new one began. */
  update(rows) {
    const row = rows.at(-1);
    this.rows = rows;
    this.main.update(this.point(row));
    this.volume.update(this.bar(row));
    this.drawAverages((series, values) => { if (values.at(-1) !== null) series.update({ time: seconds(row.start_ms), value: values.at(-1) }); });
  }

  /** Lines `{id, price, kind}`; the last price has its own. */
  setLines(lines) {
    this.wanted = lines.filter((line) => line.kind !== 'last');
    const kept = new Set(this.wanted.map((line) => line.id));
    for (const [id, line] of this.lines) {
      if (kept.has(id)) continue;
      this.main.removePriceLine(line);
      this.lines.delete(id);
    }
    for (const { id, price, kind } of this.wanted) {
      const known = this.lines.get(id);
      if (known && known.options().price === price) continue;
      if (known) known.applyOptions({ price });
      else this.lines.set(id, this.main.createPriceLine(lineOptions(price, this.colours.lines[kind] ?? this.colours.lines.order)));
    }
  }

  /** Own fills `{start_ms, side}` as arrows. */
  setMarks(marks) {
    this.shownMarks = marks;
    const { up, down } = this.colours;
    this.marks.setMarkers(marks.map(({ start_ms: ms, side }) => (side === 'buy' ? { time: seconds(ms), position: 'belowBar', shape: 'arrowUp', color: up } : { time: seconds(ms), position: 'aboveBar', shape: 'arrowDown', color: down })));
  }

  y = (price) => this.main.priceToCoordinate(price);
  price = (y) => this.main.coordinateToPrice(y);

  get axis() {
    return this.chart.priceScale('right').width();
  }

  get foot() {
    return this.root.clientHeight - this.chart.timeScale().height();
  }

  /** Nothing is drawn in the uppermost `pixels`, where the legend is. */
  headroom(pixels) {
    const top = Math.min(0.3, Math.max(0.1, pixels / (this.root.clientHeight || 300)));
    this.chart.priceScale('right').applyOptions({ scaleMargins: { top, bottom: 0.2 } });
  }

  /** Nothing scrolls while a line is dragged. */
  hold(held) {
    this.chart.applyOptions({ handleScroll: held ? false : SCROLL, handleScale: !held });
  }

  /** Fewer (-1) or more (1) candles, the newest kept where it is; gives how many there are now. */
  zoom(way) {
    const range = this.chart.timeScale().getVisibleLogicalRange();
    if (!range) return 0;
    const count = Math.max(15, Math.min(this.rows.length + AHEAD, (range.to - range.from) * (way > 0 ? 1.35 : 0.74)));
    this.chart.timeScale().setVisibleLogicalRange({ from: range.to - count, to: range.to });
    return Math.round(count);
  }

  get visible() {
    const range = this.chart.timeScale().getVisibleLogicalRange();
    return range ? this.rows.slice(Math.max(0, Math.floor(range.from)), Math.ceil(range.to) + 1) : this.rows;
  }

  describe(text) {
    if (this.root.getAttribute('aria-label') !== text) this.root.setAttribute('aria-label', text);
  }

  destroy() {
    this.chart.remove();
    this.root.remove();
  }
}
