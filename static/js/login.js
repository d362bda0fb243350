// Log in, then go where the person wanted to go, if that is a path of this server.

import { get } from './core/api.js';
import { $ } from './core/dom.js';
import { t } from './core/i18n.js';
import { begin, send, showErrors } from './entry.js';

/** Only a plain path of this very server; anything else would be an open redirect. */
export function target(search) {
  const next = new URLSearchParams(search).get('next') ?? '/';
  return /^\/(?![/\\])[\w/.-]*$/.test(next) ? next : '/';
}

/** After a link from another site the browser withheld the cookie once; the full status shows that we are in. */
async function alreadyIn() {
  try {
    const status = await get('/api/server/status');
    if (status.pid) location.replace(target(location.search));
  } catch {
    // Logging in still works.
  }
}

async function start() {
  await begin();
  alreadyIn();
  $('#login-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const password = $('#password').value;
    if (!password) {
      showErrors({ password: t('login.missing') }, '');
      $('#password').focus();
      return;
    }
    const remember = $('[name="remember"]').checked;
    send($('[data-testid="login-submit"]'), '/api/auth/login', { password, remember }, () => location.replace(target(location.search)));
  });
}

start();
