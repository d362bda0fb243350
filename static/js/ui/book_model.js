// The book's arithmetic: grouping by price, running sums away from the spread, sizes in coins or money.

import { add, div, mul, snap, sub } from '../core/decimal.js';

/** Levels joined on a coarser grid; bids go down to it, asks up, so that no level looks better than it is. */
export function grouped(levels, step, side) {
  const joined = [];
  for (const [price, size] of levels) {
    const at = snap(price, step, side === 'bid' ? 'down' : 'up');
    const last = joined.at(-1);
    if (last && last[0] === at) last[1] = add(last[1], size);
    else joined.push([at, size]);
  }
  return joined;
}

/** A size of the instrument's own unit as base coins. */
export function coins(size, price, rules) {
  if (!rules || rules.market === 'spot') return size;
  return rules.inverse ? div(size, price, 8) : mul(size, rules.multiplier);
}

/** The worth of a size in quote currency. */
export function worth(size, price, rules) {
  if (rules?.inverse) return size;
  return mul(coins(size, price, rules), price);
}

/**
 * Rows from the touch outward. `sum` runs away from the spread in the shown unit, `own` in the instrument's own unit;
 * `value` is what buying or selling down to the row is worth, `average` its average price.
 */
export function rows(levels, rules, unit, count) {
  const measure = unit === 'quote' ? worth : coins;
  let sum = '0';
  let own = '0';
  let value = '0';
  let amount = '0';
  return levels.slice(0, count).map(([price, raw]) => {
    const size = measure(raw, price, rules);
    sum = add(sum, size);
    own = add(own, raw);
    value = add(value, worth(raw, price, rules));
    amount = add(amount, coins(raw, price, rules));
    return { price, size, sum, own, value, average: div(value, amount, 8) ?? price };
  });
}

/** Spread as `{abs, pct}`; null without both sides. */
export function spread(book) {
  const bid = book?.bids?.[0]?.[0];
  const ask = book?.asks?.[0]?.[0];
  if (!bid || !ask) return null;
  const gap = sub(ask, bid);
  return { abs: gap, pct: mul(div(gap, ask, 8), '100'), bid, ask, mid: div(add(bid, ask), '2', 12) };
}
