// The account switcher: every account with stripe, network, equity; one click switches, one click adds paper money.

import { get, post } from '../core/api.js';
import { open } from '../core/dialog.js';
import { $, button, h, setText } from '../core/dom.js';
import { money } from '../core/format.js';
import { t } from '../core/i18n.js';
import { refresh } from '../core/live.js';
import { fail, toast } from '../core/toast.js';
import { clear, emit, isOwner, state } from '../core/store.js';

const COLOURS = ['#4c9aff', '#2fbf8f', '#c9a0ff', '#f2b84b', '#ff8fa3', '#56d4e9', '#b5cc5a', '#ff9d5c'];
export const colours = COLOURS;

export async function loadAccounts() {
  const answer = await get('/api/accounts');
  state.accounts = answer.items;
  state.active = answer.active;
  emit('accounts');
}

/** Makes `id` the active account. Another network means other prices, so those go too. */
export async function switchTo(id) {
  if (id === state.active) return;
  const before = state.accounts.find((item) => item.id === state.active)?.network;
  try {
    await post('/api/accounts/active', { account: id });
  } catch (error) {
    fail(t('accounts.switch_failed'), error);
    return;
  }
  state.active = id;
  const next = state.accounts.find((item) => item.id === id);
  clear(next?.network !== before, true);
  emit('accounts', 'place');
  refresh();
  toast('good', t('accounts.switched', { name: next?.name ?? id }));
}

/** A new paper account, named after how many there are. */
export async function addPaper() {
  const papers = state.accounts.filter((item) => item.network === 'paper').length;
  const colour = COLOURS[state.accounts.length % COLOURS.length];
  try {
    const made = await post('/api/accounts', { network: 'paper', name: t('accounts.paper_name', { n: papers + 1 }), colour });
    await loadAccounts();
    toast('good', t('accounts.added', { name: made.name }));
    return made;
  } catch (error) {
    fail(t('accounts.add_failed'), error);
    return null;
  }
}

function option(item, close) {
  const equity = h('span', { class: 'equity num', 'data-equity-of': item.id }, '');
  const stripe = h('span', { class: 'stripe' });
  stripe.style.background = item.colour || '';
  return h('button', { type: 'button', class: 'account-option', 'aria-current': String(item.id === state.active), 'data-testid': `account-${item.id}`,
    onclick: () => { close(null); switchTo(item.id); } },
  stripe, h('b', {}, item.name), equity, h('small', {}, item.error ? t('accounts.trouble') : item.key_tail ? `…${item.key_tail}` : `uid ${item.uid}`),
  h('span', { class: 'badge', data: { network: item.network } }, t(`network.${item.network}`)));
}

async function fillEquities(list) {
  try {
    const answer = await get('/api/balance', { account: 'all' });
    for (const item of answer.items) {
      const node = list.querySelector(`[data-equity-of="${CSS.escape(item.account)}"]`);
      if (node) setText(node, money(item.total_usdt, 'USDT'));
    }
  } catch {
    // The list works without the sums; the accounts page names the trouble.
  }
}

async function show() {
  const list = h('div', {});
  const expand = $('#account-button');
  expand.setAttribute('aria-expanded', 'true');
  const done = open({
    title: t('accounts.menu'), kind: 'account-menu', testid: 'account-menu', body: [],
    actions: (close, dialog) => {
      const inner = dialog.querySelector('.dialog-body');
      inner.classList.add('flush');
      inner.append(list);
      list.append(...state.accounts.map((item) => option(item, close)));
      const manage = button(t('accounts.manage'), { onclick: () => { close(null); document.querySelector('[data-view-link="accounts"]').click(); } });
      if (!isOwner()) return [manage];
      return [manage, button(t('accounts.add_paper'), { class: 'primary', 'data-testid': 'menu-add-paper',
        onclick: async () => { const made = await addPaper(); if (made) { close(null); switchTo(made.id); } } }, 'plus')];
    },
  });
  fillEquities(list);
  await done;
  expand.setAttribute('aria-expanded', 'false');
}

export function init() {
  $('#account-button').addEventListener('click', show);
}
