// The chart panel: candles, own lines and fills, legend, summary in words, table. The drawing is behind an adapter.

import { $, $$, h, press, setClass, setText } from '../core/dom.js';
import { places, snap } from '../core/decimal.js';
import { brief, clock, dateTime, dayMonth, number, percent } from '../core/format.js';
import { t } from '../core/i18n.js';
import { retopic } from '../core/live.js';
import { pref, setPref } from '../core/prefs.js';
import { on, state } from '../core/store.js';
import { movePrice } from '../panel/orders.js';
import { INTERVALS, Candles, intervalMs, intervalOf } from './candles.js';
import { currentLines } from './lines.js';
import { LwChart, available } from './lw_chart.js';
import { Marks } from './marks.js';
import { Overlay } from './overlay.js';
import { askLook, lookOf } from './look.js';
import { SvgChart, candleTable } from './svg_chart.js';

const LEAST_BAR = 5;
const TAG = 24;

let chart = null;
let overlay = null;
let candles = null;
let marks = null;
let legend = null;
let note = null;
let table = null;
let hovered = null;
let asTable = false;

const digits = () => (state.rules ? places(state.rules.price_step) : 2);
const formatPrice = (value) => number(value.toFixed(Math.min(12, digits())), digits());
const formatVolume = (value) => brief(value.toFixed(4), 2);
const atMidnight = (ms) => new Date(ms).getHours() === 0 && new Date(ms).getMinutes() === 0;
const formatTime = (ms, day = false) => (day && (intervalMs() >= 86_400_000 || atMidnight(ms)) ? dayMonth(ms) : intervalMs() >= 86_400_000 ? dayMonth(ms) : clock(ms, false));
const snapped = (value) => snap(value.toFixed(Math.min(12, digits() + 2)), state.rules?.price_step ?? '0.01', 'near');

function say(text) {
  note.hidden = !text;
  setText(note, text);
}

function onload(fresh) {
  const { rows } = candles;
  say(rows.length ? '' : fresh ? t('common.loading') : t('chart.none'));
  const count = Math.min(pref('chart').count ?? 90, Math.max(30, Math.floor($('#chart').clientWidth / LEAST_BAR)));
  chart.setData(rows, { step: Number(state.rules?.price_step ?? 0.01), count: fresh || !chart.filled ? count : 0 });
  chart.filled = rows.length > 0;
  if (fresh) marks.load();
  drawOwn();
  drawLegend();
  summarise();
}

function onlast() {
  if (asTable) return;
  chart.update(candles.rows);
  drawLegend();
}

function onfail(error) {
  if (!candles.rows.length) say(error.text);
}

function drawOwn() {
  if (!chart || asTable || !candles.rows.length) return;
  const lines = currentLines();
  chart.setLines(lines);
  overlay.setLines(lines);
}

/** The rules of an instrument may come after its candles. */
function regrid() {
  if (chart.rules === state.rules?.name + state.rules?.price_step || !state.rules) return;
  chart.rules = state.rules.name + state.rules.price_step;
  if (candles.rows.length) onload(false);
}

/** One line in words for who cannot see the picture; once a second is enough. */
function summarise() {
  if (!chart || !candles.rows.length) return;
  const shown = chart.visible;
  if (!shown.length) return;
  const [first, last] = [shown[0], candles.rows.at(-1)];
  const ends = { low: formatPrice(Math.min(...shown.map((row) => row.low))), high: formatPrice(Math.max(...shown.map((row) => row.high))) };
  chart.describe(t('chart.summary', { name: state.place.instrument, interval: intervalOf(), last: formatPrice(last.close), ...ends, change: percent(((last.close / first.open - 1) * 100).toFixed(2), 2, true) }));
}

function makeLegend() {
  const parts = ['O', 'H', 'L', 'C', '', 'V'].map((name) => h('span', {}, name && `${name} `, h('b')));
  return h('div', { class: 'chart-legend', 'aria-hidden': 'true' }, parts);
}

