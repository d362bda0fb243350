// What the page knows of copying. It comes by the stream's topic `copy`, and while there is no stream by asking.

import { get, post } from '../core/api.js';
import { link as line } from '../core/link.js';
import { emit, on, state } from '../core/store.js';

const POLL_MS = 2000;
const FEED = 50;

export const copy = { known: false, error: null, mode: 'normal', brakes: [], links: [], sync: [], problems: [], events: [], more: null, filter: { act: '', link: '' }, newest: 0, at: 0 };

let askedAt = -POLL_MS;
let parameters = null;
let shape = '';

/** Takes a whole new state over, whatever brought it. */
export function take(payload) {
  const { topic, ...fresh } = payload;
  Object.assign(copy, fresh, { known: true, error: null, at: performance.now() });
  if (copy.newest !== feedSeen && (copy.links.length || copy.newest)) loadFeed();
  emit('copy');
  const mark = JSON.stringify([copy.mode, copy.links.map((item) => [item.id, item.state, item.leader.id, item.follower.name])]);
  if (mark === shape) return;
  shape = mark;
  emit('copy-links');
}

export async function refreshCopy() {
  askedAt = performance.now();
  try {
    take(await get('/api/copy', null, { timeout: 6000 }));
  } catch (error) {
    copy.error = error;
    emit('copy');
  }
}

let feedSeen = 0;
let turn = 0;

/** Reads the newest rows of the feed; `older` continues below those that are shown. */
export async function loadFeed(older = false) {
  const mine = ++turn;
  const seen = copy.newest;
  try {
    const answer = await get('/api/copy/events', { ...copy.filter, limit: FEED, before: older ? copy.more : null });
    if (mine !== turn) return;
    feedSeen = seen;
    const first = answer.items[0] ? Number(answer.items[0].id) : 0;
    copy.events = older ? [...copy.events, ...answer.items] : answer.items;
    copy.more = answer.next;
    if (!older && first > feedSeen) feedSeen = first;
    emit('copy-feed');
  } catch (error) {
    if (mine === turn) copy.events = older ? copy.events : [];
    emit('copy-feed');
  }
}

export function setFilter(changes) {
  Object.assign(copy.filter, changes);
  emit('copy-feed');
  return loadFeed();
}

/** The table of parameters in the reader's language, read once. */
export async function loadParameters() {
  parameters ??= await get('/api/copy/parameters');
  return parameters;
}

export const linkOf = (id) => copy.links.find((item) => item.id === id) ?? null;
export const rowsOf = (id) => copy.sync.filter((row) => row.link_id === id);
export const accountOf = (id) => state.accounts.find((item) => item.id === id) ?? null;

/** Milliseconds since the leader was known to stand so, counted on from when it was told. */
export const leaderAge = (item) => (item.leader_age_ms === null || item.leader_age_ms === undefined ? null : Number(item.leader_age_ms) + (performance.now() - copy.at));

/** Every leader once, in the order of the accounts. */
export const leaders = () => [...new Set(copy.links.map((item) => item.leader.id))];

/** A change of copying; the new state is asked for at once. */
export async function act(path, body) {
  const answer = await post(path, body);
  await refreshCopy();
  return answer;
}

function poll() {
  if (document.hidden || performance.now() - askedAt < POLL_MS) return;
  const wanted = state.view === 'copy' || copy.links.length > 0 || !copy.known;
  if (wanted && (line.via !== 'stream' || performance.now() - copy.at > 3 * POLL_MS)) refreshCopy();
}

export function init() {
  on('copying', () => take(state.copying));
  on('time', poll);
  on('view', () => { if (state.view === 'copy') { askedAt = -POLL_MS; poll(); if (!copy.events.length && copy.links.length) loadFeed(); } });
  on('accounts', () => emit('copy'));
}
