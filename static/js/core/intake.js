// Where data come in: snapshots and the messages of the stream end in the same state, whatever carried them.

import { link } from './link.js';
import { emit, holds, marketTopic, state } from './store.js';

const PRINTS = 50;
const FRESH_MS = 1000;
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
  if (nowMs && !link.pings.length) state.offsetMs = nowMs - Date.now();
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

let print = { topic: '', id: null, at: 0, price: null };

/** The newest print is the last price. The ticker says the same, later; it counts when there was no print for a second. */
function lastOf({ topic, ticker, trades }) {
  const newest = trades?.[0];
  const now = performance.now();
  if (newest && (newest.id !== print.id || topic !== print.topic)) print = { topic, id: newest.id, price: newest.price, at: now };
  return newest && now - print.at < FRESH_MS ? print.price : ticker.last;
}

const KINDS = {
  market(payload, sequence) {
    if (payload.topic !== `market:${marketTopic()}`) return [];
    if (!payload.ticker && !payload.book) return [];
    const ticker = payload.ticker && { ...payload.ticker, last: lastOf(payload) };
    fill(MARKET, { ...payload, ticker, trades: joined(payload.trades ?? []) });
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
  copy(payload) {
    state.copying = payload;
    return ['copying'];
  },
  server(payload, sequence) {
    const { topic, now_ms: nowMs, active_account: active, streams, order_sockets: sockets, ...server } = payload;
    Object.assign(state, { streams: streams ?? [], orderSockets: sockets ?? [] });
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
