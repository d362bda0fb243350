// The order book: rows are built once and rewritten; their number follows the height.

import { $, $$, h, icon, setClass, setText } from '../core/dom.js';
import { abs, add, cmp, isNumber, isZero, mul, places, snap } from '../core/decimal.js';
import { brief, compact, number, percent, price, seconds, NONE } from '../core/format.js';
import { t } from '../core/i18n.js';
import { setDepth } from '../core/poller.js';
import { pref, setPref } from '../core/prefs.js';
import { age, on, samePlace, stale, state } from '../core/store.js';
import { lastPreview } from '../ticket/preview.js';
import { coins, grouped, rows, spread } from './book_model.js';

const GROUPS = [1, 10, 100];
const MOST_ROWS = 20;
const HOLD_MS = 500;

const sides = { asks: [], bids: [] };
const hosts = {};
let paused = false;
let onPick = () => {};
let fits = 8;

/** `listener({price, size})` when a level is chosen; size only when the cumulative size was asked for too. */
export function onBookPick(listener) {
  onPick = listener;
}

function pickable(node) {
  let timer = 0;
  let held = false;
  const pick = (withSize) => {
    const row = node.row;
    if (row) onPick({ price: row.price, size: withSize ? row.own : null });
  };
  node.addEventListener('pointerdown', () => { held = false; timer = setTimeout(() => { held = true; pick(true); navigator.vibrate?.(15); }, HOLD_MS); });
  for (const name of ['pointerup', 'pointerleave', 'pointercancel']) node.addEventListener(name, () => clearTimeout(timer));
  node.addEventListener('contextmenu', (event) => event.preventDefault());
  node.addEventListener('click', (event) => { if (!held) pick(event.shiftKey); held = false; });
}

function makeRow(side) {
  const node = h('button', { type: 'button', class: 'level', tabindex: '-1', 'data-testid': `level-${side}` },
    h('span', { class: 'price' }, h('span'), h('span', { class: 'mine', hidden: true })), h('span'), h('span'), h('span', { class: 'bar' }));
  const [priceCell, size, sum, bar] = node.children;
  node.parts = { price: priceCell.firstChild, mine: priceCell.lastChild, size, sum, bar };
  pickable(node);
  return node;
}

/** Arrow keys walk the rows; only the touch of each side is a tab stop. */
function walk(event) {
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const all = $$('.level:not([hidden])', $('#book'));
  all[all.indexOf(document.activeElement) + step]?.focus();
}

function build() {
  for (const side of ['asks', 'bids']) {
    hosts[side] = h('div', { class: `levels ${side}`, role: 'group', 'aria-label': t(`book.${side}`) });
    sides[side] = Array.from({ length: MOST_ROWS }, () => makeRow(side));
    hosts[side].append(...(side === 'asks' ? [...sides.asks].reverse() : sides.bids));
    sides[side][0].tabIndex = 0;
  }
  const columns = ['price', 'size', 'sum'].map((name) => h('span', { 'data-col': name }));
  const middle = h('div', { class: 'spread-row', 'data-testid': 'spread-row' }, h('b', { class: 'num' }), h('span', { class: 'spread num' }));
  $('#book').append(h('div', { class: 'book-cols', 'aria-hidden': 'true' }, columns), hosts.asks, middle, hosts.bids);
  $('#book').addEventListener('keydown', walk);
  new ResizeObserver(measure).observe(hosts.asks);
}

function measure() {
  const row = sides.asks[0].offsetHeight || parseFloat(getComputedStyle(sides.asks[0]).minHeight) || 24;
  const next = Math.max(3, Math.min(MOST_ROWS, Math.floor(hosts.asks.clientHeight / row)));
  if (next === fits) return;
  fits = next;
  draw();
}

const settings = () => ({ group: 1, unit: 'base', ...pref('book') });

/** What is left of own orders, by the row they are in. */
function ownSizes(step) {
  const marks = { asks: new Map(), bids: new Map() };
  for (const order of state.orders ?? []) {
    if (!order.price || !samePlace(order, state.place)) continue;
    const side = order.side === 'sell' ? 'asks' : 'bids';
    const at = snap(order.price, step, side === 'asks' ? 'up' : 'down');
    marks[side].set(at, add(marks[side].get(at) ?? '0', order.left));
  }
  return marks;
}

function fill(node, row, most, digits, show, mine) {
  node.hidden = !row;
  node.row = row;
  if (!row) return;
  setText(node.parts.price, number(row.price, digits));
  setText(node.parts.size, show(row.size));
  setText(node.parts.sum, show(row.sum));
  node.parts.bar.style.transform = `scaleX(${most ? Number(row.sum) / most : 0})`;
  node.parts.mine.hidden = !mine;
  if (mine) setText(node.parts.mine, `● ${brief(abs(coins(mine, row.price, state.rules)), 4)}`);
  node.title = t('book.row_title', { average: brief(row.average, digits), value: compact(row.value) });
}

