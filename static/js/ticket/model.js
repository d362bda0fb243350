// What the user is about to order. One draft per account and instrument, so switching never mixes them.

import { cmp, isNumber, sign } from '../core/decimal.js';
import { pref, setPref } from '../core/prefs.js';
import { emit, hedge, isFutures, placeFields, positionHere, state } from '../core/store.js';

const KEPT = ['type', 'unit', 'leverage', 'margin_mode', 'tif'];
const MOST_KEPT = 40;
const drafts = new Map();

const keyOf = () => [state.active, state.place.market, state.place.settle, state.place.instrument].join('|');

function fresh() {
  const position = isFutures() ? positionHere()[0] : null;
  const kept = pref('tickets')[keyOf()] ?? {};
  return {
    type: 'limit', then: 'market', price: '', size: '', unit: isFutures() ? 'quote' : 'base', reduce_only: false, post_only: false,
    tif: 'gtc', protect: false, tp: { price: '', source: 'mark' }, sl: { price: '', source: 'mark' },
    trigger: { price: '', source: 'last' }, leg: 'open', leverage: position?.leverage ?? '10', margin_mode: position?.margin_mode ?? 'isolated', ...kept,
  };
}

/** The draft on screen; made when first asked for. */
export function draft() {
  const key = keyOf();
  if (!drafts.has(key)) drafts.set(key, fresh());
  return drafts.get(key);
}

export function change(fields) {
  const current = draft();
  Object.assign(current, fields);
  if (KEPT.some((name) => name in fields)) {
    const kept = Object.fromEntries(KEPT.map((name) => [name, current[name]]));
    const others = Object.entries(pref('tickets')).filter(([key]) => key !== keyOf());
    setPref('tickets', Object.fromEntries([...others.slice(1 - MOST_KEPT), [keyOf(), kept]]));
  }
  emit('ticket');
}

export const reducing = (item = draft()) => isFutures() && (hedge() ? item.leg === 'close' : item.reduce_only);

/** Limit or market, once a trigger has fired. */
export const kind = (item = draft()) => (item.type === 'trigger' ? item.then : item.type);

/** Field names that still lack a usable number. */
export function missing(item = draft()) {
  const wants = { size: item.size };
  if (kind(item) === 'limit') wants.price = item.price;
  if (item.type === 'trigger') wants.trigger_price = item.trigger.price;
  return Object.keys(wants).filter((name) => !isNumber(wants[name]) || sign(wants[name]) <= 0);
}

const leg = ({ price, source }) => (isNumber(price) && sign(price) > 0 ? { price, source: isFutures() ? source : 'last' } : null);

/** The body of an order for `side`, without `request_id`. */
export function order(side, item = draft()) {
  const body = { account: state.active, ...placeFields(), side, type: kind(item), size: item.size, unit: item.unit };
  if (kind(item) === 'limit') {
    body.price = item.price;
    body.tif = item.post_only ? 'poc' : item.tif;
  }
  if (!isFutures()) return body;
  if (reducing(item)) return { ...body, reduce_only: true };
  return withProtection({ ...body, leverage: item.leverage, margin_mode: item.margin_mode }, item);
}

function withProtection(body, item) {
  if (!item.protect || item.type === 'trigger') return body;
  const [take, stop] = [leg(item.tp), leg(item.sl)];
  if (take) body.take_profit = take;
  if (stop) body.stop_loss = stop;
  return body;
}

/** The body of a conditional order; it fires upward when its price is above the watched one now. */
export function triggerOrder(side, item = draft()) {
  const watched = (item.trigger.source === 'last' ? state.ticker?.last : state.ticker?.[item.trigger.source]) ?? state.ticker?.last ?? '0';
  const { leverage, margin_mode: mode, tif, ...body } = order(side, item);
  return { ...body, trigger: { price: item.trigger.price, above: cmp(item.trigger.price, watched) > 0, source: isFutures() ? item.trigger.source : 'last' } };
}

/** After an order went out the amount is empty again, the habits stay. */
export function used() {
  change({ size: '', tp: { ...draft().tp, price: '' }, sl: { ...draft().sl, price: '' }, protect: false });
}
