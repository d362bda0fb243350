// What the page knows. It comes in at one place (intake.js), whatever carries it; parts of the page subscribe to topics.

export const state = {
  boot: null,
  place: { market: 'futures', settle: 'usdt', instrument: 'BTC_USDT' },
  view: 'trade',
  accounts: [],
  active: null,
  rules: null,
  ticker: null,
  book: null,
  trades: null,
  orders: null,
  triggers: null,
  positions: null,
  positionMode: 'single',
  balance: null,
  intents: null,
  sending: [],
  errors: [],
  server: null,
  mode: 'normal',
  network: null,
  fills: null,
  candles: [],
  bookUnsure: false,
  streams: [],
  orderSockets: [],
  seen: {},
  offsetMs: 0,
};

const listeners = new Map();

/** Calls `listener` after each change of `topic`: market, candle, account, conn, place, accounts, prefs, server, mode, time. */
export function on(topic, listener) {
  if (!listeners.has(topic)) listeners.set(topic, new Set());
  listeners.get(topic).add(listener);
}

export function emit(...topics) {
  for (const topic of topics) {
    for (const listener of listeners.get(topic) ?? []) listener(state);
  }
}

export const samePlace = (a, b) => a.market === b.market && (a.settle || '') === (b.settle || '') && a.instrument === b.instrument;

export const isFutures = () => state.place.market === 'futures';
export const hedge = () => isFutures() && state.positionMode === 'dual';
export const account = () => state.accounts.find((item) => item.id === state.active) ?? null;
export const networkOf = () => account()?.network ?? state.network ?? 'paper';
export const mayTrade = () => state.boot?.role !== 'viewer';
export const isOwner = () => state.boot?.role === 'owner';

/** The three fields that name the shown instrument in a body or query. */
export function placeFields(place = state.place) {
  const fields = { market: place.market, instrument: place.instrument };
  if (place.market === 'futures') fields.settle = place.settle;
  return fields;
}

export const positionHere = () => (state.positions ?? []).filter((item) => item.instrument === state.place.instrument);

/** How the address of a market is written in topics: `paper:usdt:BTC_USDT`. */
export const marketTopic = () => `${networkOf()}:${isFutures() ? state.place.settle : 'spot'}:${state.place.instrument}`;

/** Whether `stream` of the server's list carries this part of what the page shows. */
export function carries(stream, part) {
  if (part === 'market') return !stream.account && stream.network === networkOf() && stream.market === state.place.market && (stream.settle || '') === (state.place.settle || '');
  return stream.account === state.active;
}

/** Milliseconds since a stream's last sign of life; null when there was none. */
export const heardAgo = (stream) => ((stream.heard_ms_ago ?? null) === null ? null : stream.heard_ms_ago + (performance.now() - (state.seen.server?.at ?? performance.now())));

const since = (seen) => seen.base + (performance.now() - seen.at);

/** A live stream that spoke a moment ago proves that what it said before still holds; null without such proof. */
function heard(part) {
  const lines = state.streams.filter((stream) => carries(stream, part));
  if (!state.seen.server?.streamed || !lines.length || lines.some((stream) => stream.status !== 'live')) return null;
  return Math.max(...lines.map((stream) => stream.heard_ms_ago ?? Infinity)) + (performance.now() - state.seen.server.at);
}

/** Milliseconds since the part's data were true at the exchange, counted on this device's own clock. */
export function age(part) {
  const seen = state.seen[part];
  if (!seen || seen.base === null) return null;
  const proof = heard(part);
  return proof === null ? since(seen) : Math.min(since(seen), proof);
}

export const STALE_MS = 10_000;

/** Whether the market shown is too old to trade on without a question. */
export const stale = () => (age('market') ?? 0) > STALE_MS;

const HELD_MS = 5000;

/** Whether the stream keeps this part true; otherwise a snapshot is newer. */
export function holds(part) {
  const seen = state.seen[part];
  return Boolean(seen?.streamed) && (since(seen) < HELD_MS || heard(part) !== null);
}

/** Nothing is kept true by a stream any more: whatever is read next is newer. */
export function unstream() {
  for (const seen of Object.values(state.seen)) seen.streamed = false;
}

/** Forgets what belonged to another instrument or account, so that nothing wrong is shown in between. */
export function clear(market, accountToo) {
  if (market) Object.assign(state, { rules: null, ticker: null, book: null, trades: null, candles: [], bookUnsure: false });
  if (accountToo) {
    Object.assign(state, { orders: null, triggers: null, positions: null, balance: null, intents: null, fills: null, sending: [] });
    delete state.seen.account;
  }
  delete state.seen.market;
  delete state.seen.candles;
  emit('market', 'account');
}

/** Server time, from the last snapshot's clock. */
export const serverNow = () => Date.now() + state.offsetMs;
