// Sends the order: confirmation where asked for, a "sending" row at once, and the truth afterwards.

import { get, post, requestId } from '../core/api.js';
import { confirm, summary } from '../core/dialog.js';
import { $, $$, announce, h } from '../core/dom.js';
import { cmp, fromInput, isNumber } from '../core/decimal.js';
import { brief, money, percent, price, seconds } from '../core/format.js';
import { errorText, t } from '../core/i18n.js';
import { acknowledged } from '../core/link.js';
import { refreshSoon } from '../core/live.js';
import { rulesOf } from '../core/rules.js';
import { pref } from '../core/prefs.js';
import { age, emit, mayTrade, networkOf, stale, state } from '../core/store.js';
import { fail, toast } from '../core/toast.js';
import { coins } from '../ui/book_model.js';
import { draft, kind, missing, order, reducing, triggerOrder, used } from './model.js';
import { lastPreview } from './preview.js';

const BAD_SLIPPAGE = '1';
const CHECK_MS = 1500;
let busy = false;

/** Why this order needs a yes; empty means none. Closing is never held up by stale data. */
function reasons(preview) {
  const item = draft();
  const found = [];
  const slips = isNumber(preview?.slippage_pct) && cmp(preview.slippage_pct, BAD_SLIPPAGE) > 0;
  if (slips) found.push(t('confirm.slippage', { pct: percent(preview.slippage_pct) }));
  if (kind(item) === 'market' && pref('confirm_market')) found.push('');
  if (kind(item) === 'limit' && pref('confirm_limit')) found.push('');
  const limit = fromInput(pref('large_order'));
  if (limit && isNumber(preview?.value) && cmp(preview.value, limit) > 0) found.push(t('confirm.large', { limit: money(limit) }));
  if (stale() && !reducing(item)) found.push(t('confirm.stale', { age: seconds(age('market')) }));
  return found;
}

function lines(body, preview) {
  const item = draft();
  const rules = state.rules;
  const size = isNumber(preview?.size) ? (preview.unit === 'quote' ? money(preview.size, rules?.quote) : `${brief(coins(preview.size, item.price || state.ticker.last, rules), 8)} ${rules?.base}`) : `${item.size}`;
  return summary([
    [t('confirm.account'), state.accounts.find((one) => one.id === state.active)?.name ?? ''],
    [t('confirm.network'), t(`network.${networkOf()}`), networkOf() === 'live' ? 'bad' : ''],
    [t('confirm.instrument'), body.instrument],
    [t('confirm.type'), t(`type.${item.type}`)],
    item.type === 'trigger' && [t('ticket.trigger_price'), price(item.trigger.price, rules)],
    [t('ticket.price'), kind(item) === 'limit' ? price(item.price, rules) : isNumber(preview?.average) ? `≈ ${price(preview.average, rules)}` : t('type.market')],
    [t('ticket.size'), size],
    [t('preview.value'), money(preview?.value, rules?.quote)],
    isNumber(preview?.margin) && [t('preview.margin'), money(preview.margin)],
    [t('preview.fee'), money(preview?.fee)],
    isNumber(preview?.liq_after) && [t('preview.liq'), price(preview.liq_after, rules)],
  ]);
}

async function agreed(side, body, preview) {
  const why = reasons(preview);
  if (!why.length) return true;
  const label = $(`[data-side-label="${side}"]`, $('#submit-row')).textContent;
  const live = networkOf() === 'live' ? ` · ${t('network.live')}` : '';
  return confirm({
    title: `${label} · ${body.instrument}${live}`, kind: side, yes: label + live, testid: 'order-confirm',
    body: [lines(body, preview), ...why.filter(Boolean).map((text) => h('p', { class: 'note-box bad' }, text))],
  });
}

function lock(locked) {
  busy = locked;
  for (const node of $$('[data-submit]')) node.disabled = locked || !mayTrade();
  $('#ticket').setAttribute('aria-busy', String(locked));
}

function showError(text) {
  $('#ticket-error').hidden = !text;
  $('#ticket-error').textContent = text;
  if (text) $('#ticket-error').scrollIntoView({ block: 'nearest' });
}

/** A refusal of the ticket's own order, in the ticket, with the exchange's raw words. */
function inPlace(error) {
  showError([error.text, error.raw].filter(Boolean).join(' — '));
}