/** Index of the level down to which the ticket's size would be filled; -1 without a size. */
function covering(shown) {
  const preview = lastPreview('buy') ?? lastPreview('sell');
  if (!isNumber(preview?.size) || preview.unit === 'quote' || isZero(preview.size)) return -1;
  return shown.findIndex((row) => cmp(row.own, preview.size) >= 0);
}

function draw() {
  if (paused) return;
  const { group, unit } = settings();
  const rules = state.rules;
  const step = rules ? mul(rules.price_step, String(group)) : '0';
  const digits = rules ? places(step) : null;
  const shown = {};
  for (const [side, kind] of [['asks', 'ask'], ['bids', 'bid']]) {
    const levels = state.book?.[side] ?? [];
    shown[side] = rows(group > 1 && rules ? grouped(levels, step, kind) : levels, rules, unit, fits);
  }
  const most = Math.max(...['asks', 'bids'].map((side) => Number(shown[side].at(-1)?.sum ?? 0)));
  const show = (text) => (unit === 'quote' ? (Number(text) >= 100_000 ? compact(text) : number(text, 0)) : brief(text, Number(text) >= 1000 ? 1 : 4));
  const marks = ownSizes(step);
  for (const side of ['asks', 'bids']) {
    const cover = covering(shown[side]);
    sides[side].forEach((node, index) => {
      const row = shown[side][index];
      node.classList.toggle('covers', Boolean(row) && index === cover);
      fill(node, row, most, digits, show, row && marks[side].get(row.price));
    });
  }
  drawMiddle();
}

/** A book that is not to be trusted says so in place of the spread. */
function spreadWords(gap) {
  if (state.bookUnsure) return t('book.unsure');
  if (stale()) return t('age.data', { age: seconds(age('market')) });
  return gap ? t('book.spread', { abs: price(gap.abs, state.rules), pct: percent(gap.pct, 3) }) : t('book.no_spread');
}

function drawMiddle() {
  const gap = spread(state.book);
  const middle = $('.spread-row', $('#book'));
  const last = $('[data-symbol="last"]').textContent;
  setText(middle.firstChild, state.ticker ? last : NONE);
  setClass(middle.firstChild, `num ${last.startsWith('▲') ? 'up' : last.startsWith('▼') ? 'down' : ''}`);
  setText(middle.lastChild, spreadWords(gap));
}

function drawTools() {
  const { group, unit } = settings();
  const select = $('#book-group');
  const step = state.rules?.price_step;
  select.replaceChildren(...GROUPS.map((value) => h('option', { value: String(value) }, step ? number(mul(step, String(value))) : `${value}×`)));
  select.value = String(group);
  const base = state.rules?.base ?? '';
  const quote = state.rules?.quote ?? '';
  const name = unit === 'quote' ? quote : base;
  setText($('#book-unit'), name || '…');
  $('#book-unit').setAttribute('aria-label', t('book.unit', { unit: name }));
  const labels = { price: t('book.price'), size: t('book.size', { unit: name }), sum: t('book.sum', { unit: name }) };
  for (const node of $$('[data-col]')) setText(node, labels[node.dataset.col]);
  setDepth(group === 1 ? 20 : group === 10 ? 50 : 100);
}

/** Freezes the book so that a moving row can be read or hit (WCAG 2.2.2). */
export function togglePause() {
  paused = !paused;
  const node = $('#book-pause');
  node.setAttribute('aria-pressed', String(paused));
  node.setAttribute('aria-label', t(paused ? 'book.resume' : 'book.pause'));
  node.title = node.getAttribute('aria-label');
  node.replaceChildren(icon(paused ? 'play' : 'pause'));
  $('.book-panel').classList.toggle('paused', paused);
  draw();
}

export function init() {
  build();
  let knownRules = null;
  $('#book-group').addEventListener('change', (event) => setPref('book', { ...settings(), group: Number(event.target.value) }));
  $('#book-unit').addEventListener('click', () => setPref('book', { ...settings(), unit: settings().unit === 'quote' ? 'base' : 'quote' }));
  $('#book-pause').addEventListener('click', togglePause);
  on('prefs', () => { drawTools(); draw(); });
  on('place', () => { if (paused) togglePause(); });
  on('market', () => {
    if (state.rules !== knownRules && (state.rules?.name !== knownRules?.name || state.rules?.market !== knownRules?.market)) drawTools();
    knownRules = state.rules;
    draw();
  });
  on('time', drawMiddle);
  drawTools();
}
