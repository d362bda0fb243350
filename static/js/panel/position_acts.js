// Acts on a position: close, protect, reverse, leverage, margin. Closing is one sheet and never blocked.

import { post } from '../core/api.js';
import { confirm, field, form, open, summary } from '../core/dialog.js';
import { button, h, press } from '../core/dom.js';
import { abs, cmp, fromInput, mul, sign } from '../core/decimal.js';
import { brief, money, number, signed } from '../core/format.js';
import { t } from '../core/i18n.js';
import { refreshSoon } from '../core/live.js';
import { fail, toast } from '../core/toast.js';
import { state } from '../core/store.js';
import { askLeverage } from '../ticket/leverage.js';
import { send } from '../ticket/submit.js';
import { drawSide, priceOf } from './words.js';

const base = (row) => ({ account: state.active, settle: row.settle, instrument: row.instrument });
const withLeg = (row) => ({ ...base(row), leg: row.leg });

/** The input's number; empty is null, anything else unreadable is said in place. */
function read(input) {
  if (!input.value.trim()) return null;
  const value = fromInput(input.value);
  if (value === null) throw new Error(t('ticket.not_a_number'));
  return value;
}

const decimal = (name, props = {}) => h('input', { class: 'input num', name, inputmode: 'decimal', autocomplete: 'off', ...props });

function head(row) {
  const side = h('span');
  drawSide(side, row);
  return summary([[row.instrument, side], [t('col.size'), `${brief(abs(row.coins ?? row.size), 8)}`], [t('symbol.mark'), priceOf(row.mark_price, row)], [t('col.pnl'), signed(row.unrealised_pnl)]]);
}

/** The close sheet: one tap on a percentage closes at market, or at the price typed. */
export function askClose(row) {
  const price = decimal('price', { placeholder: priceOf(row.mark_price, row), 'data-testid': 'close-price' });
  const priceField = field(t('ticket.price'), price);
  priceField.hidden = true;
  let type = 'market';
  const types = ['market', 'limit'].map((name) => h('button', { type: 'button', 'aria-pressed': String(name === type), 'data-testid': `close-${name}`, onclick: (event) => { type = name; press(types, event.currentTarget); priceField.hidden = name === 'market'; if (name === 'limit') price.focus(); } }, t(`type.${name}`)));
  const error = h('p', { class: 'form-error', role: 'alert', hidden: true });
  return open({
    title: t('position.close_title', { name: row.instrument }), testid: 'close-sheet',
    body: [head(row), h('div', { class: 'segmented', role: 'group', 'aria-label': t('ticket.type') }, types), priceField, h('p', { class: 'hint' }, t('position.close_hint')), error],
    actions: (close) => [h('div', { class: 'close-percent' }, [25, 50, 75, 100].map((value) => button(`${value} %`, { class: sign(row.size) > 0 ? 'sell' : 'buy', 'data-testid': `close-${value}`, ...(value === 25 ? { 'data-focus': '' } : {}), onclick: () => {
      let at = null;
      try {
        at = type === 'limit' ? read(price) : null;
      } catch (problem) {
        error.textContent = problem.message;
      }
      if (type === 'limit' && !at) {
        error.textContent ||= t('ticket.lack.price');
        error.hidden = false;
        price.focus();
        return;
      }
      close(value);
      send('/api/positions/close', { ...withLeg(row), percent: String(value), type, ...(at ? { price: at } : {}) });
    } })))],
  });
}

