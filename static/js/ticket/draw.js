// Shows the draft: which controls apply, what is pressed, what the units are called.

import { $, $$, h, press, redraw, setText } from '../core/dom.js';
import { brief, money, number } from '../core/format.js';
import { t } from '../core/i18n.js';
import { hedge, isFutures, on, positionHere, state } from '../core/store.js';
import { coins } from '../ui/book_model.js';
import { abs, snap } from '../core/decimal.js';
import { fill } from './form.js';
import { draft, kind, reducing } from './model.js';

const SOURCES = ['last', 'mark', 'index'];

function options(select, pairs, value) {
  const wanted = JSON.stringify(pairs);
  if (select.dataset.pairs !== wanted) {
    select.dataset.pairs = wanted;
    select.replaceChildren(...pairs.map(([key, label]) => h('option', { value: key }, label)));
  }
  select.value = value;
}

function units() {
  const { base = '', quote = '' } = state.rules ?? {};
  const common = [['base', base], ['quote', quote]];
  const percent = ['percent', '%'];
  if (!isFutures()) return [...common, percent];
  return [...common, ['contracts', t('unit.contracts')], ['margin', t('unit.margin', { quote })], percent];
}

function drawSwitches(item) {
  for (const [name, attribute, value] of [['type', 'type', item.type], ['then', 'then', item.then], ['leg', 'leg', item.leg]]) {
    const nodes = $$(`#ticket [data-${attribute}]`);
    press(nodes, nodes.find((node) => node.dataset[name] === value));
  }
  for (const node of $$('[data-percent]')) node.setAttribute('aria-pressed', String(item.unit === 'percent' && item.size === node.dataset.percent));
  $('#percent').value = item.unit === 'percent' ? item.size || '0' : '0';
  $('#reduce-only').checked = item.reduce_only;
  $('#post-only').checked = item.post_only;
  $('#with-protection').checked = item.protect;
  $('#with-protection').setAttribute('aria-expanded', String(item.protect));
}

function drawVisibility(item) {
  const limit = kind(item) === 'limit';
  const shown = { trigger: item.type === 'trigger', price: limit, 'post-only': limit && item.type === 'limit', tif: limit && !item.post_only && item.type === 'limit', protection: isFutures() && item.type !== 'trigger' && !reducing(item) };
  for (const [name, show] of Object.entries(shown)) {
    for (const node of $$(`#ticket [data-for="${name}"]`)) node.hidden = !show;
  }
  for (const node of $$('#ticket [data-only="futures"]')) node.hidden = !isFutures() || (node.querySelector('#reduce-only') !== null && hedge());
  $('#ticket [data-only="hedge"]').hidden = !hedge();
  $('#protection').hidden = !item.protect || !shown.protection;
  document.body.dataset.leg = hedge() ? item.leg : '';
}

function drawLists(item) {
  options($('#unit'), units(), item.unit);
  options($('#tif'), ['gtc', 'ioc', 'fok'].map((key) => [key, t(`tif.${key}_short`)]), item.tif);
  $('#tif').title = t(`tif.${item.tif}`);
  const sources = (isFutures() ? SOURCES : ['last']).map((key) => [key, t(`source.${key}`)]);
  options($('#trigger-source'), sources, isFutures() ? item.trigger.source : 'last');
  for (const leg of ['tp', 'sl']) options($(`#${leg}-source`), sources, isFutures() ? item[leg].source : 'last');
}

function drawHead(item) {
  setText($('#ticket-place'), state.place.instrument);
  setText($('#ticket-mode span'), t(`margin.${item.margin_mode}`));
  setText($('#ticket-leverage span'), `${number(item.leverage)}×`);
  $('#ticket-mode').setAttribute('aria-label', `${t('margin.title')}: ${t(`margin.${item.margin_mode}`)}`);
  $('#ticket-leverage').setAttribute('aria-label', `${t('leverage.title')}: ${number(item.leverage)}×`);
  setText($('[data-quote]', $('#ticket')), state.rules?.quote ?? '');
}

const line = (name, value) => h('div', {}, h('span', {}, name), h('b', { class: 'num' }, value));

function drawBalance() {
  const host = $('#ticket-balance');
  const { balance, rules } = state;
  if (!balance || !rules) return redraw(host, h('span', {}, t('common.loading')));
  if (!isFutures()) {
    const have = (name) => balance.spot.find((item) => item.currency === name)?.available ?? '0';
    return redraw(host, line(t('ticket.have', { coin: rules.base }), brief(have(rules.base), 8)), line(t('ticket.have', { coin: rules.quote }), money(have(rules.quote))),
      rules.min_value ? line(t('ticket.min_value'), money(rules.min_value, rules.quote)) : '');
  }
  const wallet = balance.futures.find((item) => item.settle === state.place.settle);
  const lines = [line(t('ticket.available'), wallet ? (wallet.currency === 'USDT' ? money(wallet.available, wallet.currency) : `${brief(wallet.available, 8)} ${wallet.currency}`) : money('0'))];
  for (const position of positionHere()) {
    const word = t(Number(position.size) > 0 ? 'side.long' : 'side.short');
    lines.push(line(t('ticket.position'), `${word} ${brief(abs(coins(position.size, position.mark_price ?? '1', rules)), 6)} ${rules.base}`));
  }
  return redraw(host, ...lines);
}

/** A fresh limit ticket starts at the last price, as a starting point to correct. */
function suggestPrice() {
  const item = draft();
  if (!item.price && state.ticker?.last && state.rules) item.price = snap(state.ticker.last, state.rules.price_step, 'near');
}

export function draw() {
  const item = draft();
  drawHead(item);
  drawLists(item);
  drawVisibility(item);
  drawSwitches(item);
  fill();
}

export function init() {
  let rules = null;
  for (const topic of ['ticket', 'place', 'accounts']) on(topic, draw);
  on('market', () => {
    if (state.rules !== null && state.rules?.name === rules?.name && state.rules?.market === rules?.market) return;
    rules = state.rules;
    suggestPrice();
    draw();
    drawBalance();
  });
  let mode = null;
  on('account', () => {
    if (state.positionMode !== mode) {
      mode = state.positionMode;
      draw();
    }
    drawBalance();
  });
  draw();
  drawBalance();
}
