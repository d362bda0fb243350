// The chart panel: loads candles, keeps the last one moving with the price, switches to a table.

import { get } from '../core/api.js';
import { $, $$, h, press, setText } from '../core/dom.js';
import { places } from '../core/decimal.js';
import { brief, dateTime, number, percent } from '../core/format.js';
import { lang, t } from '../core/i18n.js';
import { pref, setPref } from '../core/prefs.js';
import { link } from '../core/poller.js';
import { networkOf, on, placeFields, samePlace, state } from '../core/store.js';
import { currentLines } from './lines.js';
import { SvgChart, candleTable } from './svg_chart.js';

const INTERVALS = ['1m', '5m', '15m', '1h', '4h', '1d'];
const EVERY_MS = 10_000;
const COUNTS = [30, 45, 60, 90, 120, 180, 240];

let chart = null;
let candles = [];
let asTable = false;
let loaded = '';
let timer = 0;
let legend = null;
let note = null;
let table = null;

const settings = () => ({ interval: '5m', count: 90, ...pref('chart') });
function formatPrice(value) {
  const digits = state.rules ? places(state.rules.price_step) : 2;
  return number(value.toFixed(Math.min(12, digits)), digits);
}


const formatVolume = (value) => brief(value.toFixed(4), 2);

function formatTime(ms, long = false) {
  const options = long ? { day: '2-digit', month: '2-digit' } : { hour: '2-digit', minute: '2-digit' };
  return new Date(ms).toLocaleString(lang() === 'ru' ? 'ru' : 'en-GB', options);
}

const toNumbers = (item) => ({ start_ms: item.start_ms, open: +item.open, high: +item.high, low: +item.low, close: +item.close, volume: +item.volume });

async function load() {
  clearTimeout(timer);
  const { interval } = settings();
  const place = { ...state.place };
  const name = JSON.stringify([place, interval, networkOf()]);
  if (name !== loaded) {
    candles = [];
    show(t('common.loading'));
  }
  try {
    const answer = await get('/api/market/candles', { network: networkOf(), ...placeFields(place), interval, limit: COUNTS.at(-1) });
    if (!samePlace(place, state.place) || interval !== settings().interval) return;
    candles = answer.items.map(toNumbers).sort((a, b) => a.start_ms - b.start_ms);
    loaded = name;
    show(candles.length ? '' : t('chart.none'));
    redraw();
  } catch (error) {
    if (name !== loaded) show(error.text);
  }
  timer = setTimeout(() => (document.hidden || link.lostSince ? (timer = setTimeout(load, EVERY_MS)) : load()), EVERY_MS);
}

function show(text) {
  note.hidden = !text;
  setText(note, text);
  if (text) chart.setData([]);
}

const visible = () => candles.slice(-Math.min(settings().count, Math.max(30, Math.floor($('#chart').clientWidth / 5))));

function redraw() {
  if (!candles.length) return;
  const shown = visible();
  chart.candles = shown;
  chart.lines = currentLines();
  chart.draw();
  const first = shown[0];
  const last = shown.at(-1);
  chart.describe(t('chart.summary', { name: state.place.instrument, interval: settings().interval, last: formatPrice(last.close), low: formatPrice(Math.min(...shown.map((c) => c.low))), high: formatPrice(Math.max(...shown.map((c) => c.high))), change: percent(String(((last.close / first.open - 1) * 100).toFixed(2)), 2, true) }));
}

/** Moves the last candle with the market between two loads. */
function tick() {
  const last = Number(state.ticker?.last);
  const candle = candles.at(-1);
  if (!last || !candle) return;
  candle.close = last;
  candle.high = Math.max(candle.high, last);
  candle.low = Math.min(candle.low, last);
  if (!asTable) redraw();
}

function drawLegend(candle) {
  if (!candle) return legend.replaceChildren();
  const part = (name, value) => h('span', {}, `${name} `, h('b', {}, value));
  const change = String(((candle.close / candle.open - 1) * 100).toFixed(2));
  return legend.replaceChildren(part('O', formatPrice(candle.open)), part('H', formatPrice(candle.high)), part('L', formatPrice(candle.low)), part('C', formatPrice(candle.close)),
    h('span', { class: candle.close >= candle.open ? 'up' : 'down' }, percent(change, 2, true)), part('V', formatVolume(candle.volume)));
}

function toggleTable() {
  asTable = !asTable;
  $('[data-chart="table"]').setAttribute('aria-pressed', String(asTable));
  table.hidden = !asTable;
  legend.hidden = asTable;
  const heads = ['time', 'open', 'high', 'low', 'close', 'volume'].map((name) => t(`chart.${name}`));
  table.replaceChildren(asTable ? candleTable(visible(), heads, formatPrice, dateTime, formatVolume) : '');
  chart.root.style.visibility = asTable ? 'hidden' : '';
}

function zoom(way) {
  const index = COUNTS.indexOf(settings().count);
  const next = COUNTS[Math.max(0, Math.min(COUNTS.length - 1, (index < 0 ? 3 : index) + way))];
  setPref('chart', { ...settings(), count: next });
  redraw();
}

function buildTools() {
  const buttons = INTERVALS.map((value) => h('button', { type: 'button', 'data-testid': `interval-${value}`, 'aria-pressed': String(value === settings().interval), onclick: (event) => {
    press(buttons, event.currentTarget);
    setPref('chart', { ...settings(), interval: value });
    load();
  } }, value));
  $('#intervals').append(...buttons);
  $('[data-chart="in"]').addEventListener('click', () => zoom(-1));
  $('[data-chart="out"]').addEventListener('click', () => zoom(1));
  $('[data-chart="table"]').addEventListener('click', toggleTable);
}

export function init() {
  const host = $('#chart');
  legend = h('div', { class: 'chart-legend', 'aria-hidden': 'true' });
  note = h('p', { class: 'chart-note', hidden: true });
  table = h('div', { class: 'chart-table', hidden: true, tabindex: '0', role: 'region', 'aria-label': t('chart.as_table') });
  chart = new SvgChart(host, { formatPrice, formatTime, onHover: drawLegend });
  host.append(legend, note, table);
  host.addEventListener('wheel', (event) => { if (event.ctrlKey || asTable || !window.matchMedia('(min-width: 1280px)').matches) return; event.preventDefault(); zoom(event.deltaY > 0 ? 1 : -1); }, { passive: false });
  new ResizeObserver(redraw).observe(host);
  buildTools();
  let network = networkOf();
  on('place', load);
  on('accounts', () => { if (networkOf() !== network) { network = networkOf(); load(); } });
  on('market', tick);
  on('account', () => { if (!asTable) redraw(); });
  load();
  for (const node of $$('[data-show-part]')) node.addEventListener('click', () => requestAnimationFrame(redraw));
}
