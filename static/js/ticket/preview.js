// What the order would cost and do, asked of the server for both sides a moment after the last keystroke.

import { post } from '../core/api.js';
import { $, $$, h, icon, redraw, setText } from '../core/dom.js';
import { abs, cmp, isNumber, isZero, mul, sign, sub } from '../core/decimal.js';
import { brief, money, percent, price, signed, NONE } from '../core/format.js';
import { errorText, t } from '../core/i18n.js';
import { hedge, isFutures, on, state } from '../core/store.js';
import { coins } from '../ui/book_model.js';
import { draft, kind, missing, order, reducing } from './model.js';

const WAIT_MS = 120;
const AGAIN_MS = 2000;
const SIDES = ['buy', 'sell'];

let seen = {};
let turn = 0;
let timer = 0;
let askedAt = 0;

/** The last answer for `side`, or null when the draft has changed since. */
export const lastPreview = (side) => seen[side] ?? null;

const inCoins = (size) => (isNumber(size) ? coins(size, draft().price || state.ticker?.last || '1', state.rules) : null);

/** A signed position in words: `0.024 long`. */
function standing(size) {
  const amount = inCoins(size);
  if (amount === null) return NONE;
  if (isZero(amount)) return '0';
  return isFutures() ? `${brief(abs(amount), 6)} ${t(sign(amount) > 0 ? 'side.long_short' : 'side.short_short')}` : brief(amount, 6);
}

function withBefore(before, after, show) {
  const had = isNumber(before) && !isZero(before) && before !== after;
  return h('span', {}, show(after), had && h('span', { class: 'sub' }, t('preview.was', { value: show(before) })));
}

const ROWS = [
  ['preview.size', (p) => (p.unit === 'quote' ? money(p.size, state.rules?.quote) : `${brief(inCoins(p.size), 8)}`)],
  ['preview.value', (p) => money(p.value)],
  ['preview.margin', (p) => money(p.margin), () => isFutures() && !reducing()],
  ['preview.fee', (p) => money(p.fee)],
  ['preview.average', (p) => (isNumber(p.average) ? price(p.average, state.rules) : NONE), (item) => kind(item) === 'market'],
  ['preview.slippage', (p) => percent(p.slippage_pct, 3), (item) => kind(item) === 'market'],
  ['preview.liq', (p) => withBefore(p.liq_before, p.liq_after, (x) => price(x, state.rules)), () => isFutures()],
  ['preview.position', (p) => withBefore(p.position_before, p.position_after, standing)],
  ['preview.available', (p) => money(p.available_after)],
  ['preview.max', (p) => brief(inCoins(p.max_size), 6)],
];

function feeLabel() {
  const rate = (seen.buy ?? seen.sell)?.fee_rate;
  return isNumber(rate) ? t('preview.fee_rate', { rate: percent(mul(rate, '100'), 3) }) : t('preview.fee');
}

function draw() {
  const host = $('#preview');
  const item = draft();
  if (!SIDES.some((side) => seen[side])) {
    redraw(host, h('p', { class: 'empty' }, t(missing(item).includes('size') ? 'preview.enter_size' : missing(item).length ? 'preview.enter_price' : 'common.loading')));
    return drawSides();
  }
  const word = !isFutures() ? 'word' : hedge() && reducing(item) ? 'hedge_close' : 'short_name';
  const head = h('tr', {}, h('th', { scope: 'col' }, h('span', { class: 'visually-hidden' }, t('preview.title'))), SIDES.map((side) => h('th', { scope: 'col', data: { side } }, t(`side.${side}.${word}`))));
  const rows = ROWS.filter(([, , when]) => !when || when(item)).map(([key, show]) => h('tr', {},
    h('th', { scope: 'row' }, key === 'preview.fee' ? feeLabel() : t(key)),
    SIDES.map((side) => h('td', { data: { side, testid: `${key.replace('.', '-')}-${side}` } }, seen[side] ? show(seen[side]) : NONE))));
  redraw(host, h('table', {}, h('thead', {}, head), h('tbody', {}, rows)), item.type === 'trigger' ? h('p', { class: 'hint preview-note' }, t('preview.trigger_note')) : '');
  drawProtection(item);
  return drawSides();
}

