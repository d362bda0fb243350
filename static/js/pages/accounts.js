// The accounts page: every account with its rights, health and equity.

import { get, patch, remove } from '../core/api.js';
import { field, form } from '../core/dialog.js';
import { $, h, icon } from '../core/dom.js';
import { add } from '../core/decimal.js';
import { dateTime, money } from '../core/format.js';
import { t } from '../core/i18n.js';
import { isOwner, on, state } from '../core/store.js';
import { toast } from '../core/toast.js';
import { waysOut } from '../copy/ways.js';
import { addPaper, colours, loadAccounts, switchTo } from '../ui/accounts_menu.js';
import { addAccount } from './add_account.js';

const EVERY_MS = 5000;
let balances = new Map();
let askedAt = -EVERY_MS;
let drawn = '';

/** Colour radios; `value()` reads the choice. */
export function colourField(chosen) {
  const inputs = colours.map((colour, index) => {
    const input = h('input', { type: 'radio', name: 'colour', value: colour, 'aria-label': t('accounts.colour_n', { n: index + 1 }) });
    input.checked = colour === chosen || (!chosen && index === 0);
    input.style.color = colour;
    return input;
  });
  const node = h('fieldset', { class: 'plain' }, h('legend', { class: 'hint' }, t('accounts.colour')), h('div', { class: 'colours' }, inputs.map((input) => h('label', {}, input))));
  return { node, value: () => inputs.find((input) => input.checked)?.value };
}

function edit(item) {
  const name = h('input', { class: 'input', name: 'name', value: item.name, maxlength: '40', autocomplete: 'off', 'data-testid': 'rename-input' });
  const colour = colourField(item.colour);
  const enabled = h('input', { type: 'checkbox' });
  enabled.checked = item.enabled;
  return form({
    title: t('accounts.edit_title', { name: item.name }), testid: 'edit-account', submit: t('common.save'),
    fields: [field(t('accounts.name'), name), colour.node, h('label', { class: 'check' }, enabled, h('span', {}, t('accounts.enabled')))],
    send: async () => { await patch(`/api/accounts/${encodeURIComponent(item.id)}`, { name: name.value.trim(), colour: colour.value(), enabled: enabled.checked }); await loadAccounts(); },
  });
}

/** Asks for the name, and for copied positions what becomes of them as soon as the server says that there are some. */
function askDelete(item) {
  const name = h('input', { class: 'input', name: 'confirm', autocomplete: 'off', 'data-testid': 'delete-confirm' });
  const ways = waysOut();
  ways.node.hidden = true;
  return form({
    title: t('accounts.delete_title', { name: item.name }), testid: 'delete-account', danger: true, submit: t('accounts.delete'),
    fields: [h('p', {}, t(`accounts.delete_${item.network}`)), field(t('accounts.type_name', { name: item.name }), name), ways.node],
    send: async () => {
      if (name.value.trim() !== item.name) throw new Error(t('accounts.name_differs'));
      try {
        await remove(`/api/accounts/${encodeURIComponent(item.id)}`, null, { confirm: item.name, ...(ways.node.hidden ? {} : { positions: ways.value() }) });
      } catch (error) {
        if (error.code === 'copied_positions') ways.node.hidden = false;
        throw error;
      }
      await loadAccounts();
      toast('good', t('accounts.deleted', { name: item.name }));
    },
  });
}

const small = (label, act, testid, kind = '') => h('button', { type: 'button', class: `button small ${kind}`, 'data-testid': testid, onclick: act }, label);

function rights(item) {
  if (!item.permissions?.length) return t('accounts.no_rights');
  return item.permissions.map((right) => `${t(`right.${right.name}`)} ${right.read_only ? t('accounts.read_only') : '✓'}`).join(', ');
}

function card(item) {
  const balance = balances.get(item.id);
  const active = item.id === state.active;
  const stripe = h('span', { class: 'stripe', 'aria-hidden': 'true' });
  stripe.style.background = item.colour || '';
  const wallets = balance ? `${t('balance.spot')} ${money(balance.spot.reduce((sum, row) => add(sum, row.value_usdt ?? '0'), '0'))} · ${balance.futures.map((row) => `${t('balance.futures', { currency: row.currency })} ${money(row.total)}`).join(' · ')}` : '';
  return h('article', { class: 'account-card', 'data-active': String(active), 'data-testid': `card-${item.id}`, 'aria-label': item.name }, stripe,
    h('div', { class: 'title' }, h('b', {}, item.name), h('span', { class: 'badge', data: { network: item.network } }, t(`network.${item.network}`)), active && h('span', { class: 'tag' }, icon('check'), t('accounts.active')), !item.enabled && h('span', { class: 'tag' }, t('accounts.disabled'))),
    h('div', { class: 'equity num' }, balance ? money(balance.total_usdt, 'USDT') : '…'),
    h('div', { class: 'meta num' }, wallets && h('span', {}, wallets), h('span', {}, `uid ${item.uid}`), item.key_tail && h('span', {}, t('accounts.key', { tail: item.key_tail })), h('span', {}, rights(item)), h('span', {}, t('accounts.since', { time: dateTime(item.created_ms) })), item.error && h('span', { class: 'bad' }, item.error)),
    h('div', { class: 'actions' }, !active && small(t('accounts.use'), () => switchTo(item.id), 'account-use', 'primary'), isOwner() && small(t('accounts.edit'), () => edit(item), 'account-edit'), isOwner() && small(t('accounts.delete'), () => askDelete(item), 'account-delete', 'danger')));
}

/** Sums per network: play money is never added to real money. */
function drawTotals() {
  const sums = new Map();
  for (const item of state.accounts) {
    const balance = balances.get(item.id);
    if (balance?.total_usdt) sums.set(item.network, add(sums.get(item.network) ?? '0', balance.total_usdt));
  }
  $('#accounts-total').replaceChildren(...[...sums].map(([network, sum]) => h('span', {}, `${t(`network.${network}`)} `, h('b', {}, money(sum, 'USDT')))));
}

function draw() {
  if (state.view !== 'accounts') return;
  const now = JSON.stringify([state.accounts, state.active, [...balances.values()].map((item) => item.total_usdt)]);
  if (now === drawn || $('#account-list').contains(document.activeElement) && drawn) return;
  drawn = now;
  $('#account-list').replaceChildren(...state.accounts.map(card));
  if (!state.accounts.length) $('#account-list').replaceChildren(h('p', { class: 'empty' }, t('empty.accounts')));
  drawTotals();
}

async function load() {
  if (state.view !== 'accounts' || performance.now() - askedAt < EVERY_MS) return;
  askedAt = performance.now();
  try {
    const answer = await get('/api/balance', { account: 'all' });
    balances = new Map(answer.items.map((item) => [item.account, item]));
  } catch {
    // Cards keep their last sums; the connection bar tells why.
  }
  draw();
}

export function init() {
  for (const id of ['#add-paper', '#add-account']) $(id).hidden = !isOwner();
  $('#add-paper').addEventListener('click', addPaper);
  $('#add-account').addEventListener('click', addAccount);
  on('accounts', () => { drawn = ''; askedAt = -EVERY_MS; draw(); load(); });
  on('view', () => { drawn = ''; draw(); load(); });
  on('time', load);
}
