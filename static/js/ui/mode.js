// Normal or copy mode. Leaving copy mode with copied positions open asks what becomes of them.

import { post } from '../core/api.js';
import { form } from '../core/dialog.js';
import { $, $$, h, press } from '../core/dom.js';
import { t } from '../core/i18n.js';
import { emit, mayTrade, on, state } from '../core/store.js';
import { fail, toast } from '../core/toast.js';
import { copy, refreshCopy } from '../copy/data.js';

const WAYS = ['wind_down', 'keep', 'close_now'];

function draw() {
  const buttons = $$('#mode [data-mode]');
  press(buttons, buttons.find((node) => node.dataset.mode === state.mode));
  for (const node of buttons) node.disabled = !mayTrade();
}

async function send(mode, positions = null) {
  const answer = await post('/api/mode', positions ? { mode, positions } : { mode });
  state.mode = answer.mode;
  emit('mode');
  refreshCopy();
  return answer;
}

/** The question about open copied positions; nothing is switched without an answer. */
function askPositions() {
  const inputs = WAYS.map((name, index) => {
    const input = h('input', { type: 'radio', name: 'positions', value: name, 'data-testid': `mode-${name}` });
    input.checked = index === 0;
    return input;
  });
  return form({
    title: t('mode.leave_title'), testid: 'mode-dialog', submit: t('mode.leave'),
    fields: [h('p', {}, t('mode.leave_text')), h('fieldset', { class: 'plain' }, h('legend', {}, t('mode.leave_ask')),
      inputs.map((input) => h('label', { class: 'choice' }, input, h('span', {}, h('b', {}, t(`mode.way.${input.value}`)), h('span', { class: 'sub' }, t(`mode.way.${input.value}_text`))))))],
    send: async () => {
      await send('normal', inputs.find((input) => input.checked).value);
      toast('good', t('mode.now_normal'));
    },
  });
}

export async function choose(mode) {
  if (mode === state.mode) return;
  try {
    const answer = await send(mode);
    toast(answer.mode === mode ? 'good' : 'warn', t(`mode.now_${answer.mode}`), answer.links === 0 && mode === 'copy' ? t('copy.none') : copy.links.some((item) => item.state === 'close_only') && mode === 'copy' ? t('mode.resume_hint') : '');
  } catch (error) {
    if (error.code === 'copied_positions') await askPositions();
    else fail(t('mode.failed'), error);
  }
  draw();
}

/** On a phone the switch lives on the More page. */
function place(narrow) {
  const slot = narrow ? $('#mode-slot') : $('.topbar');
  if (narrow) slot.append($('#mode'));
  else slot.insertBefore($('#mode'), $('.topbar .spacer'));
}

export function init() {
  for (const node of $$('#mode [data-mode]')) node.addEventListener('click', () => choose(node.dataset.mode));
  const narrow = window.matchMedia('(max-width: 819px)');
  narrow.addEventListener('change', () => place(narrow.matches));
  if (narrow.matches) place(true);
  on('mode', draw);
  draw();
}
