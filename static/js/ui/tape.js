// The tape: other people's trades, newest first; prints of one millisecond and side are one line.

import { add } from '../core/decimal.js';
import { $, h, setClass, setText } from '../core/dom.js';
import { brief, clock, price } from '../core/format.js';
import { t } from '../core/i18n.js';
import { on, state } from '../core/store.js';
import { coins } from './book_model.js';

const MOST = 50;
let lines = [];

function joined(trades) {
  const out = [];
  for (const trade of trades) {
    const last = out.at(-1);
    if (last && last.time_ms === trade.time_ms && last.side === trade.side && last.price === trade.price) last.size = add(last.size, trade.size);
    else out.push({ ...trade });
    if (out.length > MOST) break;
  }
  return out.slice(0, MOST);
}

/** Prints of five times the usual size stand out. */
function largeFrom(sizes) {
  const sorted = [...sizes].sort((a, b) => a - b);
  return sorted.length < 8 ? Infinity : sorted[Math.floor(sorted.length / 2)] * 5;
}

let drawn = null;

function draw() {
  const mark = `${state.trades?.[0]?.id}|${state.trades?.length}|${state.rules?.name}|${state.rules?.market}`;
  if (mark === drawn) return;
  drawn = mark;
  const shown = joined([...(state.trades ?? [])].sort((a, b) => b.time_ms - a.time_ms));
  const large = largeFrom(shown.map((trade) => Number(trade.size)));
  lines.forEach((line, index) => {
    const trade = shown[index];
    line.hidden = !trade;
    if (!trade) return;
    const [at, size, time] = line.children;
    setText(at, `${trade.side === 'buy' ? '▲' : '▼'} ${price(trade.price, state.rules)}`);
    setClass(at, trade.side === 'buy' ? 'up' : 'down');
    setText(size, brief(coins(trade.size, trade.price, state.rules), 4));
    setText(time, clock(trade.time_ms));
    setClass(line, Number(trade.size) >= large ? 'tape-row large' : 'tape-row');
  });
  $('.empty', $('#tape')).hidden = shown.length > 0;
  setText($('.empty', $('#tape')), t(state.trades ? 'tape.none' : 'common.loading'));
}

export function init() {
  lines = Array.from({ length: MOST }, () => h('div', { class: 'tape-row', hidden: true }, h('span'), h('span'), h('span')));
  const head = h('div', { class: 'tape-row tape-head' }, h('span', {}, t('book.price')), h('span', {}, t('tape.size')), h('span', {}, t('tape.time')));
  $('#tape').append(head, ...lines, h('p', { class: 'empty' }));
  on('market', draw);
  draw();
}
