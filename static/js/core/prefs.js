// The desk's own view settings, kept on the server; changes are sent together after a moment.

import { patch } from './api.js';
import { emit, state } from './store.js';

const DEFAULTS = {
  lang: 'auto', theme: 'system', palette: 'standard', up_colour: 'green', confirm_market: true, confirm_limit: false,
  hotkeys: true, flash: true, large_order: '1000', book: { group: 1, unit: 'base' }, chart: { interval: '5m', count: 90 },
  panel: 'positions', only_here: false, sound_fill: true, sound_reject: true, sound_link: true, sound_copy: true, volume: 50, favourites: [], tickets: {},
};

let values = {};
let waiting = {};
let timer = 0;

export function init(saved) {
  values = { ...saved };
}

export const pref = (key) => values[key] ?? DEFAULTS[key];

export function setPref(key, value) {
  values[key] = value;
  waiting[key] = value;
  clearTimeout(timer);
  timer = setTimeout(flush, 400);
  if (['theme', 'palette', 'up_colour'].includes(key)) dress();
  emit('prefs');
}

/** Sends what waits; a lost setting is not worth an alarm, it is sent again with the next one. */
export async function flush() {
  const changes = waiting;
  waiting = {};
  if (!Object.keys(changes).length || !state.boot) return;
  try {
    await patch('/api/ui/state', { changes });
  } catch {
    waiting = { ...changes, ...waiting };
  }
}

export function dress() {
  const root = document.documentElement;
  root.dataset.theme = pref('theme');
  root.dataset.palette = pref('palette');
  root.dataset.up = pref('up_colour');
}
