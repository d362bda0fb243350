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
  ages: { market: null, account: null },
  receivedAt: 0,
  offsetMs: 0,
};

const listeners = new Map();

/** Calls `listener` after each change of `topic`: market, account, conn, place, accounts, prefs, server, mode, time. */
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

/** Milliseconds since the part's data were true at the exchange, counted on this device's own clock. */
export function age(part) {
  const base = state.ages[part];
  return base === null || base === undefined || !state.receivedAt ? null : base + (performance.now() - state.receivedAt);
}

const PARTS = ['ticker', 'book', 'trades', 'orders', 'triggers', 'positions', 'balance', 'intents'];

/** Takes a snapshot over; a part that could not be read keeps its last value and is named in `errors`. */
export function apply(snapshot) {
  const failed = new Set((snapshot.errors ?? []).map((item) => item.part));
  for (const part of PARTS) {
    const absent = snapshot[part] === null || snapshot[part] === undefined;
    if (!absent || !failed.has(part)) state[part] = snapshot[part] ?? null;
  }
  if (snapshot.instrument && typeof snapshot.instrument === 'object') state.rules = snapshot.instrument;
  if (snapshot.position_mode) state.positionMode = snapshot.position_mode;
  state.errors = snapshot.errors ?? [];
  state.ages = snapshot.age_ms ?? {};
  state.receivedAt = performance.now();
  state.offsetMs = snapshot.now_ms - Date.now();
  state.network = snapshot.network ?? state.network;
  state.server = { ...state.server, ...snapshot.server };
  const mode = snapshot.mode ?? state.mode;
  const modeChanged = mode !== state.mode;
  state.mode = mode;
  forgetSent();
  emit('market', 'account', 'server');
  if (modeChanged) emit('mode');
}

/** A "sending" row ends when the journal shows the same request. */
function forgetSent() {
  const known = new Set((state.intents ?? []).map((item) => item.request_id));
  state.sending = state.sending.filter((item) => !known.has(item.request_id));
}

/** Forgets what belonged to another instrument or account, so that nothing wrong is shown in between. */
export function clear(market, accountToo) {
  if (market) Object.assign(state, { rules: null, ticker: null, book: null, trades: null });
  if (accountToo) {
    Object.assign(state, { orders: null, triggers: null, positions: null, balance: null, intents: null, sending: [] });
  }
  state.ages = { market: null, account: null };
  emit('market', 'account');
}

/** Server time, from the last snapshot's clock. */
export const serverNow = () => Date.now() + state.offsetMs;
