// Short messages: success leaves by itself, trouble stays until closed. The host is a popover, so that it lies above dialogs.

import { $, announce, h, icon } from './dom.js';
import { t } from './i18n.js';
import { emit } from './store.js';

export const ICONS = { good: 'circle-check', bad: 'circle-x', warn: 'triangle-alert', info: 'info' };
const STAY_MS = 4000;
const MOST = 5;
const KEPT = 100;

/** Everything that was said since the page was opened, newest first; `seen` is false until the bell was opened. */
export const notices = [];

export function toast(kind, title, text = '', raw = '') {
  notices.unshift({ at: Date.now(), kind, title, text, raw, seen: false });
  notices.length = Math.min(notices.length, KEPT);
  emit('notices');
  const host = $('#toasts');
  if (!host.matches(':popover-open')) host.showPopover();
  const close = h('button', { type: 'button', class: 'icon-button small', 'aria-label': t('common.close') }, icon('x'));
  const node = h('div', { class: 'toast', data: { kind, testid: `toast-${kind}` } }, icon(ICONS[kind]),
    h('div', {}, h('b', {}, title), text && h('p', {}, text), raw && h('code', {}, raw)), close);
  close.addEventListener('click', () => node.remove());
  host.append(node);
  host.hidePopover();
  host.showPopover();
  while (host.children.length > MOST) host.firstElementChild.remove();
  announce(text ? `${title}. ${text}` : title, kind === 'bad');
  if (kind === 'good' || kind === 'info') setTimeout(() => node.remove(), STAY_MS);
  return node;
}

/** An API failure, with the exchange's raw words kept. */
export const fail = (title, error) => toast(error.code === 'outcome_unknown' ? 'warn' : 'bad', title, error.text ?? error.message, error.raw ?? '');
