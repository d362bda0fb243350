// Under the ticket of a leader: what each follower would do with this order.

import { get } from '../core/api.js';
import { isNumber, isZero } from '../core/decimal.js';
import { $, h, redraw } from '../core/dom.js';
import { t } from '../core/i18n.js';
import { isFutures, on, state } from '../core/store.js';
import { lastPreview } from '../ticket/preview.js';
import { copy } from './data.js';
import { amount, coin } from './words.js';

const WAIT_MS = 450;
const AGAIN_MS = 3000;
const FEW = 3;
const SIDES = ['buy', 'sell'];
const FOLLOWING = ['on', 'shadow'];

let touched = false;
let node = null;
let timer = 0;
let turn = 0;
let askedAt = 0;
let asked = '';
let found = null;

const links = () => (isFutures() ? copy.links.filter((item) => item.leader.id === state.active && item.settle === state.place.settle && FOLLOWING.includes(item.state)) : []);

function cell(row, side) {
  if (!row) return h('td', { data: { side } }, '—');
  const place = { ...row, settle: state.place.settle, instrument: state.place.instrument };
  const does = isNumber(row.order?.size) && !isZero(row.order.size);
  const text = does ? `${row.order.side === 'buy' ? '+' : '\u2212'}${amount(row.order.size, place)} ${coin(place)}` : t('copy.ticket_none');
  return h('td', { class: `num ${does ? '' : 'muted'}`, title: row.text ?? '', data: { side } }, text, row.text && h('span', { class: 'sub' }, row.text));
}

function draw() {
  const mine = links();
  node.hidden = !mine.length || copy.mode !== 'copy';
  if (node.hidden) return;
  if (!touched) node.open = mine.length <= FEW;
  const rows = mine.map((item) => h('tr', {}, h('th', { scope: 'row' }, item.follower.name, item.state === 'shadow' && h('span', { class: 'sub' }, t('copy.state.shadow'))), SIDES.map((side) => cell(found?.[side]?.find((one) => one.link_id === item.id), side))));
  redraw(node, h('summary', {}, t('copy.ticket_followers', { n: mine.length })),
    found ? h('table', {}, h('caption', { class: 'visually-hidden' }, t('copy.ticket_caption')), h('thead', { class: 'visually-hidden' }, h('tr', {}, h('th', { scope: 'col' }, t('copy.followers')), SIDES.map((side) => h('th', { scope: 'col', data: { side } }, t(`side.${side}.word`))))), h('tbody', {}, rows)) : h('p', { class: 'hint' }, t('preview.enter_size')));
}

async function ask(tries = 6) {
  if (!links().length || copy.mode !== 'copy') return draw();
  const sizes = SIDES.map((side) => lastPreview(side)?.size);
  if (!sizes.some((size) => isNumber(size) && !isZero(size))) {
    found = null;
    draw();
    if (tries > 0) timer = setTimeout(() => ask(tries - 1), WAIT_MS);
    return undefined;
  }
  const mine = ++turn;
  const place = { account: state.active, settle: state.place.settle, instrument: state.place.instrument };
  const key = JSON.stringify([place, sizes]);
  if (key === asked && performance.now() - askedAt < AGAIN_MS) return undefined;
  asked = key;
  askedAt = performance.now();
  const answers = await Promise.all(SIDES.map((side, at) => (isNumber(sizes[at]) && !isZero(sizes[at]) ? get('/api/copy/ticket', { ...place, side, size: sizes[at] }, { timeout: 5000 }).catch(() => null) : null)));
  if (mine !== turn) return undefined;
  found = { buy: answers[0]?.items, sell: answers[1]?.items };
  return draw();
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(ask, WAIT_MS);
}

export function init() {
  node = h('details', { class: 'ticket-copy', hidden: true, 'data-testid': 'ticket-followers' });
  node.addEventListener('click', () => { touched = true; });
  $('#preview').after(node);
  for (const topic of ['ticket', 'place', 'accounts', 'copy-links', 'mode']) on(topic, later);
  draw();
}
