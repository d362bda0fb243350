// Cells and sentences that several tables share.

import { abs, sign } from '../core/decimal.js';
import { h, icon, setClass, setText } from '../core/dom.js';
import { brief, dateTime, number, price } from '../core/format.js';
import { has, t } from '../core/i18n.js';
import { rulesOf } from '../core/rules.js';
import { goTrade } from '../ui/places.js';

/** On the instrument's grid; shortened while its rules are still on the way. */
export function priceOf(text, row) {
  const rules = rulesOf(row);
  return rules ? price(text, rules) : brief(text, 6);
}

/** `0.036 BTC` from contracts when the rules are known, else contracts. */
export function sizeOf(raw, row) {
  const amount = abs(raw ?? '0');
  if (row.market === 'spot') return `${brief(amount, 8)}`;
  const rules = rulesOf(row);
  if (rules && !rules.inverse) return `${brief(String(Number(amount) * Number(rules.multiplier)), 8)} ${rules.base}`;
  return t('unit.n_contracts', { n: amount, size: number(amount) });
}

/** Instrument name as a button that opens it, with side and market. */
export function instrumentCell(label = '', place = (row) => row) {
  return {
    label: t('col.instrument'), kind: 'text lead',
    build(cell, current) {
      const go = h('button', { type: 'button', class: 'link-button', onclick: () => { const { market = 'futures', settle = '', instrument } = place(current()); goTrade({ market, settle: market === 'spot' ? '' : settle || 'usdt', instrument }); } });
      cell.append(h('span', { class: 'side' }), ' ', go, h('span', { class: 'sub' }));
      cell.className = `text lead ${label}`;
    },
    update(cell, row) {
      const [side, , go, sub] = cell.childNodes;
      drawSide(side, row);
      setText(go, row.instrument);
      setText(sub, row.sub ?? (row.market === 'spot' ? t('market.spot') : t('market.futures')));
    },
  };
}

/** Word, arrow and colour of a side: `buy`/`sell` or the sign of a position. */
export function drawSide(node, row) {
  const up = row.side ? ['buy', 'long'].includes(row.side) : sign(row.size) > 0;
  const word = row.long_short ? t(up ? 'side.long' : 'side.short') : t(up ? 'side.buy.word' : 'side.sell.word');
  const name = `side ${up ? 'up' : 'down'}`;
  if (node.textContent === word && node.getAttribute('class') === name) return;
  setClass(node, name);
  node.replaceChildren(icon(up ? 'arrow-up-right' : 'arrow-down-right'), word);
}

export const timeCell = (field, label = 'col.time') => ({ label: t(label), text: (row) => dateTime(row[field]) });

/** `mark ≤ 66,600 → close 100 % at market` */
export function triggerSentence(row) {
  const { price: at, above, source } = row.trigger;
  const when = t('trigger.when', { source: t(`source.${source}`), sign: above ? '≥' : '≤', price: priceOf(at, row) });
  const how = row.price && sign(row.price) > 0 ? t('trigger.limit', { price: priceOf(row.price, row) }) : t('trigger.market');
  const what = row.close || sign(row.size ?? '0') === 0 ? t('trigger.close_all') : t(row.reduce_only ? 'trigger.reduce' : `trigger.${row.side}`, { size: sizeOf(row.size, row) });
  return `${when} → ${what} ${how}`;
}

export const labelText = (label) => (label && has(`labels.${label}`) ? t(`labels.${label}`) : label || '');

export const whatEmpty = (key) => (items) => t(items === null || items === undefined ? 'common.loading' : key);