/** Ids of orders whose outcome this page has told already. */
export const reported = new Set();

/** What became of an intent, in a toast. */
export function report(intent) {
  if (intent.order_id && Number(intent.filled) > 0) reported.add(intent.order_id);
  const what = `${t(`side.${intent.side}.word`)} ${intent.instrument}`;
  const rules = rulesOf(intent);
  if (intent.state === 'VOID') toast('bad', t('result.void', { what }), intent.label ? errorText({ code: 'order_rejected', label: intent.label }) : '');
  else if (intent.state === 'UNKNOWN' || intent.state === 'HOLD') toast('warn', t('result.unknown', { what }), t('result.checking'));
  else if (isNumber(intent.filled) && Number(intent.filled) > 0) toast('good', t('result.filled', { what }), isNumber(intent.average) ? t('result.at', { price: rules ? price(intent.average, rules) : brief(intent.average, 8) }) : '');
  else toast('good', t(intent.state === 'DONE' ? 'result.done' : 'result.placed', { what }));
}

function keep(intent) {
  state.intents = [intent, ...(state.intents ?? []).filter((item) => item.id !== intent.id)];
  state.sending = state.sending.filter((item) => item.request_id !== intent.request_id);
  emit('account');
}

/** Asks until the outcome is proven. The order is never sent again from here. */
async function follow(id, requested) {
  for (;;) {
    await new Promise((resolve) => { setTimeout(resolve, CHECK_MS); });
    try {
      const intent = id ? await get(`/api/trade/${encodeURIComponent(id)}`) : (await get('/api/trade', { account: state.active, limit: 20 })).items.find((item) => item.request_id === requested);
      if (intent && !['SENDING', 'UNKNOWN'].includes(intent.state)) {
        keep(intent);
        report(intent);
        return;
      }
    } catch (error) {
      if (error.status === 404) return;
    }
  }
}

function failed(error, row, show) {
  if (error.code === 'outcome_unknown' || error.offline) {
    row.state = 'UNKNOWN';
    emit('account');
    toast('warn', t('result.unknown_order'), t('result.checking'));
    follow(error.params?.intent ?? error.params?.id, row.request_id);
    return;
  }
  state.sending = state.sending.filter((item) => item !== row);
  emit('account');
  show(error);
}

/** Sends `body` to `path` and follows it; used by every act that makes an order. `show` tells a refusal. True when accepted. */
export async function send(path, body, show = (error) => fail(t('result.refused'), error)) {
  const row = { ...body, request_id: requestId(), state: 'SENDING', planned_ms: Date.now() };
  state.sending = [row, ...state.sending];
  emit('account');
  announce(t('result.sending'));
  const began = performance.now();
  try {
    const answer = await post(path, { ...body, request_id: row.request_id }, { timeout: 20_000 });
    acknowledged(performance.now() - began);
    for (const intent of [answer.intent, ...(answer.protection ?? []), ...(answer.items ?? [])].filter(Boolean)) keep(intent);
    if (answer.intent) {
      report(answer.intent);
      if (answer.intent.state === 'UNKNOWN') follow(answer.intent.id, row.request_id);
    }
    state.sending = state.sending.filter((item) => item !== row);
    emit('account');
    return true;
  } catch (error) {
    failed(error, row, show);
    return false;
  } finally {
    refreshSoon();
  }
}

export async function submit(side) {
  if (busy || !mayTrade()) return;
  showError('');
  const lack = missing();
  if (lack.length) {
    $({ price: '#price', size: '#size', trigger_price: '#trigger-price' }[lack[0]]).focus();
    showError(t(`ticket.lack.${lack[0]}`));
    return;
  }
  const trigger = draft().type === 'trigger';
  const body = trigger ? triggerOrder(side) : order(side);
  const preview = lastPreview(side);
  if (!(await agreed(side, body, preview))) return;
  lock(true);
  const accepted = await send(trigger ? '/api/triggers' : '/api/trade', body, inPlace);
  lock(false);
  if (!accepted) return;
  used();
  document.dispatchEvent(new CustomEvent('ticket-sent'));
}

export function init() {
  for (const node of $$('[data-submit]')) node.addEventListener('click', () => submit(node.dataset.submit));
  lock(false);
}
