// Words, badges and figures that several parts of the copy page share.

import { abs, div, isNumber, isZero, mul, sign } from '../core/decimal.js';
import { h, icon } from '../core/dom.js';
import { brief, money, number, percent, seconds, NONE } from '../core/format.js';
import { t } from '../core/i18n.js';
import { rulesOf } from '../core/rules.js';
import { accountOf, rowsOf } from './data.js';

export const STATE_ICONS = { off: 'minus', shadow: 'eye', on: 'play', close_only: 'pause', hands_off: 'hand', tripped: 'triangle-alert' };
export const ACT_ICONS = { seen: 'eye', copied: 'circle-check', clipped: 'scale', skipped: 'minus', failed: 'circle-x', delayed: 'loader-circle', episode: 'check', state: 'repeat-2', hand: 'hand', alert: 'triangle-alert', shadow: 'eye' };
const SLOW_MS = 5000;
const LOST_MS = 15_000;

/** The state as icon and word; what it means as its title. */
export function stateBadge(state) {
  return h('span', { class: 'copy-state', title: t(`copy.state_help.${state}`), data: { state, testid: 'link-state' } }, icon(STATE_ICONS[state]), h('span', {}, t(`copy.state.${state}`)));
}

/** An account's stripe and name; `id` says which when it is no longer there. */
export function accountName({ id, name }) {
  const stripe = h('span', { class: 'stripe', 'aria-hidden': 'true' });
  stripe.style.background = accountOf(id)?.colour || '';
  return h('span', { class: 'copy-account' }, stripe, h('b', {}, name || id));
}

export const networkBadge = (id) => { const network = id.split(':')[0]; return h('span', { class: 'badge', data: { network } }, t(`network.${network}`)); };

/** Contracts as coins when the contract's rules are known. */
export function amount(raw, row, plus = false) {
  if (!isNumber(raw)) return NONE;
  const rules = rulesOf({ market: 'futures', settle: row.settle || 'usdt', instrument: row.instrument });
  const size = rules && !rules.inverse ? mul(raw, rules.multiplier) : raw;
  const head = sign(size) < 0 ? '\u2212' : plus && sign(size) > 0 ? '+' : '';
  return head + brief(abs(size), 8);
}

export function coin(row) {
  const rules = rulesOf({ market: 'futures', settle: row.settle || 'usdt', instrument: row.instrument });
  return rules && !rules.inverse ? rules.base : t('unit.contracts_short');
}

export const contracts = (raw) => (isNumber(raw) ? t('unit.n_contracts', { n: Number(abs(raw)), size: number(raw) }) : NONE);

/** How far away the follower is, as a share of the larger side. */
export function driftPercent(row) {
  if (!isNumber(row.drift) || isZero(row.drift)) return '0';
  const whole = Number(abs(row.target)) > Number(abs(row.owned)) ? abs(row.target) : abs(row.owned);
  return isZero(whole) ? '100' : mul(div(abs(row.drift), whole, 6) ?? '1', '100');
}

export const busyRows = (id) => rowsOf(id).filter((row) => ['leader', 'target', 'owned', 'foreign', 'pending'].some((name) => isNumber(row[name]) && !isZero(row[name])) || row.reason);

/** The leg a row of the follower table tells about: the one furthest from its target, else the largest. */
export function headRow(id) {
  const weight = (row) => [row.in_sync ? 0 : 1, Number(driftPercent(row)), Number(abs(row.target ?? '0'))];
  return busyRows(id).sort((a, b) => { const [x, y] = [weight(b), weight(a)]; return x[0] - y[0] || x[1] - y[1] || x[2] - y[2]; })[0] ?? null;
}

/** `{level, text}`: one sentence about how a link stands. */
export function syncOf(item) {
  if (item.state === 'off') return { level: 'idle', text: t('copy.sync.off') };
  if (item.reason?.text && item.state !== 'on') return { level: item.state === 'shadow' ? 'idle' : 'warn', text: item.reason.text };
  if (item.state !== 'shadow' && !item.leader_live) return { level: 'bad', text: item.reason?.text || t('copy.sync.blind') };
  const rows = busyRows(item.id);
  const near = rows.find((row) => row.liq_near);
  if (near) return { level: 'bad', text: t('copy.sync.liq', { name: near.instrument, distance: percent(near.liq_pct, 1) }) };
  if (!rows.length) return { level: 'ok', text: t(item.state === 'shadow' ? 'copy.sync.watching' : 'copy.sync.flat') };
  const off = rows.filter((row) => !row.in_sync);
  if (!off.length) return { level: 'ok', text: t('copy.sync.ok', { n: rows.length }) };
  const first = off.find((row) => row.reason?.human) ?? off[0];
  const more = off.length > 1 ? ` ${t('copy.sync.more', { n: off.length - 1 })}` : '';
  const level = first.reason?.human || first.status === 'blocked' ? 'bad' : first.reason && first.reason.code !== 'SHADOW' ? 'warn' : item.state === 'shadow' ? 'idle' : 'busy';
  return { level, text: `${first.instrument}: ${first.reason?.text || t('copy.sync.catching')}${more}` };
}

const SYNC_ICONS = { ok: 'circle-check', busy: 'refresh-cw', warn: 'circle-alert', bad: 'triangle-alert', idle: 'eye' };
export const syncLine = ({ level, text }) => h('span', { class: 'copy-sync', data: { level, testid: 'sync' } }, icon(SYNC_ICONS[level]), h('span', {}, text));

export function ageText(ms) {
  return ms === null ? NONE : seconds(Math.max(0, ms));
}

export const ageLevel = (ms) => (ms === null || ms > LOST_MS ? 'bad' : ms > SLOW_MS ? 'warn' : 'ok');
export const bps = (raw) => (isNumber(raw) ? `${sign(raw) > 0 ? '+' : ''}${brief(raw, 1)}` : NONE);
export const usdt = (raw) => money(raw, 'USDT');
export const share = (raw) => percent(raw, Number(raw) < 10 && Number(raw) !== 0 ? 1 : 0);

export function sideWord(row) {
  const up = row.side === 'dual_long' || (row.side !== 'dual_short' && sign(row.leader && !isZero(row.leader) ? row.leader : row.owned ?? '0') >= 0);
  return h('span', { class: `side ${up ? 'up' : 'down'}` }, icon(up ? 'arrow-up-right' : 'arrow-down-right'), t(up ? 'side.long' : 'side.short'));
}

/** An order in words: `buy 3 contracts at 60,000 ≈ 18 USDT`. */
export function orderWords(row) {
  if (!row.order) return h('span', { class: 'muted' }, t('copy.order.nothing'));
  const { side, size, price, value, reduce_only: reduce } = row.order;
  const up = side === 'buy';
  return h('span', { class: 'copy-order' },
    h('b', { class: up ? 'up' : 'down' }, icon(up ? 'arrow-up-right' : 'arrow-down-right'), `${t(`side.${side}.word`)} ${amount(size, row)} ${coin(row)}`),
    h('span', { class: 'num' }, `${contracts(size)}${isNumber(price) && !isZero(price) ? ` · ${t('copy.order.limit', { price: brief(price, 6) })}` : ''}${isNumber(value) ? ` · ≈ ${usdt(value)}` : ''}${reduce ? ` · ${t('copy.order.reduce')}` : ''}`));
}
