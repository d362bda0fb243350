// The server card: what runs, since when, where; restart and stop, watched until the new process answers.

import { get, post } from '../core/api.js';
import { confirm, open } from '../core/dialog.js';
import { $, h, setText } from '../core/dom.js';
import { money, number, seconds, uptime } from '../core/format.js';
import { t } from '../core/i18n.js';
import { link } from '../core/link.js';
import { isOwner, on, serverNow, state } from '../core/store.js';
import { fail } from '../core/toast.js';
import { elevate } from './elevate.js';

const EVERY_MS = 5000;
const WATCH_MS = 500;
const PATIENCE_MS = 60_000;
let status = null;
let askedAt = -EVERY_MS;

const part = (name) => $(`[data-server="${name}"]`);

function drawLists() {
  part('addresses').replaceChildren(...status.addresses.map((item) => h('li', {}, h('a', { href: item.url }, item.url), h('span', { class: 'muted' }, item.adapter))));
  part('networks').replaceChildren(...status.networks.map((item) => h('li', {}, h('span', {}, h('span', { class: 'badge', data: { network: item.network } }, t(`network.${item.network}`)), ` ${item.host}`),
    h('span', { class: item.error ? 'bad' : 'muted num' }, item.error || t('server.network_line', { latency: item.latency_ms ?? '—', age: item.age_ms === null ? '—' : seconds(item.age_ms) })))));
  const problems = [...(status.health?.problems ?? []), status.restart_failure].filter(Boolean);
  part('problems').hidden = !problems.length;
  part('problems').replaceChildren(...problems.map((text) => h('li', {}, typeof text === 'string' ? text : text.message)));
}

function draw() {
  const lost = Boolean(link.lostSince);
  part('dot').dataset.state = lost ? 'bad' : status ? 'ok' : 'wait';
  setText(part('state'), t(lost ? 'server.lost' : status ? (status.health?.ok === false ? 'server.degraded' : 'server.running') : 'common.loading'));
  const started = status?.started_ms ?? state.server?.started_ms;
  setText(part('uptime'), lost || !started ? uptime(null) : uptime(serverNow() - started));
  if (!status) return;
  setText(part('pid'), lost ? '—' : String(status.pid));
  setText(part('version'), status.version);
  setText(part('mode'), t(`mode.${status.mode}`));
  setText(part('db'), t('server.bytes', { size: number(String((status.db_bytes ?? 0) / 1e6), 1) }));
  setText(part('unfinished'), String(status.unfinished ?? 0));
}

async function load() {
  if (state.view !== 'settings' || performance.now() - askedAt < EVERY_MS) return draw();
  askedAt = performance.now();
  try {
    status = await get('/api/server/status');
    drawLists();
  } catch {
    // `draw` shows the lost state from the poller.
  }
  return draw();
}

/** Polls the reduced status until another instance answers, then starts the page anew there. */
async function watch(before, dialogText) {
  const until = Date.now() + PATIENCE_MS;
  while (Date.now() < until) {
    await new Promise((resolve) => { setTimeout(resolve, WATCH_MS); });
    try {
      const answer = await fetch('/api/server/status', { cache: 'no-store', signal: AbortSignal.timeout(2000) });
      const now = await answer.json();
      if (now.instance && now.instance !== before) {
        location.reload();
        return;
      }
    } catch {
      setText(dialogText, t('server.away'));
    }
  }
  setText(dialogText, t('server.no_return'));
}

async function act(kind) {
  const nonce = async () => (await get('/api/server/status')).nonce;
  const yes = await confirm({
    title: t(`server.${kind}_title`), yes: t(`server.${kind === 'restart' ? 'restart' : 'stop'}`), danger: true, testid: `${kind}-dialog`,
    body: [h('p', {}, t('server.orders_stay', { n: state.orders?.length ?? 0 })), h('p', {}, t(`server.${kind}_text`)), state.balance ? h('p', { class: 'muted num' }, `${t('balance.total')}: ${money(state.balance.total_usdt, 'USDT')}`) : ''],
  });
  if (!yes || !(await elevate())) return;
  try {
    const before = (await get('/api/server/status')).instance;
    await post(`/api/server/${kind}`, { confirm: await nonce() });
    const text = h('p', { role: 'status', 'data-testid': `${kind}-progress` }, t(`server.${kind}_going`));
    open({ title: t(`server.${kind}_title`), body: [text], testid: `${kind}-watch` });
    if (kind === 'restart') watch(before, text);
  } catch (error) {
    fail(t(`server.${kind}_failed`), error);
  }
}

export function init() {
  $('#restart').addEventListener('click', () => act('restart'));
  $('#shutdown').addEventListener('click', () => act('shutdown'));
  for (const id of ['#restart', '#shutdown']) $(id).disabled = !isOwner();
  on('view', () => { askedAt = -EVERY_MS; load(); });
  on('time', load);
}
