// On a phone the ticket lives in a sheet for one side; on wider screens in its column.

import { $, $$, h } from '../core/dom.js';
import { t } from '../core/i18n.js';
import { showView } from '../ui/places.js';

const narrow = window.matchMedia('(max-width: 819px)');
let sheet = null;

function home() {
  $('#ticket-column').append($('#ticket'));
}

export function openTicket(side) {
  if (!narrow.matches) {
    $(`[data-submit="${side}"]`).focus();
    return;
  }
  showView('trade');
  sheet ??= build();
  sheet.dataset.side = side;
  sheet.append($('#ticket'));
  if (!sheet.open) sheet.showModal();
  $('#size').focus({ preventScroll: true });
}

function build() {
  const node = h('dialog', { class: 'ticket-sheet', 'aria-label': t('ticket.title'), 'data-testid': 'ticket-sheet' });
  node.addEventListener('close', home);
  node.addEventListener('click', (event) => { if (event.target === node) node.close(); });
  document.body.append(node);
  return node;
}

export function init() {
  for (const node of $$('[data-open-ticket]')) node.addEventListener('click', () => openTicket(node.dataset.openTicket));
  $('#ticket-close').addEventListener('click', () => sheet?.close());
  document.addEventListener('ticket-sent', () => sheet?.open && sheet.close());
  narrow.addEventListener('change', () => (sheet?.open ? sheet.close() : home()));
}
