// Asks for the password again before acts that need it; good for ten minutes.

import { onElevation, post, setCsrf } from '../core/api.js';
import { field, form, ownerName } from '../core/dialog.js';
import { h } from '../core/dom.js';
import { t } from '../core/i18n.js';

let until = 0;

/** Resolves to true when this session is elevated, asking only when it is not. */
export async function elevate(force = false) {
  if (!force && Date.now() < until - 5000) return true;
  const password = h('input', { class: 'input', type: 'password', name: 'password', autocomplete: 'current-password', 'data-testid': 'elevate-password' });
  const done = await form({
    title: t('elevate.title'), testid: 'elevate-dialog', submit: t('elevate.submit'),
    fields: [ownerName(), h('p', {}, t('elevate.text')), field(t('login.password'), password)],
    send: async () => {
      const answer = await post('/api/auth/elevate', { password: password.value });
      setCsrf(answer.csrf);
      until = Date.now() + Math.max(0, answer.elevated_until_ms - Date.now());
      return 'elevated';
    },
  });
  return done === 'elevated';
}

export function init() {
  onElevation(() => { until = 0; return elevate(true); });
}
