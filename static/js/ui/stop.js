// STOP: what can be ended at once, with the scope and the counts, as separate acts.

import { get } from '../core/api.js';
import { copying, showStopCopying } from '../copy/brakes.js';
import { open } from '../core/dialog.js';
import { $, h } from '../core/dom.js';
import { sign } from '../core/decimal.js';
import { t } from '../core/i18n.js';
import { account, mayTrade, state } from '../core/store.js';
import { cancelEach } from '../panel/orders.js';
import { closeAll } from '../panel/position_acts.js';

const HOLD_MS = 1500;

/** A button that acts only after being held, by pointer or by key; releasing early does nothing. */
function holdButton(label, act, testid) {
  let timer = 0;
  const node = h('button', { type: 'button', class: 'button danger filled hold', 'data-testid': testid }, h('span', { class: 'hold-fill', 'aria-hidden': 'true' }), h('span', {}, label));
  const stop = () => { clearTimeout(timer); node.classList.remove('holding'); };
  const begin = () => { if (node.disabled || node.classList.contains('holding')) return; node.classList.add('holding'); timer = setTimeout(() => { stop(); act(); }, HOLD_MS); };
  node.addEventListener('pointerdown', begin);
  node.addEventListener('keydown', (event) => { if (event.key === ' ' || event.key === 'Enter') { event.preventDefault(); if (!event.repeat) begin(); } });
  for (const name of ['pointerup', 'pointerleave', 'keyup', 'blur']) node.addEventListener(name, stop);
  return node;
}

const MARKETS = [{ market: 'futures', settle: 'usdt' }, { market: 'futures', settle: 'btc' }, { market: 'spot' }];

/** Everything the account has, not only what the screen shows; what cannot be read is said. */
async function gather() {
  const ask = (path, params) => get(path, { account: state.active, ...params }, { timeout: 5000 });
  const answers = await Promise.allSettled([
    ...MARKETS.map((place) => ask('/api/orders', { ...place, status: 'open' })),
    ...['usdt', 'btc'].map((settle) => ask('/api/positions', { settle })),
  ]);
  const items = answers.map((answer) => answer.value?.items ?? []);
  return { orders: items.slice(0, 3).flat(), positions: items.slice(3).flat().filter((row) => sign(row.size) !== 0), whole: answers.every((answer) => answer.status === 'fulfilled') };
}

export async function showStop() {
  const { orders, positions, whole } = await gather();
  const name = account()?.name ?? '';
  open({
    title: t('stop.title'), testid: 'stop-dialog',
    body: [h('p', {}, t('stop.scope', { name })), copying() ? h('p', { class: 'muted' }, t('stop.copying_n', { n: copying() })) : null, !whole && h('p', { class: 'note-box bad' }, t('stop.partial'))],
    actions: (close) => {
      const cancel = h('button', { type: 'button', class: 'button wide', 'data-focus': '', 'data-testid': 'stop-cancel', onclick: () => { close(true); cancelEach(orders, false); } }, t('stop.cancel', { n: orders.length }));
      const shut = holdButton(t('stop.close', { n: positions.length }), () => { close(true); closeAll(positions); }, 'stop-close');
      const more = copying() ? h('button', { type: 'button', class: 'button wide', 'data-testid': 'stop-more', disabled: !mayTrade(), onclick: () => { close(true); showStopCopying(); } }, t('stop.copying_more')) : null;
      cancel.disabled = !orders.length || !mayTrade();
      shut.disabled = !positions.length || !mayTrade();
      shut.classList.add('wide');
      return [more, cancel, shut, h('p', { class: 'hint wide-text' }, t('stop.hold'))].filter(Boolean);
    },
  });
}

export function init() {
  $('#stop-button').addEventListener('click', showStop);
}
