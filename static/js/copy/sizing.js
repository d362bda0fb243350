// What settings would do, in real numbers of this moment, asked of the server a moment after the last keystroke.

import { post } from '../core/api.js';
import { isNumber, isZero } from '../core/decimal.js';
import { h, icon } from '../core/dom.js';
import { brief, money } from '../core/format.js';
import { t } from '../core/i18n.js';
import { contracts, orderWords, usdt } from './words.js';

const WAIT_MS = 350;

function ladder(sizing) {
  const { steps = [], instrument, coin } = sizing;
  if (!steps.length) return null;
  const why = (step) => step.text && h('span', { class: 'sub warn' }, step.text);
  const cell = (step) => (isNumber(step.follower) && !isZero(step.follower) ? h('td', { class: 'num' }, `${brief(step.follower_coins ?? step.follower, 8)} ${step.follower_coins ? coin : ''}`, h('span', { class: 'sub' }, `${contracts(step.follower)} · ${usdt(step.follower_value)}`), why(step)) : h('td', { class: 'muted' }, '—', why(step)));
  const row = (step) => h('tr', {}, h('th', { scope: 'row', class: 'num' }, `${brief(step.leader_coins ?? step.leader, 8)} ${step.leader_coins ? coin : ''}`, h('span', { class: 'sub' }, usdt(step.leader_value))), cell(step));
  return h('div', { class: 'ladder-box' }, h('table', { class: 'grid-table ladder', data: { testid: 'size-ladder' } }, h('caption', {}, t('copy.ladder', { name: instrument })),
    h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, t('copy.leader_opens')), h('th', { scope: 'col' }, t('copy.follower_opens')))), h('tbody', {}, steps.map(row))));
}

function words(sizing) {
  const known = isNumber(sizing.leader_equity) && isNumber(sizing.follower_equity);
  return [
    known && h('p', { class: 'num' }, t('copy.equities', { leader: money(sizing.leader_equity), follower: money(sizing.follower_equity) })),
    sizing.text && h('p', { class: 'num sizing-text' }, h('b', {}, sizing.text)),
  ].filter(Boolean);
}

function nodes(answer) {
  const orders = answer.rows.filter((row) => row.order);
  return [
    ...(answer.problems ?? []).map((one) => h('p', { class: 'note-box bad' }, icon('triangle-alert'), h('span', {}, one.text))),
    ...(answer.sizing ? [...words(answer.sizing), ladder(answer.sizing)] : []),
    ...(answer.rows.length ? [h('h4', {}, t('copy.now')), h('ul', { class: 'arm-list' }, answer.rows.map((row) => h('li', {}, h('b', {}, row.instrument), orderWords(row), row.text && h('span', { class: 'sub' }, row.text))))] : [h('p', { class: 'hint' }, t('copy.leader_flat'))]),
    orders.length > 1 && h('p', { class: 'num' }, t('copy.arm.worth', { value: usdt(answer.total_value) })),
  ].filter(Boolean);
}

/** A box that shows what `body()` would do; `refresh()` asks again. `body()` gives null while something is missing. */
export function livePreview(body) {
  const list = h('div', { class: 'sizing-body', 'aria-live': 'polite' }, h('p', { class: 'muted' }, t('copy.preview_missing')));
  const node = h('section', { class: 'sizing', 'aria-label': t('copy.preview'), data: { testid: 'sizing' } }, h('h3', {}, t('copy.preview')), list);
  let timer = 0;
  let turn = 0;
  const ask = async () => {
    const mine = ++turn;
    const wanted = body();
    if (!wanted) return;
    node.classList.add('busy');
    try {
      const answer = await post('/api/copy/preview', wanted, { timeout: 8000 });
      if (mine === turn) list.replaceChildren(...nodes(answer));
    } catch (error) {
      if (mine === turn) list.replaceChildren(h('p', { class: 'hint bad' }, error.text ?? error.message));
    }
    if (mine === turn) node.classList.remove('busy');
  };
  return { node, refresh: (ms = WAIT_MS) => { clearTimeout(timer); timer = setTimeout(ask, ms); }, stop: () => { clearTimeout(timer); turn += 1; } };
}
