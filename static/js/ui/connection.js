// The connection chip with its three lights, and the dialog that says how each of them is known.

import { open, summary } from '../core/dialog.js';
import { $, button, h, icon, setText } from '../core/dom.js';
import { seconds, uptime, NONE } from '../core/format.js';
import { t } from '../core/i18n.js';
import { link, quantile } from '../core/link.js';
import { STALE_MS, age, carries, heardAgo, on, serverNow, state } from '../core/store.js';
import { ms, socketsTable, streamsTable } from './lines.js';
import { goView } from './places.js';

const SLOW_MS = 500;
const SLOW_ACK_MS = 2000;
const ORDER = ['ok', 'wait', 'slow', 'bad'];

const worst = (levels) => levels.reduce((a, b) => (ORDER.indexOf(b) > ORDER.indexOf(a) ? b : a), 'ok');
const pair = (list) => (list.length ? t('conn.quantiles', { p50: ms(quantile(list, 0.5)), p95: ms(quantile(list, 0.95)) }) : NONE);

function serverLight() {
  if (link.lostSince) return 'bad';
  if (link.rtt === null) return 'wait';
  return link.rtt > SLOW_MS || link.via === 'poll' ? 'slow' : 'ok';
}

function lineLight(stream) {
  if (stream.status === 'down') return 'bad';
  return stream.status !== 'live' || (heardAgo(stream) ?? Infinity) > STALE_MS ? 'slow' : 'ok';
}

/** What the shown market and account hang on; without a list of streams their ages say it. */
function exchangeLight() {
  if (link.lostSince) return 'wait';
  const lines = state.streams.filter((stream) => carries(stream, 'market') || carries(stream, 'account'));
  if (link.via === 'stream' && lines.length) return worst(lines.map(lineLight));
  const old = age('market');
  return old === null ? 'wait' : old > STALE_MS ? 'bad' : 'ok';
}

/** Orders of the active account leave over their sockets; without a ready one they take the slower way. */
function orderLight() {
  if (link.lostSince) return 'wait';
  const sockets = link.via === 'stream' ? state.orderSockets.filter((row) => row.account === state.active) : [];
  if (state.server?.health?.ok === false || sockets.some((row) => !row.ready)) return 'slow';
  if (!link.acks.length) return sockets.length ? 'ok' : 'wait';
  return quantile(link.acks, 0.95) > SLOW_ACK_MS ? 'slow' : 'ok';
}

const LIGHTS = { server: serverLight, exchange: exchangeLight, orders: orderLight };

function drawChip() {
  const chip = $('#connection');
  const levels = Object.fromEntries(Object.entries(LIGHTS).map(([name, read]) => [name, read()]));
  for (const [name, level] of Object.entries(levels)) $(`[data-light="${name}"]`, chip).dataset.level = level;
  chip.dataset.state = link.lostSince ? 'lost' : link.rtt === null ? 'wait' : worst([levels.server, levels.exchange]);
  setText($('[data-text]', chip), link.lostSince ? t('conn.lost_short') : ms(link.rtt));
  const words = Object.entries(levels).map(([name, level]) => `${t(`conn.light.${name}`)}: ${t(`conn.level.${level}`)}`);
  chip.title = words.join('\n');
  chip.setAttribute('aria-label', t('conn.label', { text: `${link.lostSince ? t('conn.lost_short') : ms(link.rtt)}. ${words.join(', ')}` }));
}

function facts() {
  const started = state.server?.started_ms;
  return [
    [t('conn.light.server'), ms(link.rtt)],
    [t('conn.rtt'), pair(link.pings)],
    [t('conn.carrier'), t(`conn.via.${link.via}`, { age: link.openedAt ? seconds(performance.now() - link.openedAt) : '' })],
    [t('conn.reconnects'), String(link.reconnects)],
    [t('conn.ack'), pair(link.acks)],
    [t('conn.offset'), ms(state.offsetMs)],
    [t('conn.ages'), ['market', 'account'].map((part) => `${t(`conn.age.${part}`)} ${age(part) === null ? NONE : seconds(age(part))}`).join(', ')],
    [t('server.unfinished'), String(state.server?.unfinished ?? NONE)],
    [t('server.title'), `${state.server?.pid ? `PID ${state.server.pid} · ` : ''}${uptime(link.lostSince || !started ? null : serverNow() - started)} · ${state.server?.version ?? ''}`],
  ];
}

let drawOpen = null;

async function show() {
  const list = summary(facts());
  const [streams, sockets] = [streamsTable(), socketsTable()];
  const problems = h('ul', { class: 'problems' });
  drawOpen = () => {
    facts().forEach(([, value], index) => setText(list.children[index].lastChild, value));
    streams.draw(state.streams);
    sockets.draw(state.orderSockets);
    const texts = (state.server?.health?.problems ?? []).map((item) => item.message ?? String(item));
    if (problems.dataset.text === texts.join('\n')) return;
    problems.dataset.text = texts.join('\n');
    problems.replaceChildren(...texts.map((text) => h('li', {}, icon('triangle-alert'), h('span', {}, text))));
  };
  const done = open({
    title: t('conn.title'), kind: 'wide', testid: 'connection-dialog', body: [list, problems, ...[['streams', streams], ['sockets', sockets]].flatMap(([name, table]) => [h('h3', {}, t(`conn.${name}`)), h('div', { class: 'table-scroll' }, table.root)]), h('p', { class: 'hint' }, t('conn.hint'))],
    actions: (close) => [button(t('conn.server_card'), { onclick: () => { close(null); goView('settings', 'server'); } })],
  });
  drawOpen();
  await done;
  drawOpen = null;
}

function draw() {
  drawChip();
  drawOpen?.();
}

export function init() {
  $('#connection').addEventListener('click', show);
  for (const topic of ['conn', 'server', 'time']) on(topic, draw);
  draw();
}
