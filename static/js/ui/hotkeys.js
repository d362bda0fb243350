// Keys for people who trade by keyboard, and the help that lists them. Single letters work only outside fields.

import { open } from '../core/dialog.js';
import { $, h } from '../core/dom.js';
import { t } from '../core/i18n.js';
import { pref } from '../core/prefs.js';
import { positionHere, state } from '../core/store.js';
import { askClose } from '../panel/position_acts.js';
import { cancelAll, ordersHere } from '../panel/orders.js';
import { setPercent } from '../ticket/form.js';
import { openTicket } from '../ticket/sheet.js';
import { togglePause } from './book.js';
import { showPicker } from './picker.js';
import { goView } from './places.js';

const PAGES = { t: 'trade', c: 'copy', a: 'accounts', p: 'positions', s: 'settings' };
const PERCENTS = { 1: 25, 2: 50, 3: 75, 4: 100 };
const LIST = [['?', 'help'], ['Ctrl K', 'palette'], ['/', 'search'], ['G T·C·A·P·S', 'pages'], ['L  S', 'sides'], ['P', 'price'], ['Q', 'size'], ['1–4', 'percent'], ['Shift C', 'cancel'], ['Shift X', 'close'], ['Space', 'pause'], ['Esc', 'escape']];

let goAt = 0;

export function showHelp() {
  const keys = h('dl', { class: 'keys' }, LIST.flatMap(([key, name]) => [h('dt', {}, key.split(' ').filter(Boolean).map((one) => [h('kbd', {}, one), ' '])), h('dd', {}, t(`keys.${name}`))]));
  open({ title: t('help.title'), kind: 'wide', testid: 'help-dialog', body: [h('p', {}, t('help.book')), h('p', {}, t('help.ticket')), h('h3', {}, t('help.keys')), keys, h('p', { class: 'hint' }, t('help.keys_off'))] });
}

const typing = (target) => target.matches('input:not([type="checkbox"], [type="range"], [type="radio"]), select, textarea, [contenteditable]');

function shifted(key) {
  if (key === 'C') return () => cancelAll(ordersHere(state.orders), true);
  const [position] = positionHere();
  return key === 'X' && position ? () => askClose(position) : null;
}

function single(key, event) {
  if (performance.now() - goAt < 1200 && PAGES[key]) {
    goAt = 0;
    return () => goView(PAGES[key]);
  }
  if (PERCENTS[key]) return () => setPercent(PERCENTS[key]);
  const acts = {
    '?': showHelp, '/': showPicker, g: () => { goAt = performance.now(); }, l: () => openTicket('buy'), s: () => openTicket('sell'),
    p: () => $('#price').focus(), q: () => $('#size').focus(),
    ' ': event.target.matches('button, a, input, [role="tab"]') ? null : togglePause,
  };
  return acts[key];
}

function onKey(event) {
  if (document.querySelector('dialog[open]')) return;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
    event.preventDefault();
    showPicker();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || !pref('hotkeys')) return;
  const act = event.shiftKey && event.key !== '?' ? shifted(event.key) : single(event.key.toLowerCase(), event);
  if (!act) return;
  event.preventDefault();
  act();
}

export function init() {
  document.addEventListener('keydown', onKey);
  $('#help-button').addEventListener('click', showHelp);
}