function drawLegend() {
  const row = hovered ?? candles.rows.at(-1);
  legend.hidden = !row || asTable;
  if (!row) return;
  const change = percent(((row.close / row.open - 1) * 100).toFixed(2), 2, true);
  const texts = [...[row.open, row.high, row.low, row.close].map(formatPrice), change, formatVolume(row.volume)];
  texts.forEach((text, index) => setText(legend.children[index].lastChild, text));
  setClass(legend.children[4].lastChild, row.close >= row.open ? 'up' : 'down');
}

/** Lines and their tags keep clear of the legend, whatever it wraps to. */
const makeRoom = () => chart?.headroom?.(legend.offsetTop + legend.offsetHeight + TAG / 2);

function toggleTable() {
  asTable = !asTable;
  $('[data-chart="table"]').setAttribute('aria-pressed', String(asTable));
  table.hidden = !asTable;
  const heads = ['time', 'open', 'high', 'low', 'close', 'volume'].map((name) => t(`chart.${name}`));
  table.replaceChildren(asTable ? candleTable(chart.visible, heads, formatPrice, dateTime, formatVolume) : '');
  chart.root.style.visibility = asTable ? 'hidden' : '';
  overlay.hide(asTable);
  if (!asTable) onload(false);
  drawLegend();
}

function zoom(way) {
  const count = chart.zoom(way);
  if (count) setPref('chart', { ...pref('chart'), count });
}

function choose(interval, buttons, node) {
  press(buttons, node);
  setPref('chart', { ...pref('chart'), interval });
  retopic();
  candles.load();
}

function buildTools() {
  const buttons = INTERVALS.map((value) => h('button', { type: 'button', 'data-testid': `interval-${value}`, 'aria-pressed': String(value === intervalOf()), onclick: (event) => choose(value, buttons, event.currentTarget) }, value));
  $('#intervals').append(...buttons);
  $('[data-chart="in"]').addEventListener('click', () => zoom(-1));
  $('[data-chart="out"]').addEventListener('click', () => zoom(1));
  $('[data-chart="table"]').addEventListener('click', toggleTable);
  $('[data-chart="look"]').addEventListener('click', askLook);
  $('[data-chart="look"]').hidden = !available();
}

function credit() {
  if (!available()) return h('p', { class: 'chart-credit', 'data-testid': 'chart-simple' }, t('chart.simple'));
  return h('a', { class: 'chart-credit', href: 'https://www.tradingview.com/', target: '_blank', rel: 'noopener noreferrer' }, t('chart.credit'));
}

function make() {
  const host = $('#chart');
  const hooks = { formatPrice, formatTime, formatFull: dateTime, onHover: (row) => { hovered = row; drawLegend(); }, onView: () => overlay?.place() };
  candles = new Candles({ onload, onlast, onfail });
  chart = available() ? new LwChart(host, hooks) : new SvgChart(host, hooks);
  overlay = new Overlay(host, chart, { formatPrice, snap: snapped, onmove: (line, price) => movePrice(line.order, price) });
  marks = new Marks(candles, (list) => chart.setMarks(list));
  host.append(credit());
  chart.describe(t('trade.chart'));
  chart.setLook(lookOf());
  on('place', () => { if (candles.place !== JSON.stringify(state.place)) { candles.place = JSON.stringify(state.place); candles.load(); } });
  on('accounts', () => { candles.load(); marks.load(); });
  on('market', () => { regrid(); drawOwn(); });
  on('account', drawOwn);
  on('time', summarise);
  on('prefs', () => { chart.setLook(lookOf()); marks.draw(); });
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => chart.dress());
  new ResizeObserver(makeRoom).observe(host);
  new ResizeObserver(makeRoom).observe(legend);
  candles.place = JSON.stringify(state.place);
  candles.load();
}

export function init() {
  const host = $('#chart');
  legend = makeLegend();
  note = h('p', { class: 'chart-note' }, t('common.loading'));
  table = h('div', { class: 'chart-table', hidden: true, tabindex: '0', role: 'region', 'aria-label': t('chart.as_table') });
  host.append(legend, note, table);
  buildTools();
  requestAnimationFrame(() => setTimeout(make));
  for (const node of $$('[data-show-part]')) node.addEventListener('click', () => requestAnimationFrame(() => overlay?.place()));
}
