// One tile per leader: money, what it holds, how fresh its news are, and the pause of everything that follows it.

import { get } from '../core/api.js';
import { isNumber, isZero } from '../core/decimal.js';
import { $, h, icon, redraw } from '../core/dom.js';
import { arrow, brief, money, signed, trend, NONE } from '../core/format.js';
import { t } from '../core/i18n.js';
import { mayTrade, on, state } from '../core/store.js';
import { accountOf, copy, leaderAge, leaders } from './data.js';
import { accountName, ageLevel, ageText, amount, coin, networkBadge, sideWord } from './words.js';

const EVERY_MS = 10_000;
const balances = new Map();
let askedAt = -EVERY_MS;

async function loadBalances() {
  if (state.view !== 'copy' || !copy.links.length || performance.now() - askedAt < EVERY_MS) return;
  askedAt = performance.now();
  for (const id of leaders()) {
    try {
      const answer = await get('/api/balance', { account: id });
      balances.set(id, answer.items[0]);
      draw();
    } catch {
      // The tile keeps its last figures; the feed's age tells that the account cannot be read.
    }
  }
}

function holdings(id) {
  const ids = new Set(copy.links.filter((item) => item.leader.id === id).map((item) => item.id));
  const found = new Map();
  for (const row of copy.sync) {
    if (ids.has(row.link_id) && isNumber(row.leader) && !isZero(row.leader)) found.set(`${row.instrument}|${row.side}`, row);
  }
  return [...found.values()];
}

const holding = (row) => h('li', {}, sideWord({ ...row, owned: row.leader }), h('b', {}, row.instrument), h('span', { class: 'num' }, `${amount(row.leader, row)} ${coin(row)}`));

const fact = (name, value, mark = '') => h('div', {}, h('dt', {}, name), h('dd', { class: `num ${mark}` }, value));

/** The settle currency's wallet of the leader. */
function wallet(id, settle) {
  return balances.get(id)?.futures?.find((item) => item.settle === settle) ?? null;
}

function tile(id) {
  const links = copy.links.filter((item) => item.leader.id === id);
  const [first] = links;
  const money_ = wallet(id, first.settle);
  const ages = links.map(leaderAge).filter((ms) => ms !== null);
  const age = ages.length ? Math.min(...ages) : null;
  const live = links.some((item) => item.leader_live);
  const rows = holdings(id);
  const active = links.filter((item) => item.state === 'on').length;
  return h('article', { class: 'card copy-leader', data: { testid: `leader-${id}` }, 'aria-label': t('copy.leader_of', { name: first.leader.name }) },
    h('header', { class: 'row' }, h('span', { class: 'tag' }, t('copy.leader')), accountName(first.leader), networkBadge(id),
      h('span', { class: 'state', data: { level: live ? ageLevel(age) : 'bad' } }, icon(live ? 'wifi' : 'wifi-off'), h('span', { class: 'num' }, live ? t('copy.heard', { age: ageText(age) }) : t('copy.sync.blind'))),
      h('span', { class: 'spacer' }),
      active > 0 && h('button', { type: 'button', class: 'button small', disabled: !mayTrade(), data: { act: 'pause-leader', account: id, testid: 'pause-leader' } }, icon('pause'), h('span', {}, t('copy.pause_n', { n: active })))),
    h('dl', { class: 'copy-facts' },
      fact(t('copy.equity'), money_ ? money(money_.total, money_.currency) : NONE),
      fact(t('col.pnl'), money_ ? `${arrow(money_.unrealised_pnl)} ${signed(money_.unrealised_pnl)}` : NONE, money_ ? trend(money_.unrealised_pnl) : ''),
      fact(t('copy.used_margin'), money_ ? money(money_.position_margin) : NONE),
      fact(t('copy.followers'), brief(String(links.length), 0))),
    rows.length ? h('ul', { class: 'copy-holdings' }, rows.map(holding)) : h('p', { class: 'hint' }, t('copy.leader_flat')));
}

export function draw() {
  if (state.view !== 'copy') return;
  const ids = leaders().filter((id) => accountOf(id) || copy.links.some((item) => item.leader.id === id));
  redraw($('#copy-leaders'), ...ids.map(tile));
}

export function init() {
  on('copy', () => { draw(); loadBalances(); });
  on('view', () => { askedAt = -EVERY_MS; draw(); loadBalances(); });
  on('time', () => { draw(); loadBalances(); });
}