/** Money of take profit and stop loss, and their ratio, for the first side they fit. */
function drawProtection(item) {
  const parts = [];
  const entry = item.price || state.ticker?.last;
  const value = seen.buy ?? seen.sell;
  if (item.protect && entry && isNumber(value?.size) && !state.rules?.inverse) {
    const amount = inCoins(value.size);
    const gain = (leg) => (isNumber(item[leg].price) ? mul(abs(sub(item[leg].price, entry)), amount) : null);
    const [win, lose] = [gain('tp'), gain('sl')];
    if (win) parts.push(t('preview.tp_money', { money: signed(win) }));
    if (lose) parts.push(t('preview.sl_money', { money: signed(`-${lose}`) }));
    if (win && lose && !isZero(lose)) parts.push(t('preview.ratio', { ratio: brief(String((Number(win) / Number(lose)).toFixed(2)), 2) }));
  }
  setText($('#protection-note'), parts.join(' · '));
}

/** What the server found, and the one thing it leaves to us: more than can be had. */
function problemsOf(side) {
  const answer = seen[side];
  const found = answer?.problems ?? [];
  if (found.length || !isNumber(answer?.max_size) || answer.unit === 'quote' || cmp(answer.size, answer.max_size) <= 0) return found;
  return [{ code: 'above_max', params: { max: brief(inCoins(answer.max_size), 8) } }];
}

/** Problems in place, and what each big button will do. */
function drawSides() {
  const found = new Map();
  for (const side of SIDES) {
    const problems = problemsOf(side);
    for (const problem of problems) {
      const text = errorText(problem);
      found.set(text, found.has(text) ? '' : side);
    }
    const button = $(`[data-submit="${side}"]`);
    const note = $(`[data-side-note="${side}"]`);
    const lack = missing();
    button.dataset.why = problems.length ? errorText(problems[0]) : '';
    const size = seen[side] && isNumber(seen[side].size) ? ROWS[0][1](seen[side]) : '';
    setText(note, lack.length ? t(`ticket.lack.${lack[0]}`) : problems.length ? t('ticket.see_problem') : size && `${size} ${seen[side].unit === 'quote' ? '' : (state.rules?.base ?? '')}`);
  }
  const list = $('#problems');
  list.hidden = !found.size;
  const lines = [...found].map(([text, side]) => (side ? `${t(`side.${side}.word`)}: ${text}` : text));
  if (lines.join('\n') !== list.dataset.text) {
    list.dataset.text = lines.join('\n');
    list.replaceChildren(...lines.map((text) => h('li', {}, icon('triangle-alert'), h('span', {}, text))));
  }
}

async function ask() {
  const mine = ++turn;
  askedAt = performance.now();
  $('#preview').classList.add('busy');
  const answers = await Promise.all(SIDES.map((side) => post('/api/trade/preview', order(side), { timeout: 6000 }).catch((error) => ({ problems: [error], failed: true }))));
  if (mine !== turn) return;
  seen = { buy: answers[0], sell: answers[1] };
  $('#preview').classList.remove('busy');
  draw();
}

function later() {
  clearTimeout(timer);
  turn += 1;
  if (missing().length || !state.rules) {
    seen = {};
    $('#preview').classList.remove('busy');
    return draw();
  }
  $('#preview').classList.add('busy');
  timer = setTimeout(ask, WAIT_MS);
  return undefined;
}

export function init() {
  on('ticket', later);
  on('place', () => { seen = {}; later(); });
  on('accounts', later);
  on('market', () => {
    if (missing().length || !state.rules || performance.now() - askedAt < AGAIN_MS) return;
    if (!seen.buy || !$$('#ticket input:focus').length) ask();
  });
  draw();
}
