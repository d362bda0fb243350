// The red side of copying: STOP with its scope, closing everything, and the banner that runs while hands are off.

import { confirm, form, summary } from '../core/dialog.js';
import { $, h, icon, redraw } from '../core/dom.js';
import { isNumber, isZero } from '../core/decimal.js';
import { countdown } from '../core/format.js';
import { t } from '../core/i18n.js';
import { mayTrade, on, serverNow, state } from '../core/store.js';
import { fail, toast } from '../core/toast.js';
import { accountOf, act, copy, rowsOf } from './data.js';

const ICONS = { halt: 'octagon-x', hands: 'hand', stopped: 'triangle-alert' };
const LOOKED_AT = ['MONITOR', 'SECOND_INSTANCE', 'UNKNOWN_OUTCOME'];

const scopeName = (scope) => (scope === 'all' ? t('copy.scope.all') : accountOf(scope)?.name ?? scope);

async function lift(path, scope, done) {
  try {
    await act(path, { scope });
    toast('good', done);
  } catch (error) {
    fail(t('copy.failed'), error);
  }
}

/** Lifting STOP is asked: copying goes on from where the leaders stand then. */
export async function releaseHalt(scope) {
  const yes = await confirm({ title: t('copy.release.title', { scope: scopeName(scope) }), yes: t('copy.release.yes'), testid: 'release-confirm', body: [h('p', {}, t('copy.release.text'))] });
  if (yes) await lift('/api/copy/release', scope, t('copy.release.done'));
}

function banner(level, since, text, ...buttons) {
  return h('div', { class: 'copy-brake', role: 'status', data: { level, testid: `brake-${level}` } }, icon(ICONS[level] ?? 'pause'),
    h('span', {}, text), since ? h('b', { class: 'num', data: { testid: 'brake-timer' } }, countdown(Math.max(0, serverNow() - since))) : '', h('span', { class: 'spacer' }), ...buttons);
}

const tool = (label, data) => h('button', { type: 'button', class: 'button small', disabled: !mayTrade(), data }, label);

/** Accounts on which nothing new is opened until a person has looked. */
function stopped() {
  const found = new Map(copy.links.flatMap((item) => (item.warnings ?? []).filter((one) => one.human && LOOKED_AT.includes(one.code)).map((one) => [item.follower.id, `${item.follower.name}: ${one.text}`])));
  return [...found].map(([account, text]) => banner('stopped', 0, text, tool(t('copy.stopped.yes'), { act: 'go-on', account, testid: 'go-on' })));
}

function banners() {
  const halts = copy.brakes.filter((brake) => brake.state === 'halt').map((brake) => banner('halt', brake.since_ms, t('copy.halted', { scope: scopeName(brake.scope) }), tool(t('copy.release.yes'), { act: 'release', scope: brake.scope, testid: 'release' })));
  const hands = copy.links.filter((item) => item.state === 'hands_off').map((item) => banner('hands', item.since_ms, t('copy.hands_off.banner', { name: item.follower.name }), tool(t('copy.more.pause'), { act: 'pause', link: item.id }), tool(t('copy.arm.again'), { act: 'arm', link: item.id })));
  const paused = copy.brakes.find((brake) => brake.state === 'pause' && brake.scope === 'all');
  const pause = paused && !halts.length ? [banner('pause', paused.since_ms, t('copy.pause_all.banner'), tool(t('copy.resume.yes'), { act: 'resume-all', testid: 'resume-all' }))] : [];
  const normal = copy.known && copy.mode !== 'copy' && copy.links.some((item) => item.state !== 'off') ? [banner('mode', 0, t('copy.normal_banner'), tool(t('copy.switch_on'), { act: 'mode', testid: 'switch-copy' }))] : [];
  return [...halts, ...stopped(), ...hands, ...pause, ...normal];
}

function draw() {
  if (state.view === 'copy') redraw($('#copy-brakes'), ...banners());
}

/** How many followers may send orders now. */
export const copying = () => copy.links.filter((item) => ['on', 'close_only', 'tripped'].includes(item.state)).length;

/** Accounts in the order of the list that follow or lead. */
function involved() {
  const ids = new Set(copy.links.flatMap((item) => [item.leader.id, item.follower.id]));
  return state.accounts.filter((item) => ids.has(item.id));
}

function counts(scope) {
  const links = copy.links.filter((item) => scope === 'all' || item.follower.id === scope);
  const open = links.flatMap((item) => rowsOf(item.id)).filter((row) => isNumber(row.owned) && !isZero(row.owned));
  return { links: links.filter((item) => item.state !== 'off').length, open };
}

/** STOP for copying: pause, halt, or close everything. Scope and counts are in front of the eyes. */
export function showStopCopying(wanted = 'all') {
  const scope = h('select', { class: 'select', name: 'scope', id: 'stop-scope', 'data-testid': 'stop-scope' }, h('option', { value: 'all' }, t('copy.scope.all')), involved().map((item) => h('option', { value: item.id }, item.name)));
  scope.value = wanted;
  const ways = ['pause', 'halt', 'flatten'].map((name, index) => {
    const input = h('input', { type: 'radio', name: 'way', value: name, 'data-testid': `stop-way-${name}` });
    input.checked = index === 0;
    return { name, input, node: h('label', { class: 'choice' }, input, h('span', {}, h('b', {}, t(`copy.stop.${name}`)), h('span', { class: 'sub' }, t(`copy.stop.${name}_text`)))) };
  });
  const after = h('select', { class: 'select', id: 'stop-then', 'data-testid': 'stop-then' }, ['pause', 'halt'].map((name) => h('option', { value: name }, t(`copy.stop.then_${name}`))));
  const afterRow = h('div', { class: 'field' }, h('label', { for: 'stop-then' }, t('copy.stop.then')), after);
  const numbers = h('div', {});
  const show = () => {
    const { links, open } = counts(scope.value);
    afterRow.hidden = !ways[2].input.checked;
    numbers.replaceChildren(summary([[t('copy.stop.links'), String(links)], [t('copy.open_positions'), open.map((row) => row.instrument).join(', ') || t('copy.none_open')]]));
  };
  for (const node of [scope, ...ways.map((way) => way.input)]) node.addEventListener('change', show);
  show();
  return form({
    title: t('copy.stop.title'), testid: 'stop-copying', danger: true, submit: t('copy.stop.yes'),
    fields: [h('div', { class: 'field' }, h('label', { for: 'stop-scope' }, t('copy.stop.scope')), scope), numbers, h('fieldset', { class: 'plain' }, h('legend', {}, t('copy.stop.ask')), ways.map((way) => way.node)), afterRow],
    send: async () => {
      const { name } = ways.find((way) => way.input.checked);
      await act(`/api/copy/${name}`, name === 'flatten' ? { scope: scope.value, then: after.value } : { scope: scope.value });
      toast('good', t(`copy.stop.${name}_done`));
    },
  });
}

export function init() {
  for (const topic of ['copy', 'view', 'time', 'mode']) on(topic, draw);
}
