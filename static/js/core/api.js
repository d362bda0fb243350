// The one door to the server's API. Every failure becomes an ApiError with the server's code.

import { errorText, has, t } from './i18n.js';

export class ApiError extends Error {
  constructor(status, body) {
    super(body.message ?? '');
    Object.assign(this, { status, code: 'internal', fields: {}, params: {}, label: null, raw: null }, body);
    this.params ??= {};
    this.fields ??= {};
  }

  get text() {
    return errorText(this);
  }

  /** Nothing of the request can have had an effect on the server, or we cannot tell (`network`). */
  get offline() {
    return this.code === 'network';
  }
}

let askPassword = null;

/** `ask()` resolves to true once the session is elevated; set by the page that can show a dialog. */
export function onElevation(ask) {
  askPassword = ask;
}

const meta = () => document.querySelector('meta[name="csrf-token"]');
export const setCsrf = (token) => meta().setAttribute('content', token);

async function exchange(method, path, body, timeout) {
  const headers = { Accept: 'application/json' };
  if (method !== 'GET') {
    headers['Content-Type'] = 'application/json';
    headers['X-CSRF-Token'] = meta().getAttribute('content');
  }
  const options = { method, headers, credentials: 'same-origin', cache: 'no-store', signal: AbortSignal.timeout(timeout) };
  if (method !== 'GET') options.body = JSON.stringify(body ?? {});
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new ApiError(0, { code: 'network', message: t('errors.network') });
  }
  if (answer.status === 204) return null;
  const data = await answer.json().catch(() => null);
  if (answer.ok) return data;
  throw new ApiError(answer.status, data?.error ?? { code: has(`errors.http_${answer.status}`) ? `http_${answer.status}` : 'internal' });
}

async function renewCsrf() {
  const session = await exchange('GET', '/api/auth/session', null, 8000);
  setCsrf(session.csrf);
}

/** Calls the API. A stale CSRF token is renewed once; a missing elevation asks for the password once. */
export async function call(method, path, body = null, { timeout = 12_000 } = {}) {
  try {
    return await exchange(method, path, body, timeout);
  } catch (error) {
    if (error.status === 403 && error.code === 'csrf') {
      await renewCsrf();
      return exchange(method, path, body, timeout);
    }
    if (error.status === 403 && error.code === 'elevation_required' && askPassword && (await askPassword())) {
      return exchange(method, path, body, timeout);
    }
    if (error.status === 401 && askPassword) leave();
    throw error;
  }
}

function leave() {
  location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
}

const query = (params) => {
  const pairs = Object.entries(params ?? {}).filter(([, value]) => value !== null && value !== undefined && value !== '');
  return pairs.length ? `?${new URLSearchParams(pairs)}` : '';
};

export const get = (path, params, options) => call('GET', path + query(params), null, options);
export const post = (path, body, options) => call('POST', path, body, options);
export const patch = (path, body) => call('PATCH', path, body);
export const remove = (path, params, body) => call('DELETE', path + query(params), body);

/** Names one wish of the user, so that a double click is one order. */
export function requestId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `web-${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
