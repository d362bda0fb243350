// Arming: the exact orders that will be sent now come first, then the yes. On real money also the typed name.

import { get, post } from '../core/api.js';
import { field, form } from '../core/dialog.js';
import { h, icon } from '../core/dom.js';
import { t } from '../core/i18n.js';
import { toast } from '../core/toast.js';
import { refreshCopy } from './data.js';
import { orderWords, usdt } from './words.js';

const live = (item) => item.follower.id.startsWith('live:');

export function orderLine(row) {
  return h('li', { data: { testid: 'arm-order', order: String(Boolean(row.order)) } }, h('b', {}, row.instrument), orderWords(row), row.text && h('span', { class: 'sub' }, row.text));
}

function listOf(preview) {
  const orders = preview.rows.filter((row) => row.order);
  const rest = preview.rows.filter((row) => !row.order);
  return [
    h('p', { class: 'arm-head', data: { testid: 'arm-head' } }, icon(orders.length ? 'zap' : 'circle-check'), h('b', {}, t('copy.arm.count', { n: orders.length })), orders.length > 0 && h('span', { class: 'num' }, t('copy.arm.worth', { value: usdt(preview.total_value) }))),
    ...(preview.problems ?? []).map((one) => h('p', { class: 'note-box bad' }, icon('triangle-alert'), h('span', {}, one.text))),
    orders.length > 0 && h('ul', { class: 'arm-list' }, orders.map(orderLine)),
    rest.length > 0 && h('details', { class: 'arm-rest', open: !orders.length }, h('summary', {}, t('copy.arm.rest', { n: rest.length })), h('ul', { class: 'arm-list' }, rest.map(orderLine))),
  ].filter(Boolean);
}

/** Asks, shows, sends. A list that changed meanwhile is shown again before anything is sent. */
export async function arm(item) {
  const host = h('div', { class: 'arm-orders', 'aria-live': 'polite' }, h('p', { class: 'muted' }, t('common.loading')));
  let preview = null;
  const load = async () => {
    preview = await get(`/api/copy/links/${item.id}/preview`);
    host.replaceChildren(...listOf(preview));
  };
  const phrase = h('input', { class: 'input', name: 'phrase', autocomplete: 'off', 'data-testid': 'arm-phrase' });
  load().catch((error) => host.replaceChildren(h('p', { class: 'form-error', role: 'alert' }, error.text ?? error.message)));
  return form({
    title: t('copy.arm.title', { name: item.follower.name }), testid: 'arm-dialog', kind: 'wide', danger: live(item), submit: t('copy.arm.yes'),
    fields: [h('p', {}, t('copy.arm.text', { leader: item.leader.name, name: item.follower.name })), host,
      live(item) && h('p', { class: 'note-box bad' }, icon('triangle-alert'), h('span', {}, t('copy.arm.live'))), live(item) && field(t('accounts.type_name', { name: item.follower.name }), phrase)].filter(Boolean),
    send: async () => {
      if (!preview) throw new Error(t('common.loading'));
      try {
        await post(`/api/copy/links/${item.id}/state`, { state: 'on', confirm: true, preview_hash: preview.hash, ...(live(item) ? { phrase: phrase.value.trim() } : {}) });
      } catch (error) {
        if (error.code !== 'confirm_needed') throw error;
        await load();
        throw new Error(t('copy.arm.changed'));
      }
      await refreshCopy();
      toast('good', t('copy.arm.done', { name: item.follower.name }));
    },
  });
}
