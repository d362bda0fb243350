// Normal or copy mode, and what the server says about copying.

import { get, post } from '../core/api.js';
import { $, $$, press, setText } from '../core/dom.js';
import { t } from '../core/i18n.js';
import { mayTrade, on, state } from '../core/store.js';
import { fail, toast } from '../core/toast.js';

function draw() {
  const buttons = $$('#mode [data-mode]');
  press(buttons, buttons.find((node) => node.dataset.mode === state.mode));
  for (const node of buttons) node.disabled = !mayTrade();
}

async function choose(mode) {
  if (mode === state.mode) return;
  try {
    const answer = await post('/api/mode', { mode });
    state.mode = answer.mode;
    toast(answer.mode === mode ? 'good' : 'warn', t(`mode.now_${answer.mode}`), answer.links === 0 && mode === 'copy' ? t('copy.none_text') : '');
  } catch (error) {
    fail(t('mode.failed'), error);
  }
  draw();
}

async function loadMessage() {
  if (state.view !== 'copy') return;
  try {
    const answer = await get('/api/mode');
    setText($('#copy-message'), answer.links === 0 ? t('copy.none_text') : answer.message);
  } catch {
    // The words of the template stay.
  }
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
  on('view', loadMessage);
  draw();
}