export function protect(row) {
  const legs = ['take_profit', 'stop_loss'].map((name) => ({
    name, price: decimal(name, { 'data-testid': `protect-${name}` }),
    source: h('select', { class: 'select', 'aria-label': t('ticket.trigger_source') }, ['mark', 'last', 'index'].map((key) => h('option', { value: key }, t(`source.${key}`)))),
  }));
  const fields = legs.map(({ name, price, source }) => {
    const made = field(t(name === 'take_profit' ? 'ticket.tp' : 'ticket.sl'), h('div', { class: 'input-group' }, price, source));
    price.id = `protect-${name}`;
    made.querySelector('label').htmlFor = price.id;
    return made;
  });
  return form({
    title: t('position.protect_title', { name: row.instrument }), testid: 'protect-dialog', submit: t('position.protect'), fields: [head(row), ...fields, h('p', { class: 'hint' }, t('position.protect_hint'))],
    send: async () => {
      const body = { ...withLeg(row) };
      for (const { name, price, source } of legs) {
        const value = read(price);
        if (value) body[name] = { price: value, source: source.value };
      }
      if (!body.take_profit && !body.stop_loss) throw new Error(t('position.protect_none'));
      checkSides(row, body);
      if (!(await send('/api/positions/protect', body))) throw new Error(t('result.refused'));
      toast('good', t('position.protected', { name: row.instrument }));
    },
  });
}

/** A take profit lies on the winning side of mark, a stop on the losing one; the other way round it would fire at once. */
function checkSides(row, body) {
  const long = sign(row.size) > 0;
  const above = (leg) => cmp(leg.price, row.mark_price) > 0;
  if (body.take_profit && above(body.take_profit) !== long) throw new Error(t(long ? 'position.tp_above' : 'position.tp_below', { mark: priceOf(row.mark_price, row) }));
  if (body.stop_loss && above(body.stop_loss) === long) throw new Error(t(long ? 'position.sl_below' : 'position.sl_above', { mark: priceOf(row.mark_price, row) }));
}

/** Twice the size the other way, at market, after a yes. */
export async function reverse(row) {
  const side = sign(row.size) > 0 ? 'sell' : 'buy';
  const yes = await confirm({
    title: t('position.reverse_title', { name: row.instrument }), yes: t('position.reverse'), danger: true, testid: 'reverse-dialog',
    body: [head(row), h('p', {}, t('position.reverse_text', { side: t(`side.${side}.word`), size: number(mul(abs(row.size), '2')) }))],
  });
  if (!yes) return;
  await send('/api/trade', { ...base(row), market: 'futures', side, type: 'market', size: mul(abs(row.size), '2'), unit: 'contracts' });
}

export function changeLeverage(row) {
  return askLeverage({
    leverage: row.leverage, mode: row.margin_mode, most: row.leverage_max, hint: t('leverage.now'),
    send: async (values) => {
      await post('/api/positions/leverage', { ...base(row), ...values });
      toast('good', t('leverage.done', { name: row.instrument, leverage: values.leverage }));
      refreshSoon();
    },
  });
}

export function changeMargin(row) {
  const input = decimal('change', { 'data-testid': 'margin-change' });
  let way = '';
  const ways = [['', 'position.margin_add'], ['-', 'position.margin_remove']].map(([mark, key]) => h('button', { type: 'button', 'aria-pressed': String(mark === ''), onclick: (event) => { way = mark; press(ways, event.currentTarget); } }, t(key)));
  return form({
    title: t('position.margin_title'), testid: 'margin-dialog', submit: t('common.apply'),
    fields: [summary([[row.instrument, ''], [t('col.margin'), money(row.margin)], [t('col.liq'), priceOf(row.liq_price, row)]]), h('div', { class: 'segmented', role: 'group', 'aria-label': t('position.margin_title') }, ways), field(t('transfer.amount'), input)],
    send: async () => {
      const value = read(input);
      if (!value || sign(value) <= 0) throw new Error(t('ticket.lack.size'));
      await post('/api/positions/margin', { ...withLeg(row), change: way + value });
      refreshSoon();
    },
  });
}

/** Market close of every position given; one failure does not keep the others open. */
export async function closeAll(rows) {
  for (const row of rows) {
    try {
      await send('/api/positions/close', { ...withLeg(row), percent: '100', type: 'market' });
    } catch (error) {
      fail(row.instrument, error);
    }
  }
}
