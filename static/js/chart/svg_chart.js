// The stand-in when the chart library is missing: candles in SVG, six paths whatever their number, behind the same adapter.

import { h, svg } from '../core/dom.js';
import { makeScale, priceMarks, timeMarks } from './scale.js';

const round = (value) => Math.round(value * 2) / 2;

function shapes(candles, scale) {
  const paths = { up: { wick: '', body: '', volume: '' }, down: { wick: '', body: '', volume: '' } };
  const most = Math.max(...candles.map((c) => c.volume)) || 1;
  candles.forEach((candle, index) => {
    const path = paths[candle.close >= candle.open ? 'up' : 'down'];
    const x = round(scale.x(index));
    const left = round(x - scale.body / 2);
    const width = round(scale.body);
    const top = round(scale.y(Math.max(candle.open, candle.close)));
    const foot = Math.max(top + 1, round(scale.y(Math.min(candle.open, candle.close))));
    path.wick += `M${x} ${round(scale.y(candle.high))}V${round(scale.y(candle.low))}`;
    path.body += `M${left} ${top}h${width}V${foot}h${-width}z`;
    const tall = round((candle.volume / most) * (scale.bottom - scale.volumeTop));
    path.volume += `M${left} ${scale.bottom}h${width}v${-tall}h${-width}z`;
  });
  return paths;
}

const LEAST = 20;

export class SvgChart {
  constructor(host, { formatPrice, formatTime, onHover, onView }) {
    Object.assign(this, { host, formatPrice, formatTime, onHover, onView, rows: [], candles: [], lines: [], marks: [], cursor: null, count: 90 });
    this.root = svg('svg', { class: 'chart-svg', role: 'img' });
    this.layers = Object.fromEntries(['grid', 'volume', 'candles', 'axis', 'lines', 'cross'].map((name) => [name, svg('g')]));
    this.root.append(...Object.values(this.layers));
    host.append(this.root);
    this.watcher = new ResizeObserver(() => this.draw());
    this.watcher.observe(host);
    this.root.addEventListener('pointermove', (event) => this.hover(event));
    this.root.addEventListener('pointerleave', () => this.hover(null));
  }

  /** Candles as numbers `{start_ms, open, high, low, close, volume}`, oldest first; `count` of them in sight. */
  setData(rows, { count }) {
    if (count) this.count = count;
    this.update(rows);
  }

  update(rows) {
    this.rows = rows;
    this.draw();
  }

  /** Horizontal lines `{price, kind}`; their labels are the overlay's. */
  setLines(lines) {
    this.lines = lines;
    this.draw();
  }

  /** Own fills `{start_ms, side}` as triangles. */
  setMarks(marks) {
    this.marks = marks;
    this.draw();
  }

  get visible() {
    return this.rows.slice(-Math.min(this.count, Math.max(LEAST, Math.floor(this.host.clientWidth / 5))));
  }

  zoom(way) {
    this.count = Math.round(Math.max(LEAST, Math.min(240, this.count * (way > 0 ? 1.35 : 0.74))));
    this.draw();
    return this.count;
  }

  y = (price) => (this.scale ? this.scale.y(price) : null);

  price = (y) => (this.scale ? this.scale.price(y) : null);

  get axis() {
    return this.scale ? this.scale.width - this.scale.right : 0;
  }

  get foot() {
    return this.scale?.bottom ?? 0;
  }

  setLook() {}

  dress() {}

  hold() {}

  describe(text) {
    if (this.root.getAttribute('aria-label') !== text) this.root.setAttribute('aria-label', text);
  }

  hover(event) {
    if (!this.scale) return;
    const box = this.root.getBoundingClientRect();
    this.cursor = event ? { x: event.clientX - box.left, y: event.clientY - box.top } : null;
    this.drawCross();
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.host;
    this.candles = this.visible;
    if (!this.candles.length || width < 120 || height < 100) {
      for (const layer of Object.values(this.layers)) layer.replaceChildren();
      this.scale = null;
      return;
    }
    this.root.setAttribute('viewBox', `0 0 ${width} ${height}`);
    this.scale = makeScale(this.candles, width, height, this.lines.filter((line) => line.kind !== 'liq').map((line) => line.price));
    this.drawGrid();
    this.drawCandles();
    this.layers.lines.replaceChildren(...this.drawLines());
    this.drawCross();
    this.onView();
  }

