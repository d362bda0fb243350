// Numbers, times and durations for people. Input is decimal text; output is never parsed again.

import { abs, fixed, isNumber, places, sign } from './decimal.js';
import { lang, t } from './i18n.js';

const NBSP = '\u00a0';
export const NONE = '—';

function group(text) {
  const [whole, fraction] = text.replace('-', '').split('.');
  const russian = lang() === 'ru';
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, russian ? NBSP : ',');
  const body = fraction ? grouped + (russian ? ',' : '.') + fraction : grouped;
  return text.startsWith('-') ? `\u2212${body}` : body;
}

/** With exactly `count` digits after the point, or as many as it has. */
export function number(text, count = null) {
  if (!isNumber(text)) return NONE;
  return group(count === null ? trim(text) : fixed(text, count));
}

const trim = (text) => fixed(text, Math.min(places(text), 12));

/** A price on its instrument's grid. */
export const price = (text, rules) => number(text, rules ? places(rules.price_step) : null);

/** Money: two digits, more below one unit so that small fees stay visible. */
export function money(text, unit = '') {
  if (!isNumber(text)) return NONE;
  const small = Math.abs(Number(text));
  const count = small === 0 || small >= 1 ? 2 : small >= 0.01 ? 4 : 6;
  const plain = small > 0 && small < 1 ? trimZeros(fixed(text, count)) : fixed(text, count);
  return group(plain) + (unit ? NBSP + unit : '');
}

const trimZeros = (text) => (text.includes('.') ? text.replace(/0+$/, '').replace(/\.$/, '') : text);

/** At most `count` digits after the point, without trailing zeros. */
export const brief = (text, count = 6) => (isNumber(text) ? group(trimZeros(fixed(text, count))) : NONE);

/** Like `12.3K`, for volumes. */
export function compact(text) {
  if (!isNumber(text)) return NONE;
  return new Intl.NumberFormat(lang(), { notation: 'compact', maximumFractionDigits: 2 }).format(Number(text));
}

export function signed(text, show = money) {
  if (!isNumber(text)) return NONE;
  return (sign(text) > 0 ? '+' : sign(text) < 0 ? '\u2212' : '') + show(abs(text));
}

/** `points` are percent already. */
export const percent = (points, count = 2, plus = false) => {
  if (!isNumber(points)) return NONE;
  return (plus ? signed(points, (x) => number(x, count)) : number(points, count)) + (lang() === 'ru' ? `${NBSP}%` : '%');
};

export const trend = (text) => (!isNumber(text) || sign(text) === 0 ? '' : sign(text) > 0 ? 'up' : 'down');
export const arrow = (text) => ({ up: '▲', down: '▼' }[trend(text)] ?? '');

const two = (value) => String(value).padStart(2, '0');

/** Time of day and date in this device's zone, the same in both languages. By hand: Intl is a hundred times slower. */
export function clock(ms, withSeconds = true) {
  const at = new Date(ms);
  const short = `${two(at.getHours())}:${two(at.getMinutes())}`;
  return withSeconds ? `${short}:${two(at.getSeconds())}` : short;
}

export function dayMonth(ms) {
  const at = new Date(ms);
  return `${two(at.getDate())}${lang() === 'ru' ? '.' : '/'}${two(at.getMonth() + 1)}`;
}

export const dateTime = (ms) => (ms ? `${dayMonth(ms)} ${clock(ms)}` : NONE);

/** `03:12:44` */
export function countdown(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/** `1 d 02:11:05`; dashes when there is nothing to count. */
export function uptime(ms) {
  if (ms === null) return t('time.days', { n: '--', time: '--:--:--' });
  const days = Math.floor(ms / 86_400_000);
  return t('time.days', { n: two(days), time: countdown(ms % 86_400_000) });
}

export const seconds = (ms) => t('time.seconds', { n: number(String(Math.round(ms / 100) / 10), ms < 10_000 ? 1 : 0) });
