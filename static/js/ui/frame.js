// Network banner, title, favicon, account button, connection chip, ages, lost bar and the status line.

import { $, $$, announce, h, icon, setText } from '../core/dom.js';
import { countdown, money, price, seconds, uptime } from '../core/format.js';
import { t } from '../core/i18n.js';
import { link, quantile } from '../core/link.js';
import { refresh } from '../core/live.js';
import { STALE_MS, account, age, isFutures, networkOf, on, serverNow, state } from '../core/store.js';

const LATE_MS = 2000;
const BACK_MS = 3000;

const NETWORK_ICON = { paper: 'flask-conical', testnet: 'beaker' };
let shownNetwork = null;

function drawNetwork() {
  const network = networkOf();
  if (network === shownNetwork) return;
  shownNetwork = network;
  const banner = $('#banner');
  banner.hidden = network === 'live';
  banner.dataset.network = network;
  banner.replaceChildren();
  if (NETWORK_ICON[network]) banner.append(icon(NETWORK_ICON[network]), h('span', {}, t(`banner.${network}`)));
  document.body.dataset.network = network;
  for (const node of $$('.live-word')) node.hidden = network !== 'live';
  const favicon = $('#favicon');
  favicon.href = favicon.href.replace(/mtrade(-\w+)?\.svg/, `mtrade-${network}.svg`);
}

function drawTitle() {
  const last = state.ticker?.last;
  const head = state.view === 'trade' ? `${last ? `${price(last, state.rules)} ` : ''}${state.place.instrument}` : t(`nav.${state.view}`);
  const title = `${state.alarm ? '⚠ ' : ''}${head} · ${t(`network.${networkOf()}`)} · mTrade`;
  if (document.title !== title) document.title = title;
}

function drawAccount() {
  const node = $('#account-button');
  const current = account();
  const network = networkOf();
  node.dataset.network = network;
  setText($('[data-name]', node), current?.name ?? t('accounts.none'));
  const badge = $('[data-badge]', node);
  badge.hidden = !current;
  badge.dataset.network = network;
  setText(badge, t(`network.${network}`));
  $('.stripe', node).style.background = current?.colour || '';
  setText($('[data-equity]', node), state.balance ? money(state.balance.total_usdt, 'USDT') : '');
  node.setAttribute('aria-label', t('accounts.switch_label', { name: current?.name ?? '', network: t(`network.${network}`) }));
}

let lastKind = '';

function drawBar() {
  const bar = $('#lost');
  const { kind, text } = trouble();
  bar.hidden = !kind;
  if (kind !== lastKind) {
    if (kind === 'lost' || kind === 'back') announce(text, kind === 'lost');
    lastKind = kind;
  }
  if (!kind || bar.dataset.text === text) return;
  Object.assign(bar.dataset, { kind, text });
  bar.replaceChildren(h('span', {}, text));
  if (kind === 'stale') bar.append(h('button', { type: 'button', class: 'button small', 'data-testid': 'reload', onclick: () => location.reload() }, t('conn.reload')));
  if (kind === 'lost') bar.append(h('button', { type: 'button', class: 'button small', onclick: refresh }, t('conn.retry')));
}

/** The server now runs another version, or serves other files than those of this page. */
const outdated = (name) => state.server?.[name] && state.boot[name] && state.server[name] !== state.boot[name];

function trouble() {
  if (link.lostSince) {
    const away = t('conn.lost', { time: countdown(Date.now() - link.lostSince) });
    return { kind: 'lost', text: link.error && !link.error.offline ? `${away} ${link.error.text}` : away };
  }
  if (link.backAt && performance.now() - link.backAt < BACK_MS) return { kind: 'back', text: t('conn.back') };
  if (outdated('version')) return { kind: 'stale', text: t('conn.new_version', { version: state.server.version }) };
  if (outdated('build')) return { kind: 'stale', text: t('conn.new_page') };
  if (state.errors.length) {
    const parts = state.errors.map((item) => t(`part.${item.part}`)).join(', ');
    return { kind: 'parts', text: t('conn.parts', { parts, reason: state.errors[0].message }) };
  }
  return { kind: '', text: '' };
}

function drawAges() {
  const node = $('#market-age');
  const ms = age('market');
  const level = ms === null || ms <= LATE_MS ? '' : ms > STALE_MS ? 'stale' : 'late';
  document.body.classList.toggle('stale', level === 'stale');
  $('.book-panel').classList.toggle('unsure', state.bookUnsure);
  node.hidden = !level;
  node.dataset.level = level;
  if (level) setText(node.lastElementChild, t('age.data', { age: seconds(ms) }));
  for (const part of ['market', 'account']) {
    const value = age(part);
    setText($(`[data-status="${part}"]`), value === null ? '' : t(`status.${part}`, { age: seconds(value) }));
  }
  setText($('[data-status="rtt"]'), link.rtt === null ? '' : t('status.rtt', { n: Math.round(link.rtt) }));
  setText($('[data-status="ack"]'), link.acks.length ? t('status.ack', { n: Math.round(quantile(link.acks, 0.5)) }) : '');
  setText($('[data-status="via"]'), link.via === 'none' ? '' : t(`status.via.${link.via}`));
}

function drawServer() {
  setText($('[data-status="pid"]'), state.server?.pid ? `PID ${state.server.pid}` : '');
  setText($('[data-status="uptime"]'), link.lostSince || !state.server?.started_ms ? uptime(null) : uptime(serverNow() - state.server.started_ms));
}

function drawSides() {
  const futures = isFutures();
  const hedgeClose = document.body.dataset.leg === 'close';
  for (const side of ['buy', 'sell']) {
    const key = !futures ? 'spot' : hedgeClose ? 'hedge_close' : 'futures';
    for (const node of $$(`[data-side-label="${side}"]`)) setText(node, t(`side.${side}.${key}`));
  }
}

function drawCounts() {
  const count = state.positions?.length ?? 0;
  for (const node of $$('[data-count="positions"]')) {
    node.hidden = !count;
    setText(node, String(count));
  }
}

function second() {
  drawBar();
  drawAges();
  drawServer();
}

export function init() {
  for (const node of $$('[data-plain-http]')) node.hidden = window.isSecureContext;
  on('accounts', () => { drawNetwork(); drawAccount(); drawTitle(); });
  on('account', () => { drawNetwork(); drawAccount(); drawCounts(); });
  for (const topic of ['market', 'alarm']) on(topic, drawTitle);
  on('conn', second);
  on('server', second);
  on('time', second);
  on('place', () => { drawSides(); drawTitle(); });
  on('prefs', drawSides);
  drawNetwork();
  drawAccount();
  drawSides();
  second();
}
