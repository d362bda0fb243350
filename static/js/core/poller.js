// Fetches one snapshot a second while the page is visible. Another carrier can feed `apply` the same way later.

import { get } from './api.js';
import { apply, emit, placeFields, samePlace, state } from './store.js';

const EVERY_MS = 1000;
const LONGEST_MS = 15_000;

export const link = { rtt: null, failures: 0, lostSince: null, error: null, backAt: 0 };

let timer = 0;
let turn = 0;
let depth = 20;

export function setDepth(levels) {
  depth = levels;
}

async function once(mine) {
  const place = { ...state.place };
  const active = state.active;
  const began = performance.now();
  const snapshot = await get('/api/snapshot', { account: active, ...placeFields(place), depth }, { timeout: 8000 });
  if (mine !== turn || !samePlace(place, state.place) || active !== state.active) return;
  link.rtt = performance.now() - began;
  good();
  apply(snapshot);
}

function good() {
  if (link.lostSince) link.backAt = performance.now();
  Object.assign(link, { failures: 0, lostSince: null, error: null });
}

function bad(error) {
  link.failures += 1;
  link.error = error;
  if (link.failures >= 2) link.lostSince ??= Date.now();
}

const pause = (error) => {
  if (!link.failures) return EVERY_MS;
  const asked = (error?.retry_after ?? 0) * 1000;
  return Math.max(asked, Math.min(LONGEST_MS, EVERY_MS * 1.6 ** link.failures));
};

async function loop(mine) {
  if (mine !== turn || document.hidden) return;
  const began = performance.now();
  try {
    await once(mine);
  } catch (error) {
    if (mine !== turn) return;
    bad(error);
  }
  if (mine !== turn) return;
  emit('conn');
  const spent = link.failures ? 0 : performance.now() - began;
  timer = setTimeout(() => loop(mine), Math.max(100, pause(link.error) - spent));
}

/** Asks at once and goes on from there: after an order, a change of place, or on return to the page. */
export function refresh() {
  clearTimeout(timer);
  turn += 1;
  loop(turn);
}

export function start() {
  document.addEventListener('visibilitychange', () => {
    clearTimeout(timer);
    turn += 1;
    if (!document.hidden) refresh();
  });
  window.addEventListener('online', refresh);
  refresh();
}

/** Fresh data are wanted soon, but many wishes in a row are one. */
let soonTimer = 0;
export function refreshSoon() {
  clearTimeout(soonTimer);
  soonTimer = setTimeout(refresh, 60);
}
