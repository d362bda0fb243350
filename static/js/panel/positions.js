// Open positions: the complete row and what can be done with it.

import { abs, isNumber, sign } from '../core/decimal.js';
import { h, setText } from '../core/dom.js';
import { arrow, brief, money, number, percent, signed, trend, NONE } from '../core/format.js';
import { t } from '../core/i18n.js';
import { state } from '../core/store.js';
import { askClose, changeLeverage, changeMargin, protect, reverse } from './position_acts.js';
import { actions, createTable } from './table.js';
import { instrumentCell, priceOf, whatEmpty } from './words.js';

const NEAR = 5;
const FAR = 15;

function liqCell(cell, row) {
  if (!cell.firstChild) cell.append(h('span'), h('span', { class: 'liq-bar' }, h('i')), h('span', { class: 'sub' }));
  const [text, bar, sub] = cell.children;
  setText(text, row.liq_price ? priceOf(row.liq_price, row) : NONE);
  const distance = Number(row.liq_distance_pct);
  bar.hidden = !isNumber(row.liq_distance_pct);
  bar.dataset.level = distance < NEAR ? 'danger' : distance < FAR ? 'near' : 'far';
  bar.firstChild.style.transform = `scaleX(${Math.max(0.04, Math.min(1, distance / 50))})`;
  setText(sub, isNumber(row.liq_distance_pct) ? t('position.distance', { pct: percent(row.liq_distance_pct, 1) }) : '');
}

function protection(row) {
  const closing = (state.triggers ?? []).filter((item) => item.market === 'futures' && item.settle === row.settle && item.instrument === row.instrument && (item.reduce_only || item.close) && (item.side === 'sell') === (sign(row.size) > 0));
  const find = (take) => closing.find((item) => item.trigger.above === ((item.side === 'sell') === take));
  const show = (item) => (item ? priceOf(item.trigger.price, row) : NONE);
  return [show(find(true)), show(find(false))];
}

const columns = () => [
  instrumentCell('position'),
  { label: t('col.size'), parts: (row) => [`${brief(abs(row.coins ?? row.size), 8)}`, t('position.contracts', { size: number(abs(row.size)), value: money(row.value) })] },
  { label: t('col.pnl'), parts: (row) => [`${arrow(row.unrealised_pnl)} ${signed(row.unrealised_pnl)}`, `ROE ${percent(row.roe_pct, 2, true)}`, `num ${trend(row.unrealised_pnl)}`] },
  { label: t('col.entry'), text: (row) => priceOf(row.entry_price, row) },
  { label: t('symbol.mark'), text: (row) => priceOf(row.mark_price, row) },
  { label: t('col.liq'), update: liqCell },
  { label: t('col.margin'), build(cell, current) { cell.append(h('button', { type: 'button', class: 'link-button num', title: t('position.margin_title'), 'data-testid': 'position-margin', onclick: () => changeMargin(current()) })); },
    update(cell, row) { setText(cell.firstChild, money(row.margin)); cell.firstChild.disabled = row.margin_mode !== 'isolated'; } },
  { label: t('col.realised'), parts: (row) => [signed(row.realised_pnl), t('position.split', { fee: signed(row.pnl_fee ?? '0'), funding: signed(row.pnl_funding ?? '0') }), trend(row.realised_pnl)] },
  { label: t('col.tpsl'), parts: (row) => { const [take, stop] = protection(row); return [take, stop]; } },
  { label: '', spoken: t('col.actions'), kind: 'act', build: (cell, current) => actions(cell, current, [
    [t('position.tpsl'), protect, { testid: 'position-tpsl' }], [t('position.close'), askClose, { testid: 'position-close' }],
    [t('position.reverse'), reverse, { testid: 'position-reverse' }], [t('position.leverage'), changeLeverage, { testid: 'position-leverage' }]]),
    update: (cell, row) => { cell.querySelector('[data-testid="position-reverse"]').hidden = row.leg !== 'single'; } },
];

function decorated(row) {
  const leg = row.leg === 'single' ? '' : ` · ${t('position.hedge')}`;
  return { ...row, market: 'futures', long_short: true, sub: `${t(`margin.${row.margin_mode}`)} ${number(row.leverage)}×${leg}` };
}

export function positionsTable() {
  const table = createTable({ columns: columns(), caption: t('panel.positions'), testid: 'positions', empty: whatEmpty('empty.positions'), key: (row) => `${row.settle}|${row.instrument}|${row.leg}` });
  return { root: table.root, draw: (rows) => table.draw(rows && rows.filter((row) => sign(row.size) !== 0).map(decorated)) };
}
