// The candles of the shown instrument and interval: loaded once, then kept by the stream; without one, asked for again.

import { get } from '../core/api.js';
import { link } from '../core/link.js';
import { pref } from '../core/prefs.js';
import { marketTopic, networkOf, on, placeFields, serverNow, state } from '../core/store.js';

export const INTERVALS = ['1m', '5m', '15m', '1h', '4h', '1d'];
const MINUTES = { '1m': 1, '5m': 5, '15m': 15, '1h': 60, '4h': 240, '1d': 1440 };
const MOST = 500;
const AGAIN_MS = 10_000;
const STREAMED_MS = 15_000;

const toNumbers = (item) => ({ start_ms: item.start_ms, open: +item.open, high: +item.high, low: +item.low, close: +item.close, volume: +item.volume });

export const intervalOf = () => (MINUTES[pref('chart').interval] ? pref('chart').interval : '5m');
export const intervalMs = () => MINUTES[intervalOf()] * 60_000;

/** Tells `{onload(fresh), onlast(), onfail(error)}` what happened; `rows` are numbers, oldest first. */
export class Candles {
  constructor(events) {
    Object.assign(this, { events, rows: [], name: '', timer: 0, turn: 0, openedAt: 0 });
    on('candle', () => this.take());
    on('market', () => this.follow());
    on('conn', () => this.resume());
  }

  async load() {
    clearTimeout(this.timer);
    const mine = ++this.turn;
    const name = `${marketTopic()}:${intervalOf()}`;
    const fresh = name !== this.name;
    if (fresh) Object.assign(this, { rows: [], name });
    if (fresh) this.events.onload(true);
    try {
      const answer = await get('/api/market/candles', { network: networkOf(), ...placeFields(), interval: intervalOf(), limit: MOST });
      if (mine !== this.turn) return;
      this.rows = answer.items.map(toNumbers).sort((a, b) => a.start_ms - b.start_ms);
      this.take();
      this.events.onload(fresh);
    } catch (error) {
      if (mine !== this.turn) return;
      this.events.onfail(error);
    }
    this.timer = setTimeout(() => this.again(), AGAIN_MS);
  }

  /** While no stream brings candles they are loaded again, unless nobody looks. */
  again() {
    if (!document.hidden && !link.lostSince && (!this.rows.length || !this.streamed())) this.load();
    else this.timer = setTimeout(() => this.again(), AGAIN_MS);
  }

  streamed() {
    const seen = state.seen.candles;
    return link.via === 'stream' && seen !== undefined && performance.now() - seen.at < STREAMED_MS;
  }

  /** A stream that was away has missed candles. */
  resume() {
    if (link.via !== 'stream' || link.openedAt === this.openedAt) return;
    if (this.openedAt && this.rows.length) this.load();
    this.openedAt = link.openedAt;
  }

  /** What came before the candles were loaded waits for them. */
  take() {
    if (!this.rows.length) return;
    const topic = `candles:${this.name}`;
    let changed = false;
    for (const payload of state.candles.splice(0)) if (payload.topic === topic) changed = this.put(toNumbers(payload.candle)) || changed;
    if (changed) this.events.onlast();
  }

  /** True when the running candle changed; one that was corrected or skipped means loading anew. */
  put(candle) {
    const last = this.rows.at(-1);
    if (candle.start_ms === last.start_ms) this.rows[this.rows.length - 1] = candle;
    else if (candle.start_ms > last.start_ms + intervalMs()) this.load();
    else if (candle.start_ms > last.start_ms) this.rows.push(candle);
    else this.correct(candle);
    return candle.start_ms >= last.start_ms;
  }

  correct(candle) {
    const at = this.rows.findIndex((row) => row.start_ms === candle.start_ms);
    if (at < 0 || JSON.stringify(this.rows[at]) === JSON.stringify(candle)) return;
    this.rows[at] = candle;
    this.events.onload(false);
  }

  /** Candles come once a second and prices ten times, so the running candle moves with the last price. */
  follow() {
    const last = Number(state.ticker?.last);
    const row = this.rows.at(-1);
    const fresher = state.seen.market?.streamed || !this.streamed();
    if (!last || !row || !fresher || row.close === last || serverNow() >= row.start_ms + intervalMs()) return;
    Object.assign(row, { close: last, high: Math.max(row.high, last), low: Math.min(row.low, last) });
    this.events.onlast();
  }
}
