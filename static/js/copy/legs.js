// The contracts of one link: leader, target, owned, foreign, why it stands so, and what a person can do about it.

import { abs, isNumber, isZero } from '../core/decimal.js';
import { h, icon, svg } from '../core/dom.js';
import { brief, number, percent, NONE } from '../core/format.js';
import { t } from '../core/i18n.js';
import { mayTrade } from '../core/store.js';
import { amount, ageText, busyRows, coin, contracts, sideWord, usdt } from './words.js';

const ACTS = { fix: 'refresh-cw', adopt: 'check', ignore: 'minus', close: 'x', catch_up: 'zap', skip: 'minus' };

const fact = (name, value, sub = '') => h('div', {}, h('dt', { title: t(`copy.leg_help.${name}`) }, t(`copy.leg.${name}`)), h('dd', { class: 'num' }, value, sub && h('span', { class: 'sub' }, sub)));

const sized = (raw, row) => (isNumber(raw) ? `${amount(raw, row)}` : NONE);
const inContracts = (raw) => (isNumber(raw) && !isZero(raw) ? contracts(raw) : '');

/** How far the price may still go before the follower is liquidated, next to the leader's distance. */
function danger(row) {
  if (!isNumber(row.liq_price)) return null;
  const theirs = isNumber(row.leader_liq_pct) ? t('copy.leg.leader_liq', { distance: percent(row.leader_liq_pct, 1) }) : '';
  const own = isNumber(row.liq_pct) ? percent(row.liq_pct, 1) : NONE;
  const node = fact('liq', row.liq_near ? h('span', { class: 'near' }, icon('triangle-alert'), own) : own, [brief(row.liq_price, 6), theirs].filter(Boolean).join(' · '));
  Object.assign(node.dataset, { testid: 'leg-liq', level: row.liq_near ? 'bad' : '' });
  return node;
}

/** What stands on the follower: copied, yours, and where the target lies. */
function bar(row) {
  const size = (raw) => (isNumber(raw) ? Number(abs(raw)) : 0);
  const [owned, foreign, target] = [size(row.owned), size(row.foreign), size(row.target)];
  const whole = Math.max(owned + foreign, target);
  if (!whole) return null;
  const part = (kind, from, width) => svg('rect', { class: kind, x: String((from / whole) * 100), y: '0', width: String((width / whole) * 100), height: '8' });
  const mark = svg('rect', { class: 'target', x: String(Math.min(99, (target / whole) * 100)), y: '0', width: '1', height: '8' });
  return h('div', { class: 'own-bar', role: 'img', 'aria-label': t('copy.bar', { owned: number(String(row.owned ?? '0')), foreign: number(String(row.foreign ?? '0')), target: number(String(row.target ?? '0')) }) },
    svg('svg', { viewBox: '0 0 100 8', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, part('owned', 0, owned), part('foreign', owned, foreign), mark));
}

function button(name, item, row) {
  return h('button', { type: 'button', class: `button small ${name === 'close' ? 'danger' : name === 'catch_up' ? 'primary' : ''}`, disabled: !mayTrade(), title: t(`copy.leg_do.${name}_help`),
    data: { act: 'leg', link: item.id, leg: `${row.instrument}|${row.side}`, action: name, testid: `leg-${name}` } }, icon(ACTS[name]), h('span', {}, t(`copy.leg_do.${name}`)));
}

function why(row) {
  if (row.in_sync && !row.reason) return h('p', { class: 'copy-why', data: { level: 'ok' } }, icon('circle-check'), t('copy.sync.leg_ok'));
  const text = row.reason?.text ?? t('copy.sync.catching');
  return h('p', { class: 'copy-why', data: { level: row.reason?.human || row.status === 'blocked' ? 'bad' : 'warn', testid: 'leg-why' } }, icon(row.reason?.human ? 'triangle-alert' : 'info'), h('span', {}, text));
}

function card(item, row) {
  return h('section', { class: 'leg-card', data: { testid: `leg-${row.instrument}` }, 'aria-label': `${row.instrument} ${item.follower.name}` },
    h('header', { class: 'row' }, sideWord(row), h('b', {}, row.instrument), h('span', { class: 'muted' }, coin(row)), h('span', { class: 'spacer' }),
      row.pending && h('span', { class: 'tag' }, icon('loader-circle'), t('copy.in_flight'))),
    bar(row),
    h('dl', { class: 'leg-facts' },
      fact('leader', sized(row.leader, row), inContracts(row.leader)), fact('target', sized(row.target, row), inContracts(row.target)),
      fact('owned', sized(row.owned, row), inContracts(row.owned)), fact('foreign', sized(row.foreign, row), inContracts(row.foreign)),
      fact('drift', sized(row.drift, row), inContracts(row.drift)), fact('ratio', isNumber(row.k_eff) ? brief(row.k_eff, 4) : NONE, isNumber(row.k) && row.k !== row.k_eff ? t('copy.leg.wanted', { k: brief(row.k, 4) }) : ''),
      danger(row),
      fact('age', isNumber(row.leader_age_ms) ? ageText(Number(row.leader_age_ms)) : NONE),
      isNumber(row.value) ? fact('value', usdt(row.value)) : null),
    why(row),
    h('div', { class: 'actions' }, (row.actions ?? []).filter((name) => ACTS[name]).map((name) => button(name, item, row))));
}

export function legCards(item) {
  const rows = busyRows(item.id);
  if (!rows.length) return h('p', { class: 'empty' }, t('copy.no_contracts'));
  return h('div', { class: 'leg-cards' }, rows.map((row) => card(item, row)));
}
