// Adding an account: network, name, colour, key; the key is tested before anything is stored.

import { post } from '../core/api.js';
import { field, form } from '../core/dialog.js';
import { h, icon, press, setText } from '../core/dom.js';
import { t } from '../core/i18n.js';
import { state } from '../core/store.js';
import { toast } from '../core/toast.js';
import { loadAccounts } from '../ui/accounts_menu.js';
import { colourField } from './accounts.js';

const NETWORKS = ['paper', 'testnet', 'live'];

function showChecks(list, answer) {
  list.replaceChildren(...answer.checks.map((check) => h('li', { class: check.ok ? 'up' : 'bad' }, icon(check.ok ? 'circle-check' : 'circle-x'), h('span', {}, `${check.message || check.name}`))));
  list.hidden = false;
}

export function addAccount() {
  let network = 'paper';
  const suggested = t('accounts.paper_name', { n: state.accounts.length + 1 });
  const name = h('input', { class: 'input', name: 'name', maxlength: '40', autocomplete: 'off', 'data-testid': 'new-name', value: suggested });
  const key = h('input', { class: 'input', name: 'key', autocomplete: 'off', spellcheck: 'false', 'data-testid': 'new-key' });
  const secret = h('input', { class: 'input masked', name: 'secret', spellcheck: 'false', autocomplete: 'off', 'data-testid': 'new-secret' });
  const phrase = h('input', { class: 'input', name: 'phrase', autocomplete: 'off', 'data-testid': 'live-phrase' });
  const checks = h('ul', { class: 'checklist', 'data-testid': 'key-checks', hidden: true });
  const explain = h('p', { class: 'hint' });
  const insecure = !window.isSecureContext && h('p', { class: 'note-box' }, icon('shield'), h('span', {}, t('accounts.keys_http')));
  const test = h('button', { type: 'button', class: 'button', 'data-testid': 'test-key' }, t('accounts.test'));
  const phraseField = field(t('accounts.live_phrase'), phrase, t('accounts.live_hint'));
  const secretPart = h('div', { class: 'dialog-part' }, insecure, field(t('accounts.api_key'), key), field(t('accounts.secret'), secret, t('accounts.secret_hint')), test, checks, phraseField);
  const choose = (value) => {
    network = value;
    if (name.value === suggested || !name.value) name.value = value === 'paper' ? suggested : '';
    secretPart.hidden = value === 'paper';
    phraseField.hidden = value !== 'live';
    setText(explain, t(`accounts.explain_${value}`));
  };
  const kinds = NETWORKS.map((value) => h('button', { type: 'button', 'aria-pressed': String(value === network), 'data-testid': `new-${value}`, onclick: (event) => { press(kinds, event.currentTarget); choose(value); } }, t(`network.${value}`)));
  const keys = () => ({ network, key: key.value.trim(), secret: secret.value.trim() });
  test.addEventListener('click', async () => {
    test.disabled = true;
    try {
      showChecks(checks, await post('/api/accounts/test', keys(), { timeout: 20_000 }));
    } catch (error) {
      showChecks(checks, { checks: [{ ok: false, message: error.text }] });
    }
    test.disabled = false;
  });
  choose(network);
  const colour = colourField(null);
  return form({
    title: t('accounts.add_title'), testid: 'add-account-dialog', submit: t('accounts.add'),
    fields: [h('div', { class: 'segmented', role: 'group', 'aria-label': t('accounts.network') }, kinds), explain, field(t('accounts.name'), name), colour.node, secretPart],
    send: async () => {
      if (network === 'live' && phrase.value.trim() !== name.value.trim()) throw new Error(t('accounts.live_differs'));
      const body = { network, name: name.value.trim(), colour: colour.value() };
      const made = await post('/api/accounts', network === 'paper' ? body : { ...body, ...keys() }, { timeout: 20_000 });
      await loadAccounts();
      toast('good', t('accounts.added', { name: made.name }));
    },
  });
}
