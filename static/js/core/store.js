// What the page knows. Snapshots come in at one place, whatever carries them; parts of the page subscribe to topics.

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

/** Whether the stream keeps this part true; otherwise a snapshot is newer. */
export function holds(part) {
  const seen = state.seen[part];
  return Boolean(seen?.streamed) && (since(seen) < HELD_MS || heard(part) !== null);
}

const HELD_MS = 5000;
const PRINTS = 50;
const MARKET = ['ticker', 'book', 'trades'];
const ACCOUNT = ['orders', 'triggers', 'positions', 'balance', 'intents', 'fills'];

function see(part, base, streamed, sequence = '') {
  state.seen[part] = { base: base ?? null, at: performance.now(), streamed, sequence };
}

/** Parts that are there replace what was known; a part that could not be read keeps its last value. */
function fill(parts, from) {
  for (const part of parts) if (from[part] !== null && from[part] !== undefined) state[part] = from[part];
  if (from.position_mode) state.positionMode = from.position_mode;
  state.errors = state.errors.filter((item) => !parts.includes(item.part) || from[item.part] === null);
}

/** Takes a snapshot over. What a stream brings is newer than any snapshot, so that is left alone. */
export function apply(snapshot) {
  state.errors = snapshot.errors ?? [];
  for (const [kind, parts] of [['market', MARKET], ['account', ACCOUNT]]) {
    if (holds(kind)) state.errors = state.errors.filter((item) => !parts.includes(item.part));
    else {
      fill(parts, snapshot);
      see(kind, snapshot.age_ms?.[kind], false);
    }
  }
  if (snapshot.instrument && typeof snapshot.instrument === 'object') state.rules = snapshot.instrument;
  state.network = snapshot.network ?? state.network;
  takeServer(snapshot.now_ms, { ...snapshot.server, mode: snapshot.mode });
  forgetSent();
  emit('market', 'account', 'server');
}

function takeServer(nowMs, { mode, ...server }) {
  if (nowMs) state.offsetMs = nowMs - Date.now();
  state.server = { ...state.server, ...server };
  if (!mode || mode === state.mode) return;
  state.mode = mode;
  emit('mode');
}

/** A stream that has just begun knows no prints yet; those of the snapshot stay below the new ones. */
function joined(trades) {
  const known = new Set(trades.map((trade) => trade.id));
  return [...trades, ...(state.trades ?? []).filter((trade) => !known.has(trade.id))].slice(0, PRINTS);
}

const KINDS = {
  market(payload, sequence) {
    if (payload.topic !== `market:${marketTopic()}`) return [];
    if (!payload.ticker && !payload.book) return [];
    fill(MARKET, { ...payload, trades: joined(payload.trades ?? []) });
    state.bookUnsure = payload.book === null;
    see('market', payload.age_ms, true, sequence);
    return ['market'];
  },
  candles(payload, sequence) {
    state.candles = [...state.candles.slice(-9), payload];
    see('candles', 0, true, sequence);
    return ['candle'];
  },
  account(payload, sequence) {
    if (payload.account !== state.active) return [];
    fill(ACCOUNT, payload);
    if (payload.orders) see('account', payload.age_ms, true, sequence);
    forgetSent();
    return ['account'];
  },
  server(payload, sequence) {
    const { topic, now_ms: nowMs, active_account: active, streams, ...server } = payload;
    state.streams = streams ?? [];
    see('server', 0, true, sequence);
    takeServer(nowMs, server);
    return ['server'];
  },
};

/** Takes one message of the stream over; gives the topics of the page that changed by it. */
export const applyTopic = (kind, payload, sequence) => KINDS[kind](payload, sequence);

/** A "sending" row ends when the journal shows the same request. */
function forgetSent() {
  const known = new Set((state.intents ?? []).map((item) => item.request_id));
  state.sending = state.sending.filter((item) => !known.has(item.request_id));
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
