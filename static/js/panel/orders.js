// Open orders and triggers: edit in place, cancel one, cancel all with the scope spelled out.

import { patch, post, remove } from '../core/api.js';
import { confirm, field, form } from '../core/dialog.js';
import { h } from '../core/dom.js';
import { cmp, fromInput, isNumber, isZero, sign, sub } from '../core/decimal.js';
import { number, percent } from '../core/format.js';
import { t } from '../core/i18n.js';
import { refreshSoon } from '../core/live.js';
import { placeFields, samePlace, state } from '../core/store.js';
import { fail, toast } from '../core/toast.js';
import { actions, createTable } from './table.js';
import { instrumentCell, priceOf, sizeOf, timeCell, triggerSentence, whatEmpty } from './words.js';

const where = (row) => ({ account: state.active, ...placeFields(row) });

export async function cancelOrder(row) {
  try {
    await remove(`/api/orders/${encodeURIComponent(row.order_id)}`, where(row));
    toast('good', t('orders.cancelled', { name: row.instrument }));
  } catch (error) {
    fail(t('orders.cancel_failed'), error);
  }
  refreshSoon();
}

export async function cancelTrigger(row) {
  try {
    await remove(`/api/triggers/${encodeURIComponent(row.trigger_id)}`, where(row));
    toast('good', t('triggers.cancelled', { name: row.instrument }));
  } catch (error) {
    fail(t('orders.cancel_failed'), error);
  }
  refreshSoon();
}

export function editOrder(row) {
  const make = (name, value) => h('input', { class: 'input num', name, inputmode: 'decimal', autocomplete: 'off', value, 'data-testid': `edit-${name}` });
  const price = make('price', row.price ?? '');
  const size = make('size', row.size);
  return form({
    title: t('orders.edit_title', { name: row.instrument }), testid: 'edit-order', submit: t('common.apply'),
    fields: [field(t('ticket.price'), price), field(row.market === 'spot' ? t('ticket.size') : t('orders.size_contracts'), size, t('orders.edit_hint'))],
    send: async () => {
      const body = where(row);
      for (const [name, input, before] of [['price', price, row.price], ['size', size, row.size]]) {
        const value = fromInput(input.value);
        if (!value || sign(value) <= 0) throw new Error(t('ticket.not_a_number'));
        if (cmp(value, before ?? '0') !== 0) body[name] = value;
      }
      if (!body.price && !body.size) return;
      await amend(row, body);
    },
  });
}

async function amend(row, body) {
  await patch(`/api/orders/${encodeURIComponent(row.order_id)}`, body);
  toast('good', t('orders.changed', { name: row.instrument }));
  refreshSoon();
}

/** The order at another price, as dragged on the chart. */
export async function movePrice(row, price) {
  try {
    await amend(row, { ...where(row), price });
  } catch (error) {
    fail(t('orders.change_failed'), error);
  }
}

/** Cancels every order of one contract, or of the account's market. */
export async function cancelAll(rows, here) {
  if (!rows.length) return;
  const name = state.accounts.find((item) => item.id === state.active)?.name ?? '';
  const markets = new Set(rows.map((row) => row.market));
  const scope = here ? state.place.instrument : t(`orders.all_${markets.size > 1 ? 'markets' : rows[0].market}`);
  const yes = await confirm({
    title: t('orders.cancel_all'), yes: t('orders.cancel_n', { n: rows.length }), danger: true, testid: 'cancel-all-dialog',
    body: [h('p', {}, t('orders.cancel_scope', { n: rows.length, account: name, scope }))],
  });
  if (yes) await cancelEach(rows, here);
}

/** One call per market and settle currency that has orders. */
export async function cancelEach(rows, here) {
  const groups = new Map(rows.map((row) => [`${row.market}|${row.settle ?? ''}`, row]));
  for (const row of groups.values()) {
    const body = { account: state.active, market: row.market };
    if (row.market === 'futures') body.settle = row.settle;
    if (here) body.instrument = state.place.instrument;
    try {
      const answer = await post('/api/orders/cancel_all', body);
      toast('good', t('orders.cancelled_n', { n: answer.items.length }));
    } catch (error) {
      fail(t('orders.cancel_failed'), error);
    }
  }
  refreshSoon();
}

function filledText(row) {
  if (row.sending || !isNumber(row.size) || isZero(row.size)) return '';
  const done = row.left === undefined ? row.filled : sub(row.size, row.left);
  return percent(String((Number(done) / Number(row.size)) * 100), 0);
}

const flags = (row) => [row.tif && row.tif !== 'gtc' ? t(`tif.${row.tif}_short`) : '', row.reduce_only ? t('ticket.reduce_only') : '', row.source && row.source !== 'manual' ? t(`source_of.${row.source}`) : ''].filter(Boolean).join(' · ');

const orderColumns = () => [
  instrumentCell(),
  { label: t('col.type'), kind: 'text', parts: (row) => [t(`type.${row.type}`), row.sending ? t(`state.${row.state}`) : flags(row)] },
  { label: t('ticket.price'), text: (row) => (row.price ? priceOf(row.price, row) : t('type.market')) },
  { label: t('col.size'), text: (row) => (row.sending ? `${number(row.size)} ${t(`unit.${row.unit}_short`)}` : sizeOf(row.size, row)) },
  { label: t('col.filled'), text: filledText },
  timeCell('created_ms'),
  { label: '', spoken: t('col.actions'), kind: 'act', build: (cell, current) => actions(cell, current, [
    [t('orders.edit'), editOrder, { testid: 'order-edit' }], [t('orders.cancel'), cancelOrder, { testid: 'order-cancel' }]]),
  update: (cell, row) => { cell.firstChild.hidden = Boolean(row.sending); } },
];

export function ordersTable() {
  const table = createTable({ columns: orderColumns(), caption: t('panel.orders'), testid: 'orders', empty: whatEmpty('empty.orders'), key: (row) => row.order_id || row.request_id, rowClass: (row) => (row.sending ? 'sending' : '') });
  const sending = () => state.sending.filter((row) => row.type).map((row) => ({ ...row, sending: true, created_ms: row.planned_ms, side: row.side ?? 'sell', market: row.market ?? 'futures' }));
  return { root: table.root, draw: (rows) => table.draw(rows && [...sending(), ...rows]) };
}

export function triggersTable() {
  const columns = [instrumentCell(), { label: t('col.rule'), kind: 'text wrap', text: triggerSentence }, timeCell('created_ms'),
    { label: '', spoken: t('col.actions'), kind: 'act', build: (cell, current) => actions(cell, current, [[t('orders.cancel'), cancelTrigger, { testid: 'trigger-cancel' }]]) }];
  return createTable({ columns, caption: t('panel.triggers'), testid: 'triggers', empty: whatEmpty('empty.triggers'), key: (row) => row.trigger_id });
}

export const ordersHere = (rows) => (rows ?? []).filter((row) => samePlace(row, state.place));
