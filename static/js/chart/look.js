// What the chart shows besides candles: chosen once, kept on the server.

import { open } from '../core/dialog.js';
import { h, press } from '../core/dom.js';
import { t } from '../core/i18n.js';
import { pref, setPref } from '../core/prefs.js';

const DEFAULTS = { kind: 'candles', scale: 'normal', volume: true, fills: true, ma: false, ma_length: 20, ema: false, ema_length: 50 };
const LONGEST = 200;

const chosen = () => ({ ...DEFAULTS, ...pref('chart') });
const set = (changes) => setPref('chart', { ...pref('chart'), ...changes });

/** In the words of the adapter. */
export function lookOf() {
  const { kind, scale, volume, ma, ma_length: maLength, ema, ema_length: emaLength } = chosen();
  const averages = [ma && { kind: 'ma', length: maLength }, ema && { kind: 'ema', length: emaLength }].filter(Boolean);
  return { kind, scale, volume, averages };
}

export const showsFills = () => chosen().fills;

function choice(key, values) {
  const buttons = values.map((value) => h('button', { type: 'button', 'aria-pressed': String(chosen()[key] === value), 'data-testid': `chart-${key}-${value}`, onclick: (event) => { press(buttons, event.currentTarget); set({ [key]: value }); } }, t(`chart.${key}.${value}`)));
  return h('div', { class: 'setting' }, h('span', {}, t(`chart.${key}`)), h('div', { class: 'segmented', role: 'group', 'aria-label': t(`chart.${key}`) }, buttons));
}

const flag = (key, label) => h('input', { type: 'checkbox', class: 'switch', role: 'switch', checked: Boolean(chosen()[key]), 'aria-label': label, 'data-testid': `chart-${key}`, onchange: (event) => set({ [key]: event.currentTarget.checked }) });

function average(key) {
  const length = h('input', { class: 'input num', inputmode: 'numeric', value: String(chosen()[`${key}_length`]), 'aria-label': t('chart.length', { name: t(`chart.${key}`) }) });
  length.addEventListener('change', () => {
    const value = Math.round(Number(length.value));
    if (value >= 2 && value <= LONGEST) set({ [`${key}_length`]: value });
    length.value = String(chosen()[`${key}_length`]);
  });
  return h('div', { class: 'setting' }, h('span', {}, t(`chart.${key}`)), h('span', { class: 'row' }, length, flag(key, t(`chart.${key}`))));
}

const simple = (key) => h('label', { class: 'setting' }, h('span', {}, t(`chart.${key}`)), flag(key, t(`chart.${key}`)));

export function askLook() {
  open({ title: t('chart.look'), testid: 'chart-look', body: [choice('kind', ['candles', 'line']), choice('scale', ['normal', 'log', 'percent']), simple('volume'), average('ma'), average('ema'), simple('fills')] });
}
