// The instrument picker: spot and futures, search, sort by name, price, change or volume, favourites first.

import { get } from '../core/api.js';
import { open } from '../core/dialog.js';
import { $, h, icon, press, setClass, setText } from '../core/dom.js';
import { arrow, brief, compact, percent, trend } from '../core/format.js';
import { t } from '../core/i18n.js';
import { pref, setPref } from '../core/prefs.js';
import { networkOf, state } from '../core/store.js';
import { goTrade } from './places.js';

const KINDS = [['futures', 'usdt'], ['futures', 'btc'], ['spot', '']];
const COLUMNS = [['instrument', 'picker.name'], ['last', 'picker.last'], ['change_pct', 'picker.change'], ['volume_quote', 'picker.volume']];
const REFRESH_MS = 4000;

function compare(sort, a, b) {
  const way = sort.down ? -1 : 1;
  if (sort.key === 'instrument') return way * a.instrument.localeCompare(b.instrument);
  return way * (Number(a[sort.key]) - Number(b[sort.key]));
}

class Picker {
  constructor() {
    this.kind = KINDS.find(([market, settle]) => market === state.place.market && settle === (state.place.settle || '')) ?? KINDS[0];
    this.sort = { key: 'volume_quote', down: true };
    this.rows = [];
    this.list = h('div', { class: 'picker', 'data-testid': 'picker-list' });
    this.search = h('input', { class: 'input', type: 'search', placeholder: t('picker.search'), 'aria-label': t('picker.search'), autocomplete: 'off', 'data-testid': 'picker-search', oninput: () => this.draw() });
    this.kinds = KINDS.map((kind) => h('button', { type: 'button', 'aria-pressed': String(kind === this.kind), 'data-testid': `picker-${kind[0]}-${kind[1] || 'spot'}`, onclick: () => this.choose(kind) }, t(`picker.${kind[0]}_${kind[1] || 'spot'}`)));
  }

  async choose(kind) {
    this.kind = kind;
    press(this.kinds, this.kinds[KINDS.indexOf(kind)]);
    this.rows = [];
    this.message(t('common.loading'));
    await this.load();
  }

  async load() {
    const [market, settle] = this.kind;
    const wanted = this.kind;
    try {
      const answer = await get('/api/market/tickers', { network: networkOf(), market, settle });
      if (wanted !== this.kind) return;
      this.rows = answer.items;
      this.draw();
    } catch (error) {
      if (!this.rows.length) this.message(error.text);
    }
  }

  message(text) {
    this.list.replaceChildren(h('p', { class: 'empty' }, text));
  }

  chosen() {
    const wanted = this.search.value.trim().toUpperCase();
    const stars = new Set(pref('favourites'));
    return this.rows.filter((row) => row.instrument.includes(wanted)).sort((a, b) => stars.has(b.instrument) - stars.has(a.instrument) || compare(this.sort, a, b));
  }

  draw() {
    const rows = this.chosen();
    if (!rows.length) {
      this.message(t('picker.nothing'));
      return;
    }
    const focused = document.activeElement?.dataset?.row;
    this.list.replaceChildren(this.head(), ...rows.map((row) => this.row(row)));
    if (focused) this.list.querySelector(`[data-row="${CSS.escape(focused)}"]`)?.focus();
  }

  head() {
    const buttons = COLUMNS.map(([key, label]) => {
      const on = this.sort.key === key;
      return h('button', { type: 'button', class: key === 'instrument' ? 'first' : '', 'aria-pressed': String(on), 'data-row': `sort-${key}`, onclick: () => { this.sort = { key, down: on ? !this.sort.down : key !== 'instrument' }; this.draw(); } },
        `${t(label)}${on ? (this.sort.down ? ' ↓' : ' ↑') : ''}`);
    });
    return h('div', { class: 'picker-row picker-head' }, h('span'), buttons);
  }

  row(row) {
    const stars = pref('favourites');
    const starred = stars.includes(row.instrument);
    const star = h('button', { type: 'button', class: 'icon-button small star', 'data-row': `star-${row.instrument}`, 'aria-pressed': String(starred), 'aria-label': t('picker.favourite', { name: row.instrument }),
      onclick: () => { setPref('favourites', starred ? stars.filter((name) => name !== row.instrument) : [...stars, row.instrument]); this.draw(); } }, icon('star'));
    const change = h('span', { class: 'num' });
    setText(change, `${arrow(row.change_pct)} ${percent(row.change_pct, 2, true)}`);
    setClass(change, `num ${trend(row.change_pct)}`);
    const pick = h('button', { type: 'button', class: 'pick', 'data-row': row.instrument, 'data-testid': `pick-${row.instrument}`, onclick: () => this.pick(row.instrument) },
      h('span', {}, row.instrument), h('span', { class: 'num' }, brief(row.last, 8)), change, h('span', { class: 'num muted' }, compact(row.volume_quote)));
    return h('div', { class: 'picker-row', 'aria-current': String(row.instrument === state.place.instrument && this.kind[0] === state.place.market) }, star, pick);
  }

  pick(instrument) {
    const [market, settle] = this.kind;
    this.close(null);
    goTrade({ market, settle, instrument });
  }

  async show() {
    this.message(t('common.loading'));
    const timer = setInterval(() => this.load(), REFRESH_MS);
    const done = open({
      title: t('picker.title'), kind: 'wide', testid: 'picker', focus: this.search,
      body: [h('div', { class: 'picker-tools' }, this.search, h('div', { class: 'segmented', role: 'group', 'aria-label': t('symbol.market') }, this.kinds)), this.list],
      actions: (close) => { this.close = close; return []; },
      onsubmit: () => { const [first] = this.chosen(); if (first) this.pick(first.instrument); },
    });
    this.load();
    await done;
    clearInterval(timer);
  }
}

export const showPicker = () => new Picker().show();

export function init() {
  $('#instrument-button').addEventListener('click', showPicker);
}
