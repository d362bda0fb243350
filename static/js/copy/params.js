// Controls made from the server's table of parameters: one per rule, with its unit, bounds, default and help.

import { fromInput } from '../core/decimal.js';
import { h, icon } from '../core/dom.js';
import { number } from '../core/format.js';
import { has, t } from '../core/i18n.js';

const same = (a, b) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

/** A stored value as it stands in its field. */
function shown(rule, value) {
  if (value === null || value === undefined) return '';
  if (rule.kind === 'names') return value.join(', ');
  if (rule.kind === 'steps') return value.join('; ');
  return String(value);
}

/** `250` or `5%`, also with a comma or a space. */
function shareOf(text) {
  const percent = text.includes('%');
  const value = fromInput(text.replace('%', ''));
  return value === null ? text : percent ? `${value}%` : value;
}

const READERS = {
  number: (text) => fromInput(text) ?? text,
  whole: (text) => fromInput(text) ?? text,
  share: shareOf,
  names: (text) => text.toUpperCase().split(/[\s,;]+/).filter(Boolean),
  steps: (text) => text.split(/[\s;]+/).filter(Boolean).map((one) => fromInput(one) ?? one),
};

/** What is typed, as the API takes it; an empty field is "off". */
function read(rule, input) {
  if (rule.kind === 'flag') return input.checked;
  if (rule.kind === 'choice') return input.value;
  const text = input.value.trim();
  if (!text) return rule.kind === 'names' ? [] : rule.optional ? null : rule.default;
  return READERS[rule.kind](text);
}

function inputOf(rule, value) {
  const props = { name: `params.${rule.name}`, id: `param-${rule.name}`, 'aria-describedby': `param-${rule.name}-help`, 'data-testid': `param-${rule.name}` };
  if (rule.kind === 'flag') return h('input', { type: 'checkbox', class: 'switch', role: 'switch', ...props, checked: Boolean(value) });
  if (rule.kind === 'choice') {
    const select = h('select', { class: 'select', ...props }, rule.choices.map((one) => h('option', { value: one.value }, one.label)));
    select.value = value;
    return select;
  }
  const numeric = ['number', 'whole', 'share'].includes(rule.kind);
  return h('input', { class: 'input num', autocomplete: 'off', ...(numeric ? { inputmode: 'decimal' } : {}), placeholder: rule.optional ? t('copy.param_off') : rule.kind === 'names' ? t('copy.param_names') : null, ...props, value: shown(rule, value) });
}

function bounds(rule) {
  if (rule.low === null || rule.high === null || ['flag', 'share'].includes(rule.kind)) return '';
  return `${number(rule.low)} – ${number(rule.high)}${rule.unit_label ? ` ${rule.unit_label}` : ''}`;
}

/** One control: `{node, rule, value(), changed()}`; `onchange` is called after each change. */
export function control(rule, value, onchange = () => {}) {
  const input = inputOf(rule, value);
  const mark = h('span', { class: 'tag changed', hidden: true, title: t('copy.changed_from', { value: shownDefault(rule) }) }, icon('pencil'), t('copy.changed'));
  const reset = h('button', { type: 'button', class: 'icon-button small', 'aria-label': t('copy.param_reset', { name: rule.label, value: shownDefault(rule) }), title: t('copy.param_reset', { name: rule.label, value: shownDefault(rule) }), hidden: true }, icon('rotate-ccw'));
  const current = () => read(rule, input);
  const compare = () => {
    const differs = !same(current(), rule.default);
    mark.hidden = !differs;
    reset.hidden = !differs;
  };
  const put = (next) => {
    if (rule.kind === 'flag') input.checked = Boolean(next);
    else input.value = shown(rule, next);
    compare();
  };
  input.addEventListener(rule.kind === 'choice' || rule.kind === 'flag' ? 'change' : 'input', () => { compare(); onchange(); });
  reset.addEventListener('click', () => { put(rule.default); input.focus(); onchange(); });
  compare();
  const limit = bounds(rule);
  const node = h('div', { class: `field param kind-${rule.kind}`, data: { param: rule.name } },
    h('div', { class: 'param-head' }, h('label', { for: input.id }, rule.label), mark),
    h('div', { class: 'input-group' }, input, rule.unit_label && h('span', { class: 'unit' }, rule.unit_label), reset),
    h('p', { class: 'hint', id: `param-${rule.name}-help` }, rule.help, limit && h('span', { class: 'num bounds' }, ` ${limit}`)),
    h('p', { class: 'field-error', hidden: true }));
  return { node, rule, input, value: current, put, changed: () => !same(current(), value) };
}

function shownDefault(rule) {
  if (rule.kind === 'flag') return t(rule.default ? 'common.yes' : 'common.no');
  if (rule.kind === 'choice') return rule.choices.find((one) => one.value === rule.default)?.label ?? rule.default;
  return `${shown(rule, rule.default) || t('copy.param_off')}${rule.unit_label && shown(rule, rule.default) ? ` ${rule.unit_label}` : ''}`;
}

/** Which fields of the size group matter now: the others would only confuse. */
export function fitSize(controls) {
  const mode = controls.get('size_mode')?.value();
  const show = (name, on) => { const one = controls.get(name); if (one) one.node.hidden = !on; };
  show('multiplier', ['equity', 'ratio'].includes(mode));
  show('equity_base', mode === 'equity');
  show('amount', mode?.startsWith('fixed'));
  show('max_bump_factor', controls.get('below_min')?.value() === 'bump');
  show('fixed_leverage', controls.get('leverage_mode')?.value() === 'fixed');
  show('late_slip_bps', controls.get('late_join')?.value() === 'if_better');
  show('blind_close_min', controls.get('on_blind')?.value() === 'close');
  const amount = controls.get('amount');
  if (amount && has(`copy.amount.${mode}`)) amount.node.querySelector('label').textContent = t(`copy.amount.${mode}`);
}

/** A server's refusal beside the field it names. */
export function showRefusals(host, fields) {
  for (const [name, text] of Object.entries(fields ?? {})) {
    const input = host.querySelector(`[name="${CSS.escape(name)}"]`);
    const note = input?.closest('.field')?.querySelector('.field-error');
    input?.setAttribute('aria-invalid', 'true');
    if (note) Object.assign(note, { textContent: text, hidden: false });
  }
  host.querySelector('[aria-invalid="true"]')?.focus();
}

export function clearRefusals(host) {
  for (const node of host.querySelectorAll('[aria-invalid]')) node.removeAttribute('aria-invalid');
  for (const node of host.querySelectorAll('.field-error')) node.hidden = true;
}
