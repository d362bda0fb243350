// The sheet for leverage and margin mode: slider, typed value, exchange maximum.

import { form, field } from '../core/dialog.js';
import { $, $$, h, press, setText } from '../core/dom.js';
import { cmp, fixed, fromInput, sign } from '../core/decimal.js';
import { number } from '../core/format.js';
import { t } from '../core/i18n.js';
import { state } from '../core/store.js';
import { change, draft } from './model.js';

const MARKS = [1, 2, 3, 5, 10, 20, 50, 100];

/** Asks for leverage and mode; `send({leverage, margin_mode})` decides what happens. */
export function askLeverage({ leverage, mode, most, hint, send }) {
  let chosen = mode;
  const max = Number(most) || 100;
  const input = h('input', { class: 'input num', inputmode: 'decimal', name: 'leverage', autocomplete: 'off', value: leverage, 'data-testid': 'leverage-input' });
  const slider = h('input', { type: 'range', min: '1', max: String(max), step: '1', value: leverage, 'aria-label': t('leverage.title') });
  const big = h('p', { class: 'big-number num' }, `${number(leverage)}×`);
  const show = (value) => setText(big, `${number(value)}×`);
  slider.addEventListener('input', () => { input.value = slider.value; show(slider.value); });
  input.addEventListener('input', () => { const value = fromInput(input.value); if (value) { slider.value = value; show(value); } });
  const modes = ['isolated', 'cross'].map((name) => h('button', { type: 'button', 'aria-pressed': String(name === mode), 'data-testid': `margin-${name}`, onclick: (event) => { chosen = name; press(modes, event.currentTarget); setText(explain, t(`margin.${name}_text`)); } }, t(`margin.${name}`)));
  const explain = h('p', { class: 'hint' }, t(`margin.${mode}_text`));
  const marks = MARKS.filter((value) => value <= max).map((value) => h('button', { type: 'button', class: 'chip-button num', onclick: () => { input.value = String(value); slider.value = String(value); show(String(value)); } }, `${value}×`));
  return form({
    title: t('leverage.heading'), testid: 'leverage-dialog', kind: 'leverage-dialog', submit: t('common.apply'),
    fields: [h('div', { class: 'segmented', role: 'group', 'aria-label': t('margin.title') }, modes), explain, big, slider, h('div', { class: 'marks' }, marks),
      field(t('leverage.title'), input, t('leverage.max', { max: number(String(max)) })), h('p', { class: 'hint' }, hint)],
    send: async () => {
      const value = fromInput(input.value);
      if (!value || sign(value) <= 0 || cmp(value, String(max)) > 0) throw new Error(t('leverage.range', { max: number(String(max)) }));
      await send({ leverage: fixed(value, value.includes('.') ? 2 : 0), margin_mode: chosen });
    },
  });
}

function fromTicket() {
  const item = draft();
  askLeverage({ leverage: item.leverage, mode: item.margin_mode, most: state.rules?.leverage_max, hint: t('leverage.with_next'), send: async (values) => change(values) });
}

export function init() {
  for (const node of $$('#ticket-mode, #ticket-leverage')) node.addEventListener('click', fromTicket);
  $('#ticket-leverage').title = t('leverage.heading');
}
