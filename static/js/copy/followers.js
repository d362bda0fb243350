// The table of followers: one row per link, on a phone one card; below an opened row its contracts.

import { isNumber, isZero } from '../core/decimal.js';
import { $, h, icon, redraw, setText } from '../core/dom.js';
import { arrow, brief, number, signed, trend, NONE } from '../core/format.js';
import { t } from '../core/i18n.js';
import { mayTrade, on, state } from '../core/store.js';
import { copy, leaderAge, leaders } from './data.js';
import { legCards } from './legs.js';
import { accountName, ageLevel, ageText, amount, bps, busyRows, coin, driftPercent, headRow, networkBadge, share, stateBadge, syncLine, syncOf } from './words.js';

const opened = new Set();
const COLUMNS = ['account', 'state', 'sync', 'target', 'drift', 'age', 'lag', 'gap', 'pnl', 'skipped'];

function cell(name, kind, ...parts) {
  return h('td', { class: kind, 'data-label': t(`copy.col.${name}`), data: { cell: name } }, ...parts);
}

function target(item) {
  const row = headRow(item.id);
  if (!row) return cell('target', 'num', NONE);
  const others = busyRows(item.id).length - 1;
  return cell('target', 'num', h('span', {}, `${amount(row.target, row)} → ${amount(row.owned, row)} ${coin(row)}`),
    h('span', { class: 'sub' }, others > 0 ? t('copy.and_more', { name: row.instrument, n: others }) : row.instrument));
}

function drift(item) {
  const row = headRow(item.id);
  if (!row) return cell('drift', 'num', NONE);
  const away = driftPercent(row);
  return cell('drift', 'num', h('span', { class: isZero(away) ? '' : 'warn' }, share(away)), !isZero(away) && h('span', { class: 'sub' }, t('copy.contracts', { size: amountOf(row) })));
}

const amountOf = (row) => number(row.drift);

function pnl(item) {
  const shown = isNumber(item.pnl) ? `${arrow(item.pnl)} ${signed(item.pnl)}`.trim() : NONE;
  return cell('pnl', `num ${trend(item.pnl)}`, item.state === 'shadow' && isNumber(item.pnl) ? `(${shown})` : shown);
}

function skipped(item) {
  const { skipped: none = 0, clipped = 0, failed = 0 } = item.counts ?? {};
  const rest = [['clipped', clipped], ['failed', failed]].filter(([, n]) => n).map(([name, n]) => `${t(`copy.act.${name}`)} ${n}`).join(' · ');
  return cell('skipped', 'num', h('button', { type: 'button', class: 'link-button num', 'aria-label': t('copy.show_skipped', { n: none, name: item.follower.name }), data: { act: 'show-skipped', link: item.id } }, String(none)), rest && h('span', { class: 'sub' }, rest));
}

const tool = (name, symbol, item, props = {}) => h('button', { type: 'button', class: 'icon-button small', 'aria-label': t(`copy.do.${name}`, { name: item.follower.name }), title: t(`copy.do.${name}`, { name: item.follower.name }), data: { act: name, link: item.id, testid: `link-${name}` }, ...props }, icon(symbol));

function tools(item) {
  const list = [];
  const locked = { disabled: !mayTrade() };
  if (item.state === 'on') list.push(tool('pause', 'pause', item, locked));
  else if (!item.leaving) list.push(tool(item.state === 'off' ? 'watch' : 'arm', item.state === 'off' ? 'eye' : 'play', item, locked));
  list.push(tool('settings', 'settings', item), tool('more', 'ellipsis', item));
  const open = opened.has(item.id);
  list.push(h('button', { type: 'button', class: 'icon-button small', 'aria-expanded': String(open), 'aria-controls': `legs-${item.id}`, 'aria-label': t('copy.do.contracts', { name: item.follower.name }), data: { act: 'open', link: item.id, testid: 'link-open' } }, icon(open ? 'chevron-up' : 'chevron-down')));
  return cell('tools', 'act', h('div', { class: 'actions' }, list));
}

function row(item) {
  const age = leaderAge(item);
  return h('tr', { data: { link: item.id, testid: `follower-${item.id}` } },
    cell('account', 'text lead', h('div', { class: 'row' }, accountName(item.follower), networkBadge(item.follower.id), item.transport === 'rest' && h('span', { class: 'tag', title: t('copy.rest_hint') }, 'REST')),
      h('span', { class: 'sub' }, [item.name, leaders().length > 1 && `← ${item.leader.name}`, item.leaving && t('copy.leaving')].filter(Boolean).join(' · '))),
    cell('state', 'text', stateBadge(item.state)),
    cell('sync', 'text wrap sync-cell', syncLine(syncOf(item)), ...(item.warnings ?? []).map((one) => h('span', { class: 'sub warn' }, one.text))),
    target(item), drift(item),
    cell('age', 'num', h('span', { class: ageLevel(age) === 'ok' ? '' : ageLevel(age) }, ageText(age))),
    cell('lag', 'num', isNumber(item.lag_ms) ? t('copy.ms', { n: brief(item.lag_ms, 0) }) : NONE),
    cell('gap', 'num', isNumber(item.gap_bps) ? t('copy.bps', { n: bps(item.gap_bps) }) : NONE),
    pnl(item), skipped(item), tools(item));
}

function body(item) {
  const open = opened.has(item.id);
  return h('tbody', { class: open ? 'open' : '' }, row(item),
    h('tr', { class: 'detail', id: `legs-${item.id}`, hidden: !open }, h('td', { colspan: '11' }, open ? legCards(item) : '')));
}

function summary() {
  const count = (test) => copy.links.filter(test).length;
  const parts = [['on', (item) => item.state === 'on'], ['shadow', (item) => item.state === 'shadow'], ['close_only', (item) => item.state === 'close_only'], ['tripped', (item) => item.state === 'tripped'], ['hands_off', (item) => item.state === 'hands_off']];
  return parts.map(([name, test]) => [name, count(test)]).filter(([, n]) => n).map(([name, n]) => `${t(`copy.state.${name}`)} ${n}`).join(' · ');
}

export function draw() {
  if (state.view !== 'copy') return;
  setText($('#copy-count'), summary());
  const table = $('#copy-table');
  redraw(table, table.querySelector('caption').cloneNode(true), head(), ...copy.links.map(body));
}

const head = () => h('thead', {}, h('tr', {}, COLUMNS.map((name) => h('th', { scope: 'col', class: ['account', 'state', 'sync'].includes(name) ? 'text' : '', title: t(`copy.col_help.${name}`) }, t(`copy.col.${name}`))), h('th', { scope: 'col' }, h('span', { class: 'visually-hidden' }, t('col.actions')))));

export function toggle(id) {
  if (!opened.delete(id)) opened.add(id);
  draw();
}

export function init() {
  for (const topic of ['copy', 'view', 'time']) on(topic, draw);
}
