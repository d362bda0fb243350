// The copy page: which of its faces is shown, and the start of its parts.

import { $, button, h, icon, redraw, setText } from '../core/dom.js';
import { t } from '../core/i18n.js';
import { isOwner, mayTrade, on, state } from '../core/store.js';
import { addPaper } from '../ui/accounts_menu.js';
import { addAccount } from '../pages/add_account.js';
import * as acts from './acts.js';
import * as alerts from './alerts.js';
import * as brakes from './brakes.js';
import * as data from './data.js';
import * as feed from './feed.js';
import * as followers from './followers.js';
import * as leader from './leader.js';
import * as ticket from './ticket.js';

const { copy } = data;

/** What stands in the way of the first link, with a way out of it. */
function empty() {
  if (copy.error && !copy.known) return { symbol: 'circle-alert', title: t('copy.load_failed'), text: copy.error.text, actions: [button(t('conn.retry'), { onclick: data.refreshCopy, 'data-testid': 'copy-retry' }, 'refresh-cw')] };
  if (!copy.known) return { symbol: 'loader-circle', title: t('common.loading'), text: '', actions: [] };
  if (state.accounts.length < 2) {
    const ways = isOwner() ? [button(t('accounts.add_paper'), { class: 'primary', 'data-testid': 'copy-add-paper', onclick: addPaper }, 'flask-conical'), button(t('accounts.add'), { 'data-testid': 'copy-add-account', onclick: addAccount }, 'plus')] : [];
    return { symbol: 'users', title: t('copy.need_second'), text: t('copy.need_second_text'), actions: ways };
  }
  return { symbol: 'copy', title: t('copy.none'), text: t('copy.none_text'), actions: mayTrade() ? [h('button', { type: 'button', class: 'button primary', data: { act: 'new', testid: 'copy-first' } }, icon('plus'), h('span', {}, t('copy.new')))] : [] };
}

let face = '';

function draw() {
  if (state.view !== 'copy') return;
  const has = copy.known && copy.links.length > 0;
  for (const id of ['#copy-body', '#copy-tools']) $(id).hidden = !has;
  $('#copy-empty').hidden = has;
  $('#copy-pause-all').hidden = !copy.links.some((item) => item.state === 'on');
  for (const node of document.querySelectorAll('#copy-tools button')) node.disabled = !mayTrade();
  const stale = copy.error && copy.known;
  $('#copy-stale').hidden = !stale;
  if (stale) setText($('#copy-stale span'), t('copy.stale', { reason: copy.error.text ?? '' }));
  if (has) return;
  const { symbol, title, text, actions } = empty();
  const key = `${symbol}|${title}|${text}|${mayTrade()}`;
  if (key === face && $('#copy-empty').childElementCount) return;
  face = key;
  redraw($('#copy-empty'), icon(symbol, symbol === 'loader-circle' ? 'spin' : ''), h('h2', {}, title), h('p', { 'data-testid': 'copy-message' }, text), h('div', { class: 'row' }, actions));
}

export function init() {
  for (const part of [data, acts, alerts, brakes, leader, followers, feed, ticket]) part.init();
  for (const topic of ['copy', 'view', 'accounts']) on(topic, draw);
  on('view', () => { if (state.view === 'copy') face = ''; });
  draw();
}
