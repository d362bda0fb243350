// The catalogue, shared with the server's templates: flat keys, {name} parameters, plural forms by Intl.

let catalogue = {};
let rules = new Intl.PluralRules('en');
let language = 'en';

export async function load(url, lang) {
  language = lang;
  rules = new Intl.PluralRules(lang);
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`catalogue: ${answer.status}`);
  catalogue = await answer.json();
}

export const lang = () => language;
export const has = (key) => Object.hasOwn(catalogue, key);

/** Text of `key`; an object in the catalogue holds plural forms chosen by `params.n`. */
export function t(key, params = {}) {
  let text = catalogue[key];
  if (text === undefined) return key;
  if (typeof text === 'object') text = text[rules.select(Number(params.n))] ?? text.other;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (params[name] ?? whole));
}

const named = (field, reason) => (has(`field.${field}`) ? `${t(`field.${field}`)}: ${reason}` : reason);

/** `Size: minimum is 1` for each wrong field of an answer or of a preview's problem. */
function reasons(error) {
  if (error.field) return named(error.field, error.message);
  return Object.entries(error.fields ?? {}).map(([field, reason]) => named(field, reason)).join('. ');
}

/** Numbers among the parameters in the reader's own form. */
function readable(params) {
  const show = (value) => (/^-?\d+(\.\d+)?$/.test(value) ? new Intl.NumberFormat(language, { maximumFractionDigits: 12 }).format(value) : value);
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, show(value)]));
}

/** The words for an API error: our own text by code, the exchange's label translated, else the server's message. */
export function errorText(error) {
  const label = error.label && has(`labels.${error.label}`) ? t(`labels.${error.label}`) : error.label;
  if (error.code === 'order_rejected' && label) return t('errors.order_rejected', { label });
  if (error.code === 'invalid_request') return reasons(error) || error.message;
  const key = `errors.${error.code}`;
  const filled = has(key) ? t(key, readable(error.params ?? {})) : '';
  if (filled && !/\{\w+\}/.test(filled)) return filled;
  return error.message || t('errors.internal');
}
