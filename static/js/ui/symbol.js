// The symbol bar: last price and the day in numbers; spot/futures switch.

import { $, $$, press, setClass, setText } from '../core/dom.js';
import { arrow, compact, countdown, percent, price, trend, NONE } from '../core/format.js';
import { mul } from '../core/decimal.js';
import { t } from '../core/i18n.js';
import { pref } from '../core/prefs.js';
import { isFutures, on, serverNow, state } from '../core/store.js';

let direction = '';
let previous = null;

const part = (name) => $(`[data-symbol="${name}"]`);

function drawPlace() {
  const { market, settle, instrument } = state.place;
  setText($('[data-instrument]'), instrument);
  setText($('[data-kind]'), market === 'spot' ? t('market.spot') : settle === 'usdt' ? t('market.perpetual') : t('market.inverse'));
  const buttons = $$('[data-market-switch]');
  press(buttons, buttons.find((node) => node.dataset.marketSwitch === market));
  for (const name of ['mark', 'interest', 'funding']) $(`[data-stat="${name}"]`).hidden = market === 'spot';
  direction = '';
  previous = null;
}

function drawLast(ticker) {
  const last = ticker?.last ?? null;
  if (last !== previous && last && previous) direction = Number(last) > Number(previous) ? 'up' : 'down';
  previous = last;
  setText(part('last'), last ? `${{ up: '▲', down: '▼' }[direction] ?? ''}${price(last, state.rules)}` : NONE);
  setClass(part('last'), `last num ${pref('flash') ? direction : ''}`.trim());
}

function draw() {
  const ticker = state.ticker;
  drawLast(ticker);
  setText(part('mark'), ticker?.mark ? price(ticker.mark, state.rules) : NONE);
  setText(part('change'), ticker ? `${arrow(ticker.change_pct)} ${percent(ticker.change_pct, 2, true)}`.trim() : NONE);
  setClass(part('change'), `num ${trend(ticker?.change_pct)}`);
  setText(part('range'), ticker ? `${price(ticker.high, state.rules)} / ${price(ticker.low, state.rules)}` : NONE);
  setText(part('volume'), ticker ? `${compact(ticker.volume_quote)} ${state.rules?.quote ?? ''}` : NONE);
  setText(part('interest'), ticker?.open_interest ? compact(ticker.open_interest) : NONE);
  drawFunding();
}

function drawFunding() {
  const ticker = state.ticker;
  if (!isFutures() || !ticker?.funding_rate) return;
  const rate = percent(mul(ticker.funding_rate, '100'), 4);
  setText(part('funding'), ticker.funding_next_ms ? `${rate} · ${countdown(ticker.funding_next_ms - serverNow())}` : rate);
}

export function init() {
  on('place', () => { drawPlace(); draw(); });
  on('market', draw);
  on('time', drawFunding);
  drawPlace();
}
