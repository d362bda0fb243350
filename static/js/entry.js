// What the setup and login pages share.

import { ApiError, post } from './core/api.js';
import { $, $$, icon } from './core/dom.js';
import { load, t } from './core/i18n.js';

/** Loads the words and wires password eyes, the Caps Lock hint and the plain-HTTP note. */
export async function begin() {
  const boot = JSON.parse($('#boot').textContent);
  await load(boot.catalogue, boot.lang);
  for (const node of $$('[data-plain-http]')) node.hidden = window.isSecureContext;
  for (const node of $$('[data-reveal]')) node.addEventListener('click', () => reveal(node));
  $('#password').addEventListener('keyup', (event) => { $('[data-caps]').hidden = !event.getModifierState?.('CapsLock'); });
  for (const link of $$('.entry-lang a')) link.addEventListener('click', () => { if (location.hash) link.hash = location.hash; });
  return boot;
}

function reveal(node) {
  const input = $(`#${node.dataset.reveal}`);
  const shown = input.type === 'password';
  input.type = shown ? 'text' : 'password';
  node.setAttribute('aria-pressed', String(shown));
  node.setAttribute('aria-label', t(shown ? 'password.hide' : 'password.show'));
  node.replaceChildren(icon(shown ? 'eye-off' : 'eye'));
}

export function showErrors(fields, general) {
  for (const node of $$('[data-error]')) {
    const text = fields[node.dataset.error] ?? '';
    node.hidden = !text;
    node.textContent = text;
    $(`[name="${node.dataset.error}"]`)?.setAttribute('aria-invalid', String(Boolean(text)));
  }
  const form = $('[data-form-error]');
  form.hidden = !general;
  form.textContent = general;
}

/** Counts a lock-out down beside the button, which stays disabled meanwhile. */
export function wait(button, seconds) {
  let left = seconds;
  button.disabled = true;
  const label = button.dataset.label ?? button.textContent;
  button.dataset.label = label;
  const tick = () => {
    button.textContent = left > 0 ? t('login.wait', { n: left }) : label;
    button.disabled = left > 0;
    if (left > 0) setTimeout(tick, 1000);
    left -= 1;
  };
  tick();
}

/** Sends the form once; `done(answer)` on success, errors in place otherwise. */
export async function send(button, path, body, done) {
  if (button.disabled) return;
  button.disabled = true;
  showErrors({}, '');
  try {
    done(await post(path, body, { timeout: 20_000 }));
  } catch (error) {
    button.disabled = false;
    const known = error instanceof ApiError ? error : new ApiError(0, { message: String(error) });
    const fields = known.fields ?? {};
    showErrors(fields, Object.keys(fields).length && $$('[data-error]').some((node) => fields[node.dataset.error]) ? '' : known.text);
    if (known.retry_after) wait(button, known.retry_after);
    (known.fields?.code ? $('#code') : $('#password'))?.focus();
  }
}
