// Who is logged in, the password, and logging out.

import { get, post, remove } from '../core/api.js';
import { field, form, ownerName } from '../core/dialog.js';
import { $, h } from '../core/dom.js';
import { dateTime } from '../core/format.js';
import { t } from '../core/i18n.js';
import { isOwner, on, state } from '../core/store.js';
import { fail, toast } from '../core/toast.js';
import { elevate } from './elevate.js';

function row(item) {
  const end = async () => {
    try {
      await remove(`/api/auth/sessions/${encodeURIComponent(item.id)}`);
      load();
    } catch (error) {
      fail(t('session.end_failed'), error);
    }
  };
  return h('li', {}, h('div', {}, h('b', {}, item.device || '—'), item.current && h('span', { class: 'tag' }, t('session.current')), h('small', {}, t('session.line', { role: t(`role_name.${item.role}`), address: item.address, time: dateTime(item.last_seen_ms) }))),
    !item.current && h('button', { type: 'button', class: 'button small', 'data-testid': 'session-end', onclick: end }, t('session.end')));
}

async function load() {
  if (state.view !== 'settings' || !isOwner()) return;
  try {
    const answer = await get('/api/auth/sessions');
    $('#sessions').replaceChildren(...answer.items.map(row));
  } catch (error) {
    $('#sessions').replaceChildren(h('li', { class: 'muted' }, error.text));
  }
}

async function changePassword() {
  if (!(await elevate())) return;
  const make = (name, complete) => h('input', { class: 'input', type: 'password', name, autocomplete: complete, 'data-testid': `password-${name}` });
  const current = make('current', 'current-password');
  const next = make('new', 'new-password');
  await form({
    title: t('session.change_password'), testid: 'password-dialog', submit: t('common.save'),
    fields: [ownerName(), field(t('session.current_password'), current), field(t('setup.password'), next, t('setup.password_hint'))],
    send: async () => {
      await post('/api/auth/password', { current: current.value, new: next.value });
      toast('good', t('session.password_changed'));
    },
  });
}

export async function logout() {
  try {
    await post('/api/auth/logout', {});
    location.assign('/login');
  } catch (error) {
    fail(t('session.logout_failed'), error);
  }
}

export function init() {
  $('#logout').addEventListener('click', logout);
  $('#change-password').addEventListener('click', changePassword);
  $('#change-password').hidden = !isOwner();
  on('view', load);
}
