// The two tables of the connection dialog: the streams of the exchange, and the sockets that orders leave by.

import { h, icon } from '../core/dom.js';
import { number, seconds, NONE } from '../core/format.js';
import { has, t } from '../core/i18n.js';
import { heardAgo, state } from '../core/store.js';
import { createTable } from '../panel/table.js';

const ICON = { live: 'circle-check', connecting: 'loader-circle', down: 'circle-x', rest: 'circle-alert' };
const LEVEL = { live: 'ok', down: 'bad' };

export const ms = (value) => ((value ?? null) === null ? NONE : t('conn.ms', { n: number(String(Math.round(value))) }));

function place({ market, settle }) {
  return market === 'spot' ? t('market.spot') : `${t('market.futures')} ${(settle || '').toUpperCase()}`.trim();
}

const accountName = (id) => state.accounts.find((item) => item.id === id)?.name ?? id;

function lineName(row) {
  const network = row.network ?? row.account.split(':')[0];
  return [place(row), `${t(`network.${network}`)} · ${row.account ? accountName(row.account) : t('conn.public')}`];
}

function fillStatus(cell, status) {
  if (cell.dataset.status === status) return;
  cell.dataset.status = status;
  cell.replaceChildren(h('span', { class: 'state', data: { level: LEVEL[status] ?? 'slow' } }, icon(ICON[status] ?? 'info'), t(`conn.status.${status}`)));
}

const reason = ({ reason: code }) => (!code ? '' : has(`conn.reason.${code}`) ? t(`conn.reason.${code}`) : code);

export function streamsTable() {
  const columns = [
    { label: t('conn.line'), kind: 'text lead', parts: lineName },
    { label: t('col.state'), kind: 'text', update: (cell, row) => fillStatus(cell, row.status) },
    { label: t('conn.heard'), text: (row) => (heardAgo(row) === null ? NONE : seconds(heardAgo(row))) },
    { label: t('conn.round_trip'), text: (row) => ms(row.round_trip_ms) },
    { label: t('conn.reconnects'), text: (row) => String(row.reconnects ?? 0) },
    { label: t('conn.why'), kind: 'text wrap', text: reason },
  ];
  return createTable({ columns, caption: t('conn.streams'), testid: 'streams', empty: () => t('conn.no_streams'), key: (row) => [row.network, row.market, row.settle, row.account].join('|') });
}

export function socketsTable() {
  const columns = [
    { label: t('conn.socket'), kind: 'text lead', parts: lineName },
    { label: t('col.state'), kind: 'text', update: (cell, row) => fillStatus(cell, row.ready ? 'live' : 'rest') },
    { label: t('conn.acknowledged'), text: (row) => ms(row.ack_ms) },
    { label: t('conn.answered'), text: (row) => ms(row.round_trip_ms) },
  ];
  return createTable({ columns, caption: t('conn.sockets'), testid: 'sockets', empty: () => t('conn.no_sockets'), key: (row) => [row.account, row.market, row.settle].join('|') });
}
