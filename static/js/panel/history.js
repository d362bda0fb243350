// Past things: fills, closed positions, and the journal of every order mTrade decided to send.

import { post } from '../core/api.js';
import { field, form } from '../core/dialog.js';
import { h, icon, redraw } from '../core/dom.js';
import { arrow, brief, money, signed, trend, NONE } from '../core/format.js';
import { isNumber, isZero } from '../core/decimal.js';
import { t } from '../core/i18n.js';
import { refreshSoon } from '../core/live.js';
import { isOwner } from '../core/store.js';
import { createTable, actions } from './table.js';
import { instrumentCell, labelText, priceOf, sizeOf, timeCell, triggerSentence, whatEmpty } from './words.js';

export function fillsTable() {
  const columns = [timeCell('time_ms'), instrumentCell(), { label: t('ticket.price'), text: (row) => priceOf(row.price, row) }, { label: t('col.size'), text: (row) => sizeOf(row.size, row) },
    { label: t('preview.fee'), text: (row) => `${brief(row.fee, 8)} ${row.fee_currency}` }, { label: t('col.role'), text: (row) => t(`role.${row.role}`) }];
  return createTable({ columns, caption: t('panel.fills'), testid: 'fills', empty: whatEmpty('empty.fills'), key: (row) => `${row.trade_id}|${row.order_id}` });
}

export function closedTable() {
  const columns = [timeCell('time_ms'), instrumentCell(), { label: t('col.size'), text: (row) => sizeOf(row.max_size, row) }, { label: t('col.entry'), text: (row) => priceOf(row.entry_price, row) }, { label: t('col.exit'), text: (row) => priceOf(row.exit_price, row) },
    { label: t('col.pnl'), parts: (row) => [`${arrow(row.pnl)} ${signed(row.pnl)}`, t('closed.split', { price: signed(row.pnl_price), fee: signed(row.pnl_fee), funding: signed(row.pnl_funding) }), trend(row.pnl)] }];
  const table = createTable({ columns, caption: t('panel.closed'), testid: 'closed', empty: whatEmpty('empty.closed'), key: (row) => `${row.instrument}|${row.time_ms}|${row.side}` });
  return { root: table.root, draw: (rows) => table.draw(rows?.map((row) => ({ ...row, market: 'futures', long_short: true }))) };
}

const STATE_ICON = { SENDING: 'loader-circle', OPEN: 'activity', UNKNOWN: 'loader-circle', HOLD: 'circle-alert', DONE: 'circle-check', VOID: 'circle-x' };

function stateCell(cell, row) {
  if (cell.dataset.state === row.state && cell.dataset.label2 === (row.label ?? '')) return;
  Object.assign(cell.dataset, { state: row.state, label2: row.label ?? '' });
  const turning = ['SENDING', 'UNKNOWN'].includes(row.state);
  cell.replaceChildren(h('span', { class: 'state', 'data-state': row.state }, icon(STATE_ICON[row.state] ?? 'info', turning ? 'spin' : ''), t(`state.${row.state}`)), h('span', { class: 'sub' }, labelText(row.label)));
}

function what(row) {
  if (row.trigger) return triggerSentence(row);
  const size = row.close ? t('trigger.close_all') : sizeOf(row.size, row);
  return `${t(`type.${row.type}`)} ${size}${row.price ? ` @ ${priceOf(row.price, row)}` : ''}`;
}

/** An order on HOLD is closed by a person, with a reason, as never having happened. */
function resolve(row) {
  const reason = h('input', { class: 'input', name: 'reason', autocomplete: 'off', maxlength: '200' });
  return form({
    title: t('journal.resolve_title'), testid: 'resolve-dialog', danger: true, submit: t('journal.resolve'), fields: [h('p', {}, t('journal.resolve_text')), h('p', { class: 'muted' }, row.evidence || ''), field(t('journal.reason'), reason)],
    send: async () => { await post(`/api/trade/${encodeURIComponent(row.id)}/resolve`, { reason: reason.value.trim() }); refreshSoon(); },
  });
}

export function journalTable() {
  const columns = [timeCell('planned_ms'), instrumentCell(), { label: t('col.order'), kind: 'text wrap', text: what },
    { label: t('col.filled'), parts: (row) => [isNumber(row.filled) && Number(row.filled) > 0 ? sizeOf(row.filled, row) : NONE, isNumber(row.average) ? `@ ${priceOf(row.average, row)}` : ''] },
    { label: t('col.state'), kind: 'text', update: stateCell },
    { label: '', spoken: t('col.actions'), kind: 'act', build: (cell, current) => actions(cell, current, [[t('journal.resolve'), resolve, { testid: 'journal-resolve' }]]), update: (cell, row) => { cell.firstChild.hidden = !(row.state === 'HOLD' && isOwner()); } }];
  return createTable({ columns, caption: t('panel.journal'), testid: 'journal', empty: whatEmpty('empty.journal'), key: (row) => String(row.id) });
}

/** What each currency holds and is worth; `onTransfer(currency)` moves money between wallets. */
export function balancesView(onTransfer) {
  const root = h('div', { class: 'balances', 'data-testid': 'balances' });
  const heads = (...names) => h('thead', {}, h('tr', {}, names.map((name, index) => h('th', { class: index ? '' : 'text', scope: 'col' }, name))));
  let shown = '';
  const spotRow = (row) => h('tr', {}, h('td', { class: 'text' }, h('b', {}, row.currency)), h('td', {}, brief(row.available, 8)), h('td', {}, brief(row.locked, 8)), h('td', {}, row.value_usdt ? money(row.value_usdt) : NONE));
  const wallet = (row) => h('dl', { class: 'summary' }, [['col.total', row.total], ['ticket.available', row.available], ['col.pnl', row.unrealised_pnl], ['balance.order_margin', row.order_margin], ['balance.position_margin', row.position_margin], ['balance.maintenance', row.maintenance_margin]].map(([key, value]) => h('div', {}, h('dt', {}, t(key)), h('dd', { class: 'num' }, key === 'col.pnl' ? signed(value) : money(value)))));
  function draw(balance) {
    const now = JSON.stringify([balance?.spot, balance?.futures, balance?.total_usdt]);
    if (now === shown) return;
    shown = now;
    if (!balance) return redraw(root, h('p', { class: 'empty' }, t('common.loading')));
    const button = h('button', { type: 'button', class: 'button small', 'data-testid': 'transfer-open', onclick: () => onTransfer('USDT') }, icon('arrow-left-right'), h('span', {}, t('transfer.title')));
    const total = h('div', { class: 'balance-total' }, h('h3', {}, t('balance.total')), h('p', { class: 'num', 'data-testid': 'balance-total' }, h('b', {}, money(balance.total_usdt, 'USDT'))), button);
    const spot = h('div', {}, h('h3', {}, t('balance.spot')), balance.spot.length ? h('table', { class: 'grid-table' }, heads(t('balance.currency'), t('ticket.available'), t('balance.locked'), '≈ USDT'), h('tbody', {}, balance.spot.map(spotRow))) : h('p', { class: 'muted' }, t('empty.balance')));
    return redraw(root, total, spot, ...balance.futures.filter((row) => row.settle === 'usdt' || !isZero(row.total)).map((row) => h('div', {}, h('h3', {}, t('balance.futures', { currency: row.currency })), wallet(row))));
  }
  return { root, draw };
}
