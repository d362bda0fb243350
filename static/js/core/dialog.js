// Native dialogs: questions, confirmations, forms. Focus starts on the safe button of a destructive one.

import { button, h, icon } from './dom.js';
import { t } from './i18n.js';

/** Opens a dialog with `body` nodes and `actions` buttons; resolves with the value given to `close(value)`. */
export function open({ title, body = [], actions = () => [], kind = '', testid = '', focus = null, onsubmit = null }) {
  return new Promise((resolve) => {
    const heading = `dialog-${Math.random().toString(36).slice(2)}`;
    const dialog = h('dialog', { class: kind, 'aria-labelledby': heading, 'data-testid': testid || null });
    const opener = document.activeElement;
    const close = (value) => {
      dialog.returnValue = '';
      dialog.close();
      resolve(value);
    };
    const cross = h('button', { type: 'button', class: 'icon-button small', 'aria-label': t('common.close'), onclick: () => close(null) }, icon('x'));
    const inner = h('form', { class: 'dialog-body', novalidate: '', id: `${heading}-form` }, body);
    inner.addEventListener('submit', (event) => {
      event.preventDefault();
      onsubmit?.(close);
    });
    dialog.append(
      h('header', { class: 'dialog-head' }, h('h2', { id: heading }, title), h('span', { class: 'spacer' }), cross),
      inner,
    );
    const foot = actions(close, dialog);
    if (foot.length) dialog.append(h('footer', { class: 'dialog-foot' }, foot));
    dialog.addEventListener('cancel', (event) => {
      event.preventDefault();
      close(null);
    });
    dialog.addEventListener('close', () => {
      dialog.remove();
      if (opener?.isConnected) opener.focus({ preventScroll: true });
    });
    document.body.append(dialog);
    dialog.showModal();
    // Text alone can be longer than the dialog: then the keyboard must be able to scroll it.
    if (!inner.querySelector('input, select, textarea, button, a[href], [tabindex]')) inner.tabIndex = 0;
    (focus ?? dialog.querySelector('[data-focus]') ?? inner.querySelector('input:not([hidden]), select') ?? cross).focus();
  });
}

/** Asks yes or no; resolves to true only on yes. */
export async function confirm({ title, body = [], yes, kind = '', danger = false, testid = 'confirm-dialog' }) {
  const answer = await open({
    title,
    body,
    testid,
    kind,
    actions: (close) => [
      button(t('common.cancel'), { onclick: () => close(false), 'data-testid': 'confirm-no', ...(danger ? { 'data-focus': '' } : {}) }),
      button(yes, {
        class: danger ? 'danger filled' : kind === 'buy' || kind === 'sell' ? kind : 'primary',
        onclick: () => close(true),
        'data-testid': 'confirm-yes',
        ...(danger ? {} : { 'data-focus': '' }),
      }),
    ],
  });
  return answer === true;
}

/** A form whose submit runs `send()`; it stays open with the error's words when that throws. */
export function form({ title, fields, submit, send, testid, danger = false, kind = '', extra = () => [] }) {
  const error = h('p', { class: 'form-error', role: 'alert', hidden: true });
  let sending = false;
  let action = null;
  const run = async (close) => {
    if (sending) return;
    sending = true;
    action.disabled = true;
    error.hidden = true;
    try {
      close((await send()) ?? true);
    } catch (problem) {
      error.textContent = problem.text ?? problem.message;
      error.hidden = false;
      showFields(problem.fields);
    } finally {
      sending = false;
      action.disabled = false;
    }
  };
  return open({
    title,
    kind,
    testid,
    body: [...fields, error],
    onsubmit: danger ? null : run,
    actions: (close, dialog) => {
      action = button(submit, { class: danger ? 'danger filled' : 'primary', 'data-testid': 'form-submit' });
      if (danger) action.addEventListener('click', () => run(close));
      else Object.assign(action, { type: 'submit' }).setAttribute('form', dialog.querySelector('form').id);
      return [...extra(close), button(t('common.cancel'), { onclick: () => close(null), 'data-testid': 'form-cancel' }), action];
    },
  });
}

function showFields(fields) {
  for (const [name, text] of Object.entries(fields ?? {})) {
    const input = document.querySelector(`dialog [name="${CSS.escape(name)}"]`);
    const note = input?.closest('.field')?.querySelector('.field-error');
    input?.setAttribute('aria-invalid', 'true');
    if (note) Object.assign(note, { textContent: text, hidden: false });
  }
}

let serial = 0;

/** A labelled control for `form`. */
export function field(label, input, hint = '') {
  input.id ||= `field-${++serial}`;
  return h('div', { class: 'field' }, h('label', { for: input.id }, label), input, hint && h('p', { class: 'hint' }, hint), h('p', { class: 'field-error', hidden: true }));
}

/** Password managers want a name beside a password; mTrade has one owner. */
export const ownerName = () => h('input', { type: 'text', name: 'username', autocomplete: 'username', value: 'mTrade', hidden: true, readonly: '' });

export const summary = (pairs) => h('dl', { class: 'summary' }, pairs.filter(Boolean).map(([name, value, mark = '']) => h('div', {}, h('dt', {}, name), h('dd', { class: mark }, value))));
