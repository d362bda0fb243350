// The stand-in when no stream is open: one snapshot every two seconds while the page is visible. One at a time also in
// between, for what streams do not bring: the rules of an instrument.

import { get } from './api.js';
import { bad, good, link } from './link.js';
import { apply } from './intake.js';
import { placeFields, samePlace, state } from './store.js';

const EVERY_MS = 2000;
const LONGEST_MS = 15_000;

let timer = 0;
let turn = 0;
let depth = 20;
let running = false;

export function setDepth(levels) {
  depth = levels;
}

async function once(mine) {
  const place = { ...state.place };
  const active = state.active;
  const snapshot = await get('/api/snapshot', { account: active, ...placeFields(place), depth }, { timeout: 8000 });
  if (mine !== turn || !samePlace(place, state.place) || active !== state.active) return;
  good();
  apply(snapshot);
}

function pause() {
  if (!link.failures) return EVERY_MS;
  const asked = (link.error?.retry_after ?? 0) * 1000;
  return Math.max(asked, Math.min(LONGEST_MS, 1000 * 1.6 ** link.failures));
}

/** Asks at once, and goes on asking while `start` holds. */
export async function now() {
  clearTimeout(timer);
  turn += 1;
  const mine = turn;
  try {
    await once(mine);
  } catch (error) {
    if (mine !== turn) return;
    bad(error);
  }
  if (mine === turn && !document.hidden && (running || !state.rules)) timer = setTimeout(now, pause());
}

export function start() {
  if (running) return;
  running = true;
  now();
}

export function stop() {
  running = false;
  clearTimeout(timer);
}
