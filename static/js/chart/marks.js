// Own fills of the shown instrument, one arrow per candle and side.

import { get } from '../core/api.js';
import { on, placeFields, samePlace, state } from '../core/store.js';
import { intervalMs } from './candles.js';
import { showsFills } from './look.js';

const MOST = 100;

export class Marks {
  /** `show(list)` gets `{start_ms, side}` in the order of time. */
  constructor(candles, show) {
    Object.assign(this, { candles, show, loaded: [], shown: '' });
    on('account', () => this.draw());
  }

  async load() {
    const place = { ...state.place };
    const active = state.active;
    this.loaded = [];
    try {
      const answer = await get('/api/fills', { account: active, ...placeFields(place), limit: MOST });
      if (!samePlace(place, state.place) || active !== state.active) return;
      this.loaded = answer.items;
    } catch {
      // Arrows are an extra; the list of fills names the trouble.
    }
    this.draw();
  }

  draw() {
    const first = this.candles.rows[0]?.start_ms ?? Infinity;
    const found = new Map();
    for (const fill of showsFills() ? [...this.loaded, ...(state.fills ?? [])] : []) {
      const start = fill.time_ms - (fill.time_ms % intervalMs());
      if (start >= first && samePlace({ ...fill, settle: fill.market === 'spot' ? '' : fill.settle }, state.place)) found.set(`${start}|${fill.side}`, { start_ms: start, side: fill.side });
    }
    const list = [...found.values()].sort((a, b) => a.start_ms - b.start_ms);
    const name = JSON.stringify([list, intervalMs()]);
    if (name === this.shown) return;
    this.shown = name;
    this.show(list);
  }
}
