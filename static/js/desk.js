// Starts the desk: reads the first data of the page, wires the parts, begins to poll.

import { $, $$, press } from './core/dom.js';
import { load } from './core/i18n.js';
import * as live from './core/live.js';
import * as prefs from './core/prefs.js';
import { emit, on, state } from './core/store.js';
import * as chart from './chart/chart.js';
import * as copyPage from './copy/page.js';
import * as accounts from './pages/accounts.js';
import * as elevation from './pages/elevate.js';
import * as server from './pages/server.js';
import * as sessions from './pages/sessions.js';
import * as settings from './pages/settings.js';
import * as panel from './panel/panel.js';
import * as form from './ticket/form.js';
import * as leverage from './ticket/leverage.js';
import * as preview from './ticket/preview.js';
import * as sheet from './ticket/sheet.js';
import * as submit from './ticket/submit.js';
import * as ticket from './ticket/draw.js';
import * as bell from './ui/bell.js';
import * as fills from './ui/fills.js';
import * as sounds from './ui/sounds.js';
import * as menu from './ui/accounts_menu.js';
import * as book from './ui/book.js';
import * as connection from './ui/connection.js';
import * as frame from './ui/frame.js';
import * as hotkeys from './ui/hotkeys.js';
import * as mode from './ui/mode.js';
import * as picker from './ui/picker.js';
import * as places from './ui/places.js';
import * as stop from './ui/stop.js';
import * as symbol from './ui/symbol.js';
import * as tape from './ui/tape.js';

const SECOND_MS = 1000;

/** Chart, book and tape take turns on a phone; book and tape on a middling screen. */
function partTabs() {
  const workspace = $('#workspace');
  const wire = (attribute, act) => {
    for (const node of $$(`[data-${attribute}]`)) node.addEventListener('click', () => act(node.getAttribute(`data-${attribute}`)));
  };
  wire('show-part', (part) => {
    workspace.dataset.show = part;
    press($$('[data-show-part]'), $(`[data-show-part="${part}"]`));
  });
  wire('side-part', (part) => {
    workspace.dataset.side = part;
    for (const node of $$('[data-side-part]')) node.setAttribute('aria-pressed', String(node.dataset.sidePart === part));
  });
}

function moreMenu() {
  const acts = { help: hotkeys.showHelp, logout: sessions.logout, journal: () => { panel.choose('journal'); places.goView('positions'); } };
  for (const node of $$('#view-more [data-action]')) node.addEventListener('click', acts[node.dataset.action]);
}

function take(boot) {
  Object.assign(state, { boot, place: boot.place, accounts: boot.accounts.items, active: boot.accounts.active, server: { ...boot.server, version: boot.version } });
  if (boot.server?.now_ms) state.offsetMs = boot.server.now_ms - Date.now();
  prefs.init(boot.ui);
}

async function start() {
  const boot = JSON.parse($('#boot').textContent);
  await load(boot.catalogue, boot.lang);
  take(boot);
  prefs.dress();
  form.bind();
  for (const part of [elevation, places, frame, connection, menu, symbol, picker, book, tape, ticket, preview, submit, leverage, sheet, panel, accounts, settings, server, sessions, mode, stop, hotkeys, bell, sounds, fills, copyPage]) part.init?.();
  book.onBookPick(form.takeLevel);
  partTabs();
  moreMenu();
  places.showView(boot.view ?? 'trade');
  chart.init();
  on('place', () => $('#main').scrollTo(0, 0));
  live.start();
  setInterval(() => { if (!document.hidden) emit('time'); }, SECOND_MS);
  window.addEventListener('pagehide', prefs.flush);
  document.body.dataset.ready = 'true';
}

start();
