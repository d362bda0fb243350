// How the page and the server hear each other: which carrier runs, how long an answer takes, since when nothing comes.

import { get } from './api.js';
import { emit, state } from './store.js';

const PING_MS = 5000;
const PING_WAIT_MS = 4000;
const FIRST_MS = [100, 1500];
const KEPT = 60;
const COMPARED = 12;

export const link = {
  via: 'none', rtt: null, pings: [], acks: [], failures: 0, lostSince: null, error: null, backAt: 0, reconnects: 0, openedAt: 0, reason: '',
};

const offsets = [];
const watchers = { back: [] };

/** Calls `act` when the server answers again after it was lost. */
export function onBack(act) {
  watchers.back.push(act);
}

export function good() {
  const was = link.lostSince;
  Object.assign(link, { failures: 0, lostSince: null, error: null });
  if (!was) return;
  link.backAt = performance.now();
  for (const act of watchers.back) act();
}

/** One failure may be a hiccup; two in a row mean that the server is lost. */
export function bad(error) {
  link.failures += 1;
  link.error = error;
  if (link.failures >= 2) link.lostSince ??= Date.now();
  emit('conn');
}

function keep(list, value) {
  list.push(value);
  if (list.length > KEPT) list.shift();
}

/** How long the exchange's answer to an order took, from this page and back to it. */
export const acknowledged = (ms) => keep(link.acks, ms);

/** The smallest value that `share` of `list` does not exceed; null when it is empty. */
export function quantile(list, share) {
  if (!list.length) return null;
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
}

/** Of `{rtt, offset}` the offset that the quickest answer showed, because that is the least vague one. */
export const offsetOf = (answers) => answers.reduce((best, one) => (one.rtt < best.rtt ? one : best)).offset;

/** How the two clocks differ is only shown, and counts down to funding. */
function learnOffset(offset) {
  offsets.push({ rtt: link.rtt, offset });
  if (offsets.length > COMPARED) offsets.shift();
  state.offsetMs = offsetOf(offsets);
}

/** One round trip. Clocks differ between devices, so nothing is ever computed from the server's time. */
export async function ping() {
  const began = performance.now();
  try {
    const answer = await get('/api/ping', null, { timeout: PING_WAIT_MS });
    link.rtt = performance.now() - began;
    learnOffset(answer.now_ms - (Date.now() - link.rtt / 2));
    keep(link.pings, link.rtt);
    good();
  } catch (error) {
    if (error.status === 429) return;
    bad(error);
  }
  emit('conn');
}

export function start() {
  setInterval(() => { if (!document.hidden) ping(); }, PING_MS);
  for (const ms of FIRST_MS) setTimeout(ping, ms);
}
