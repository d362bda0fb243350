// The desk's lower panel: tabs over positions, orders, triggers, fills, closed, journal, balances.

import { get, post } from '../core/api.js';
import { confirm } from '../core/dialog.js';
import { $, button, h, setText } from '../core/dom.js';
import { sign } from '../core/decimal.js';
import { t } from '../core/i18n.js';
import { pref, setPref } from '../core/prefs.js';
import { refreshSoon } from '../core/live.js';
import { hedge, isFutures, on, placeFields, samePlace, state } from '../core/store.js';
import { fail, toast } from '../core/toast.js';
import { balancesView, closedTable, fillsTable, journalTable } from './history.js';
import { cancelAll, ordersTable, triggersTable } from './orders.js';
import { positionsTable } from './positions.js';
import { askTransfer } from './transfer.js';

const LOAD_MS = 5000;
const FILL_MS = 300;
const live = (part) => () => state[part];

const TABS = {
  positions: { make: positionsTable, rows: live('positions'), count: true },
  orders: { make: ordersTable, rows: live('orders'), count: true },
  triggers: { make: triggersTable, rows: live('triggers'), count: true },
  fills: { make: fillsTable, load: () => get('/api/fills', { account: state.active, ...placeFields(), limit: 100 }) },
  closed: { make: closedTable, load: () => get('/api/positions/closed', { account: state.active, settle: state.place.settle || 'usdt' }) },
  journal: { make: journalTable, rows: () => state.intents },
  balances: { make: () => balancesView(askTransfer), whole: live('balance') },
};

const made = {};
let current = 'positions';
let loadedAt = 0;
let loaded = null;
let buttons = {};

const onlyHere = () => $('#only-here').checked;
const matches = (row) => !onlyHere() || samePlace({ market: 'futures', ...row, settle: row.market === 'spot' ? '' : row.settle ?? state.place.settle }, state.place);

function rowsOf(tab) {
  const rows = tab.load ? loaded : tab.rows();
  return rows ? rows.filter(matches) : null;
}

async function load(tab) {
  const name = current;
  loadedAt = performance.now();
  try {
    const answer = await tab.load();
    if (name !== current) return;
    loaded = answer.items;
    draw();
  } catch (error) {
    if (name === current && !loaded) made[current].root.lastChild.textContent = error.text;
  }
}

function drawCounts() {
  for (const [name, tab] of Object.entries(TABS)) {
    if (!tab.count) continue;
    const rows = (tab.rows() ?? []).filter(matches);
    setText(buttons[name].lastChild, String(name === 'positions' ? rows.filter((row) => sign(row.size) !== 0).length : rows.length));
  }
}

function draw() {
  const tab = TABS[current];
  made[current].draw(tab.whole ? tab.whole() : rowsOf(tab));
  drawCounts();
  if (tab.load && performance.now() - loadedAt > LOAD_MS) load(tab);
}

let newestFill = null;

/** A fill changes what the loaded lists say. */
function reloadOnFill() {
  const newest = state.fills?.[0]?.trade_id ?? null;
  if (newest === newestFill) return;
  newestFill = newest;
  if (TABS[current].load) setTimeout(() => load(TABS[current]), FILL_MS);
}

async function switchHedge() {
  const wanted = hedge() ? 'single' : 'dual';
  const yes = await confirm({ title: t('hedge.title'), yes: t(`hedge.to_${wanted}`), body: [h('p', {}, t(`hedge.text_${wanted}`)), h('p', { class: 'muted' }, t('hedge.need_flat'))], testid: 'hedge-dialog' });
  if (!yes) return;
  try {
    await post('/api/positions/mode', { account: state.active, settle: state.place.settle || 'usdt', mode: wanted });
    toast('good', t(`hedge.done_${wanted}`));
  } catch (error) {
    fail(t('hedge.failed'), error);
  }
  refreshSoon();
}

function drawTools() {
  const tools = [];
  if (current === 'positions' && isFutures()) tools.push(button(t(hedge() ? 'hedge.dual' : 'hedge.single'), { class: 'small ghost', title: t('hedge.title'), 'data-testid': 'hedge-switch', onclick: switchHedge }));
  if (current === 'orders') tools.push(button(t('orders.cancel_all'), { class: 'small', 'data-testid': 'cancel-all', onclick: () => cancelAll(rowsOf(TABS.orders) ?? [], onlyHere()) }));
  $('#only-here').closest('label').hidden = current === 'balances' || current === 'fills';
  $('#panel-tools').replaceChildren(...tools);
}

export function choose(name) {
  current = TABS[name] ? name : 'positions';
  loaded = null;
  loadedAt = -LOAD_MS;
  for (const [key, node] of Object.entries(buttons)) {
    node.setAttribute('aria-selected', String(key === current));
    node.tabIndex = key === current ? 0 : -1;
  }
  made[current] ??= TABS[current].make();
  $('#panel-body').replaceChildren(made[current].root);
  $('#panel-body').setAttribute('aria-labelledby', `tab-${current}`);
  setPref('panel', current);
  drawTools();
  draw();
}

function keys(event) {
  const names = Object.keys(TABS);
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const next = names[(names.indexOf(current) + step + names.length) % names.length];
  choose(next);
  buttons[next].focus();
}

export function init() {
  buttons = Object.fromEntries(Object.keys(TABS).map((name) => [name, h('button', { type: 'button', role: 'tab', id: `tab-${name}`, 'aria-controls': 'panel-body', 'data-testid': `panel-${name}`, onclick: () => choose(name) }, t(`panel.${name}`), TABS[name].count ? h('span', { class: 'count' }, '0') : '')]));
  $('#panel-tabs').append(...Object.values(buttons));
  $('#panel-tabs').addEventListener('keydown', keys);
  $('#only-here').checked = pref('only_here');
  $('#only-here').addEventListener('change', () => { setPref('only_here', onlyHere()); draw(); });
  let mode = '';
  on('account', () => { if (mode !== state.positionMode) { mode = state.positionMode; drawTools(); } draw(); reloadOnFill(); });
  on('place', () => { if (TABS[current].load) { loaded = null; loadedAt = -LOAD_MS; } drawTools(); draw(); });
  choose(pref('panel'));
}
