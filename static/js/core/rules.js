// Trading rules of instruments other than the shown one: loaded once per market, so that every row has its own digits.

import { get } from './api.js';
import { emit, networkOf, samePlace, state } from './store.js';

const lists = new Map();

async function load(key, params) {
  lists.set(key, new Map());
  try {
    const answer = await get('/api/market/instruments', params);
    lists.set(key, new Map(answer.items.map((item) => [item.name, item])));
    emit('account');
  } catch {
    setTimeout(() => lists.delete(key), 5000);
  }
}

/** Rules of `{market, settle, instrument}`; null until they are known. */
export function rulesOf(row) {
  const { market = 'futures', instrument } = row;
  const settle = market === 'spot' ? '' : row.settle || 'usdt';
  if (state.rules && samePlace({ market, settle, instrument }, state.place)) return state.rules;
  const key = [networkOf(), market, settle].join('|');
  if (!lists.has(key)) load(key, { network: networkOf(), market, settle });
  return lists.get(key).get(instrument) ?? null;
}
