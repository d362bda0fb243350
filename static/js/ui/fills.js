// Rings for own fills that the stream brings, whoever placed the order. What this page has just reported is not said twice.

import { abs, add } from '../core/decimal.js';
import { t } from '../core/i18n.js';
import { on, state } from '../core/store.js';
import { toast } from '../core/toast.js';
import { priceOf, sizeOf } from '../panel/words.js';
import { reported } from '../ticket/submit.js';
import { play } from './sounds.js';

const PATIENCE_MS = 900;

let known = null;
let whose = null;
const waiting = new Map();

/** One sentence for all fills of an order, after this page had the time to report its own. */
function say(orderId) {
  const fills = waiting.get(orderId);
  waiting.delete(orderId);
  if (reported.has(orderId)) return;
  const size = fills.reduce((sum, fill) => add(sum, abs(fill.size)), '0');
  toast('good', t('result.filled', { what: `${t(`side.${fills[0].side}.word`)} ${fills[0].instrument}` }), t('fills.line', { size: sizeOf(size, fills[0]), price: priceOf(fills[0].price, fills[0]) }));
}

function draw() {
  if (state.active !== whose) [known, whose] = [null, state.active];
  if (!state.fills) return;
  const fresh = known ? state.fills.filter((fill) => !known.has(fill.trade_id)) : [];
  known = new Set([...(known ?? []), ...state.fills.map((fill) => fill.trade_id)]);
  for (const fill of fresh) {
    if (!waiting.has(fill.order_id)) setTimeout(() => say(fill.order_id), PATIENCE_MS);
    waiting.set(fill.order_id, [...(waiting.get(fill.order_id) ?? []), fill]);
  }
  if (fresh.length) play('fill');
}

export function init() {
  on('account', draw);
}
