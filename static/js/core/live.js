// Keeps the page fed: the stream while it may, the poller while it must. Everything that comes in is drawn once per frame.

import { bad, good, link, onBack, ping, start as startPings } from './link.js';
import * as poller from './poller.js';
import { lang } from './i18n.js';
import { pref } from './prefs.js';
import { applyTopic } from './intake.js';
import { emit, holds, marketTopic, state, unstream } from './store.js';
import * as stream from './stream.js';
import * as tabs from './tabs.js';

const HIDE_MS = 10_000;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15_000;
const HEALTHY_MS = 3000;
const AGAIN_MS = 250;
const PATIENCE_MS = 2000;

const waiting = new Map();
let drawing = false;
let wait = FIRST_WAIT_MS;
let reopening = 0;
let hiding = 0;
let asleep = false;
let allowed = true;

function topics() {
  const market = marketTopic();
  return [`market:${market}`, `candles:${market}:${pref('chart').interval ?? '5m'}`, state.active && `account:${state.active}`, 'server', `copy:${lang()}`].filter(Boolean).join(',');
}

function draw() {
  drawing = false;
  const changed = new Set();
  for (const [kind, text, sequence] of waiting.values()) for (const topic of applyTopic(kind, JSON.parse(text), sequence)) changed.add(topic);
  waiting.clear();
  emit(...changed);
  supplement();
}

/** What the stream cannot tell now is asked for, as long as that lasts. */
function supplement() {
  if (link.via !== 'stream') return;
  if (holds('market') && holds('account')) poller.stop();
  else if (performance.now() - link.openedAt > PATIENCE_MS) poller.start();
}

/** Only the newest message of a kind is ever read, but every candle. A hidden page has no frames, yet still rings for a fill. */
function take(kind, text, sequence) {
  waiting.set(kind === 'candles' ? sequence : kind, [kind, text, sequence]);
  if (drawing) return;
  drawing = true;
  if (document.hidden) setTimeout(draw, AGAIN_MS);
  else requestAnimationFrame(draw);
}

/** The stream is gone: what it left is taken in, and holds back nothing that is asked for later. */
function flush() {
  if (waiting.size) draw();
  unstream();
}

function opened() {
  poller.stop();
  good();
  emit('conn');
  if (!state.rules || link.reconnects) poller.now();
}

function ended(lived) {
  if (lived > HEALTHY_MS) wait = FIRST_WAIT_MS;
  link.reconnects += 1;
  link.via = 'poll';
  flush();
  if (lived) bad(link.error);
  poller.start();
  clearTimeout(reopening);
  reopening = setTimeout(sync, lived > HEALTHY_MS ? AGAIN_MS : wait * (0.8 + Math.random() * 0.4));
  wait = Math.min(LONGEST_WAIT_MS, wait * 2);
}

/** Opens, changes or closes the stream, whichever is right now. */
function sync() {
  if (asleep) return;
  allowed = tabs.mayStream();
  if (allowed && stream.openTopics() !== topics()) {
    clearTimeout(reopening);
    waiting.clear();
    stream.open(topics(), { ontopic: take, onopen: opened, onend: ended });
  } else if (!allowed) {
    if (stream.isOpen()) stream.close();
    flush();
    link.via = 'poll';
    poller.start();
  }
}

/** Asks at once and goes on from there: after a change of place or account, or when somebody presses "try now". */
export function refresh() {
  wait = FIRST_WAIT_MS;
  sync();
  poller.now();
}

/** The stream with other topics: another interval of the candles. */
export const retopic = sync;

let soonTimer = 0;

/** Fresh account data are wanted soon. A stream brings them anyway; without one, many wishes in a row are one question. */
export function refreshSoon() {
  if (link.via === 'stream' && holds('account')) return;
  clearTimeout(soonTimer);
  soonTimer = setTimeout(poller.now, 60);
}

function sleep() {
  asleep = true;
  clearTimeout(reopening);
  stream.close();
  flush();
  poller.stop();
}

function visibility() {
  clearTimeout(hiding);
  tabs.want(!document.hidden);
  if (document.hidden) {
    if (drawing) draw();
    hiding = setTimeout(sleep, HIDE_MS);
    return;
  }
  wait = FIRST_WAIT_MS;
  asleep = false;
  if (!stream.isOpen()) ping();
  sync();
  if (link.via !== 'stream') poller.now();
}

export function start() {
  document.addEventListener('visibilitychange', visibility);
  window.addEventListener('online', refresh);
  window.addEventListener('pagehide', () => { asleep = true; stream.close(); });
  window.addEventListener('pageshow', (event) => { if (event.persisted) visibility(); });
  onBack(() => { wait = FIRST_WAIT_MS; sync(); });
  tabs.want(!document.hidden);
  tabs.start(() => { if (tabs.mayStream() !== allowed) sync(); });
  startPings();
  refresh();
}
