// Ties the controls of the ticket to its draft.

import { $, $$, setText } from '../core/dom.js';
import { add, cmp, div, fixed, fromInput, isNumber, mul, places, sign, snap } from '../core/decimal.js';
import { number } from '../core/format.js';
import { t } from '../core/i18n.js';
import { state } from '../core/store.js';
import { coins, spread } from '../ui/book_model.js';
import { change, draft } from './model.js';
import { lastPreview } from './preview.js';

const FIELDS = {
  price: { read: (item) => item.price, write: (value) => ({ price: value }) },
  size: { read: (item) => item.size, write: (value) => ({ size: value }) },
  'trigger-price': { read: (item) => item.trigger.price, write: (value) => ({ trigger: { ...draft().trigger, price: value } }) },
  'tp-price': { read: (item) => item.tp.price, write: (value) => ({ tp: { ...draft().tp, price: value } }) },
  'sl-price': { read: (item) => item.sl.price, write: (value) => ({ sl: { ...draft().sl, price: value } }) },
};

const noteOf = (id) => document.getElementById(`${id}-note`);

export function note(id, text, kind = '') {
  const node = noteOf(id);
  node.hidden = !text;
  node.dataset.kind = kind;
  setText(node, text);
  document.getElementById(id).setAttribute('aria-invalid', String(kind === 'bad'));
}

function typed(id, input) {
  const value = fromInput(input.value);
  const bad = input.value.trim() !== '' && (value === null || sign(value) < 0);
  note(id, bad ? t('ticket.not_a_number') : '', bad ? 'bad' : '');
  change(FIELDS[id].write(bad || value === null ? '' : value));
}

/** Off-grid numbers are moved on leaving the field, never while typing, and it says so. */
function settle(id, input) {
  const value = FIELDS[id].read(draft());
  const step = stepOf(id);
  if (!value || !step) return;
  const snapped = snap(value, step, id === 'size' ? 'down' : 'near');
  if (cmp(snapped, value) !== 0) {
    note(id, t(id === 'size' ? 'ticket.snapped_size' : 'ticket.snapped_price', { step: number(step) }));
    change(FIELDS[id].write(snapped));
  }
  input.value = plain(snapped);
}

function stepOf(id) {
  if (!state.rules) return null;
  if (id !== 'size') return state.rules.price_step;
  const { unit } = draft();
  if (unit === 'contracts') return state.rules.size_step;
  if (unit === 'percent') return '1';
  return unit === 'base' && state.rules.market === 'spot' ? state.rules.size_step : null;
}

const plain = (text) => text;

/** Writes the draft into the inputs, except into the one being typed in. */
export function fill() {
  const item = draft();
  for (const [id, part] of Object.entries(FIELDS)) {
    const input = document.getElementById(id);
    if (document.activeElement === input && fromInput(input.value) === (part.read(item) || null)) continue;
    const value = part.read(item);
    if (fromInput(input.value) !== (value || null)) input.value = plain(value);
  }
}

export function setPrice(price) {
  note('price', '');
  change({ price });
}

/** A book level: its price, and with the size also how much lies up to it. */
export function takeLevel({ price, size }) {
  const item = draft();
  const fields = { price };
  if (item.type === 'market') fields.type = 'limit';
  if (size) Object.assign(fields, state.place.market === 'futures' ? { unit: 'contracts', size } : { unit: 'base', size });
  note('price', '');
  change(fields);
}

function chip(kind) {
  const now = spread(state.book);
  if (!now) return;
  setPrice(kind === 'mid' ? snap(now.mid, state.rules.price_step, 'near') : now[kind]);
}

function stepPrice(count) {
  const step = state.rules?.price_step;
  const from = draft().price || state.ticker?.last;
  if (!step || !from) return;
  const next = add(snap(from, step, 'near'), mul(step, String(count)));
  if (sign(next) > 0) setPrice(next);
}

/** The same amount in another unit, from the last preview; without one the field is emptied rather than guessed. */
export function changeUnit(unit) {
  const item = draft();
  const seen = lastPreview('buy') ?? lastPreview('sell');
  let size = '';
  if (item.size && seen && isNumber(seen.size)) size = converted(unit, seen);
  note('size', '');
  change({ unit, size });
}

function converted(unit, seen) {
  const price = draft().price || state.ticker?.last;
  const contracts = seen.unit === 'quote' ? div(seen.size, price, places(state.rules.size_step)) : seen.size;
  if (unit === 'contracts') return contracts;
  if (unit === 'base') return coins(contracts, price, state.rules);
  if (unit === 'quote') return isNumber(seen.value) ? fixed(seen.value, 2) : '';
  if (unit === 'margin') return isNumber(seen.margin) ? fixed(seen.margin, 2) : '';
  return '';
}

export function setPercent(value) {
  note('size', '');
  change({ unit: 'percent', size: value > 0 ? String(value) : '' });
}

function bindKeys(input) {
  input.addEventListener('keydown', (event) => {
    const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (step && input.id === 'price') {
      event.preventDefault();
      stepPrice(step * (event.shiftKey ? 10 : 1));
    }
    if (event.key === 'Enter') event.preventDefault();
  });
}

export function bind() {
  for (const id of Object.keys(FIELDS)) {
    const input = document.getElementById(id);
    input.addEventListener('input', () => typed(id, input));
    input.addEventListener('blur', () => settle(id, input));
    bindKeys(input);
  }
  $('#ticket-form').addEventListener('submit', (event) => event.preventDefault());
  for (const node of $$('[data-step]')) node.addEventListener('click', () => stepPrice(Number(node.dataset.step.split(':')[1])));
  for (const node of $$('[data-price-chip]')) node.addEventListener('click', () => chip(node.dataset.priceChip));
  for (const node of $$('[data-percent]')) node.addEventListener('click', () => setPercent(Number(node.dataset.percent)));
  for (const node of $$('[data-type]')) node.addEventListener('click', () => change({ type: node.dataset.type }));
  for (const node of $$('[data-then]')) node.addEventListener('click', () => change({ then: node.dataset.then }));
  for (const node of $$('[data-leg]')) node.addEventListener('click', () => change({ leg: node.dataset.leg }));
  $('#percent').addEventListener('input', (event) => setPercent(Number(event.target.value)));
  $('#unit').addEventListener('change', (event) => changeUnit(event.target.value));
  $('#tif').addEventListener('change', (event) => change({ tif: event.target.value }));
  $('#reduce-only').addEventListener('change', (event) => change({ reduce_only: event.target.checked }));
  $('#post-only').addEventListener('change', (event) => change({ post_only: event.target.checked }));
  $('#with-protection').addEventListener('change', (event) => change({ protect: event.target.checked }));
  $('#trigger-source').addEventListener('change', (event) => change({ trigger: { ...draft().trigger, source: event.target.value } }));
  for (const leg of ['tp', 'sl']) $(`#${leg}-source`).addEventListener('change', (event) => change({ [leg]: { ...draft()[leg], source: event.target.value } }));
}