  drawGrid() {
    const { scale } = this;
    const texts = [];
    let path = `M${round(scale.right)} 0V${scale.bottom}M0 ${scale.bottom}H${scale.width}`;
    const taken = this.lines.map((line) => scale.y(line.price));
    for (const value of priceMarks(scale)) {
      const y = round(scale.y(value));
      path += `M0 ${y}H${scale.right}`;
      if (taken.some((at) => Math.abs(at - y) < 15)) continue;
      texts.push(svg('text', { x: scale.right + 6, y: y + 4 }, this.formatPrice(value)));
    }
    for (const mark of timeMarks(this.candles, scale)) {
      const x = round(scale.x(mark.index));
      if (x > scale.right - 30 || x < 20) continue;
      path += `M${x} 0V${scale.bottom}`;
      texts.push(svg('text', { x, y: scale.bottom + 15, 'text-anchor': 'middle' }, this.formatTime(mark.ms, mark.long)));
    }
    this.layers.grid.replaceChildren(svg('path', { class: 'grid', d: path }));
    this.layers.axis.replaceChildren(...texts);
  }

  drawCandles() {
    const paths = shapes(this.candles, this.scale);
    const make = (way, kind) => svg('path', { class: `${way} ${kind}`, d: paths[way][kind] });
    this.layers.volume.replaceChildren(make('up', 'volume'), make('down', 'volume'));
    this.layers.candles.replaceChildren(...['up', 'down'].flatMap((way) => [make(way, 'wick'), make(way, 'body')]));
  }

  /** Lines outside the visible prices are left out; price marks that would overlap move down. */
  drawLines() {
    const { scale } = this;
    const seen = this.lines.filter((line) => line.price > scale.low && line.price < scale.high).sort((a, b) => b.price - a.price);
    let free = 0;
    return [...seen.map((line) => {
      const y = round(scale.y(line.price));
      const label = Math.max(y, free + 16);
      free = label;
      return svg('g', { class: `line ${line.kind}` }, svg('path', { d: `M0 ${y}H${scale.right}` }),
        svg('rect', { x: scale.right, y: label - 8, width: scale.width - scale.right, height: 16 }), svg('text', { x: scale.right + 6, y: label + 4 }, this.formatPrice(line.price)));
    }), ...this.drawMarks()];
  }

  drawMarks() {
    const { scale } = this;
    return this.marks.flatMap(({ start_ms: ms, side }) => {
      const index = this.candles.findIndex((candle) => candle.start_ms === ms);
      if (index < 0) return [];
      const x = round(scale.x(index));
      const y = round(scale.y(side === 'buy' ? this.candles[index].low : this.candles[index].high));
      return [svg('path', { class: side === 'buy' ? 'up' : 'down', d: side === 'buy' ? `M${x} ${y + 4}l5 8h-10z` : `M${x} ${y - 4}l5 -8h-10z` })];
    });
  }

  drawCross() {
    const { scale, cursor } = this;
    const inside = cursor && scale && cursor.x < scale.right && cursor.y < scale.bottom;
    const index = inside ? scale.index(cursor.x) : this.candles.length - 1;
    this.onHover(inside ? this.candles[index] ?? null : null);
    if (!inside) {
      this.layers.cross.replaceChildren();
      return;
    }
    const x = round(scale.x(index));
    const y = round(cursor.y);
    this.layers.cross.replaceChildren(
      svg('path', { class: 'cross', d: `M${x} 0V${scale.bottom}M0 ${y}H${scale.right}` }),
      svg('g', { class: 'line order' }, svg('rect', { x: scale.right, y: y - 8, width: scale.width - scale.right, height: 16 }), svg('text', { x: scale.right + 6, y: y + 4 }, this.formatPrice(scale.price(cursor.y)))),
    );
  }

  destroy() {
    this.watcher.disconnect();
    this.root.remove();
  }
}

/** The same candles as a table, newest first. */
export function candleTable(candles, heads, formatPrice, formatTime, formatVolume) {
  const row = (candle) => h('tr', {}, h('td', { class: 'text' }, formatTime(candle.start_ms)), ['open', 'high', 'low', 'close'].map((name) => h('td', {}, formatPrice(candle[name]))), h('td', {}, formatVolume(candle.volume)));
  return h('table', { class: 'grid-table' }, h('thead', {}, h('tr', {}, heads.map((name, index) => h('th', { class: index ? '' : 'text', scope: 'col' }, name)))), h('tbody', {}, [...candles].reverse().map(row)));
}
