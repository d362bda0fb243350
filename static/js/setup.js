// First run: the code may come with the address (#code=…); the password's strength is a hint, the server decides.

import { $, setText } from './core/dom.js';
import { t } from './core/i18n.js';
import { begin, send, showErrors } from './entry.js';

const LEAST = 12;

/** 0 nothing, 1 too short, 2 fair, 3 good, 4 strong. */
export function strength(password) {
  if (!password) return 0;
  if (password.length < LEAST) return 1;
  const kinds = [/[a-zа-яё]/, /[A-ZА-ЯЁ]/, /\d/, /[^\p{L}\d]/u].filter((kind) => kind.test(password)).length;
  const different = new Set(password).size;
  if (different < 6) return 2;
  return password.length >= 18 || kinds >= 3 ? 4 : different >= 9 ? 3 : 2;
}

function show() {
  const level = strength($('#password').value);
  $('.strength').dataset.level = String(level);
  setText($('#strength'), level ? t(`password.level_${level}`) : '');
}

async function start() {
  await begin();
  const code = new URLSearchParams(location.hash.slice(1)).get('code');
  if (code) $('#code').value = code;
  (code ? $('#password') : $('#code')).focus();
  $('#password').addEventListener('input', show);
  $('#setup-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const password = $('#password').value;
    const fields = {};
    if (!$('#code').value.trim()) fields.code = t('setup.code_missing');
    if (password.length < LEAST) fields.password = t('setup.too_short', { n: LEAST });
    if (Object.keys(fields).length) {
      showErrors(fields, '');
      $(fields.code ? '#code' : '#password').focus();
      return;
    }
    send($('[data-testid="setup-submit"]'), '/api/setup', { code: $('#code').value.trim(), password }, () => location.replace('/'));
  });
}

start();
