// The horizontal lines of the shown instrument: last price, entry, liquidation, orders, take profit, stop loss.

import { coins } from '../ui/book_model.js';
import { abs } from '../core/decimal.js';
import { brief, money, percent, signed } from '../core/format.js';
import { t } from '../core/i18n.js';
import { mayTrade, positionHere, samePlace, state } from '../core/store.js';
import { cancelOrder, cancelTrigger } from '../panel/orders.js';

const size = (raw, at) => brief(abs(coins(raw, at, state.rules)), 6);

function positionLines() {
  if (state.place.market !== 'futures') return [];
  const lines = [];
  for (const position of positionHere()) {
    const word = t(Number(position.size) > 0 ? 'side.long' : 'side.short');
    if (position.entry_price) {
      const pnl = `${signed(position.unrealised_pnl, money)} (${percent(position.roe_pct, 1, true)})`;
      lines.push({ id: `entry${position.leg}`, price: Number(position.entry_price), kind: 'entry', label: `${word} ${brief(abs(position.coins ?? '0'), 6)}  ${pnl}` });
    }
    if (position.liq_price) lines.push({ id: `liq${position.leg}`, price: Number(position.liq_price), kind: 'liq', label: t('chart.liq'), pin: true });
  }
  return lines;
}

function orderLines() {
  return (state.orders ?? []).filter((order) => order.price && samePlace(order, state.place)).map((order) => {
    const label = `${t(`side.${order.side}.word`)} ${size(order.left, order.price)}`;
    return { id: `order${order.order_id}`, price: Number(order.price), kind: 'order', label, order, move: mayTrade(), cancel: mayTrade() ? () => cancelOrder(order) : null };
  });
}

/** A closing trigger beyond the entry on the winning side is a take profit, on the other a stop loss. */
export function triggerKind(trigger, positions) {
  if (!trigger.reduce_only && !trigger.close) return 'trigger';
  const long = trigger.side === 'sell';
  const known = positions.some((item) => Number(item.size) > 0 === long);
  if (!known) return 'trigger';
  return trigger.trigger.above === long ? 'tp' : 'sl';
}

function triggerLines() {
  const here = positionHere();
  return (state.triggers ?? []).filter((item) => samePlace(item, state.place)).map((item) => {
    const kind = triggerKind(item, here);
    return { id: `trigger${item.trigger_id}`, price: Number(item.trigger.price), kind, label: kind === 'trigger' ? t('type.trigger') : t(`chart.${kind}`), cancel: mayTrade() ? () => cancelTrigger(item) : null };
  });
}

export function currentLines() {
  const last = Number(state.ticker?.last);
  const lines = [...positionLines(), ...orderLines(), ...triggerLines()];
  return last ? [{ id: 'last', price: last, kind: 'last', label: '' }, ...lines] : lines;
}
