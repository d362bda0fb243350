// What a person can do on the copy page. One listener for the whole page; each act says first what will happen.

import { remove } from '../core/api.js';
import { $, h, icon } from '../core/dom.js';
import { confirm, form, open, summary } from '../core/dialog.js';
import { isZero, isNumber } from '../core/decimal.js';
import { number } from '../core/format.js';
import { t } from '../core/i18n.js';
import { mayTrade } from '../core/store.js';
import { fail, toast } from '../core/toast.js';
import { choose } from '../ui/mode.js';
import { arm } from './arm.js';
import { releaseHalt, showStopCopying } from './brakes.js';
import { accountOf, act, copy, linkOf, refreshCopy, rowsOf } from './data.js';
import { showSettings } from './drawer.js';
import { showSkipped } from './feed.js';
import { toggle } from './followers.js';
import { waysOut } from './ways.js';
import { amount, busyRows, coin, contracts, orderWords, STATE_ICONS } from './words.js';
import { showWizard } from './wizard.js';

/** Does it and says so; a refusal is said too. */
async function run(path, body, done) {
  try {
    await act(path, body);
    if (done) toast('good', done);
    return true;
  } catch (error) {
    fail(t('copy.failed'), error);
    return false;
  }
}

const setState = (item, state, done) => run(`/api/copy/links/${item.id}/state`, { state }, done);
const pause = (item) => run('/api/copy/pause', { scope: `link:${item.id}` }, t('copy.paused', { name: item.follower.name }));
const watch = (item) => setState(item, 'shadow', t('copy.watching', { name: item.follower.name }));

async function handsOff(item) {
  const yes = await confirm({ title: t('copy.hands_off.title', { name: item.follower.name }), yes: t('copy.hands_off.yes'), danger: true, testid: 'hands-off',
    body: [h('p', {}, t('copy.hands_off.text')), summary([[t('copy.open_positions'), held(item)]])] });
  if (yes) await setState(item, 'hands_off', t('copy.state.hands_off'));
}

const owned = (id) => rowsOf(id).filter((row) => isNumber(row.owned) && !isZero(row.owned));
const held = (item) => owned(item.id).map((row) => `${row.instrument} ${amount(row.owned, row, true)} ${coin(row)}`).join(', ') || t('copy.none_open');

async function switchOff(item) {
  const yes = await confirm({ title: t('copy.off.title', { name: item.follower.name }), yes: t('copy.off.yes'), testid: 'link-off-confirm', body: [h('p', {}, t('copy.off.text'))] });
  if (yes) await setState(item, 'off', t('copy.off.done', { name: item.follower.name }));
}

/** Three ways to end a link; which one is always asked. */
function unfollow(item) {
  const ways = waysOut();
  return form({
    title: t('copy.unfollow.title', { name: item.follower.name }), testid: 'unfollow', danger: true, submit: t('copy.unfollow.yes'),
    fields: [summary([[t('copy.open_positions'), held(item)]]), ways.node],
    send: async () => {
      const how = ways.value();
      await remove(`/api/copy/links/${item.id}`, { how });
      await refreshCopy();
      toast('good', t(`copy.unfollow.${how}_done`, { name: item.follower.name }));
    },
  });
}

/** Everything else a link can be told, as a list with a line of explanation each. */
function more(item) {
  const acts = [
    ['settings', 'settings', () => showSettings(item), true],
    ['watch', STATE_ICONS.shadow, () => watch(item), item.state === 'off'],
    ['arm', STATE_ICONS.on, () => arm(item), item.state !== 'on' && !item.leaving],
    ['pause', STATE_ICONS.close_only, () => pause(item), ['on', 'hands_off'].includes(item.state)],
    ['hands_off', STATE_ICONS.hands_off, () => handsOff(item), ['on', 'close_only', 'tripped'].includes(item.state)],
    ['off', STATE_ICONS.off, () => switchOff(item), item.state !== 'off' && !owned(item.id).length],
    ['flatten', 'octagon-x', () => flatten(item), owned(item.id).length > 0],
    ['unfollow', 'trash-2', () => unfollow(item), true],
  ];
  const line = (close) => ([name, symbol, run_, shown]) => shown && h('button', { type: 'button', class: `act-line ${['hands_off', 'flatten', 'unfollow'].includes(name) ? 'bad' : ''}`, disabled: name !== 'settings' && !mayTrade(), 'data-testid': `more-${name}`, onclick: () => { close(null); run_(); } },
    icon(symbol), h('span', {}, h('b', {}, t(`copy.more.${name}`)), h('span', { class: 'sub' }, t(`copy.more.${name}_text`))));
  const list = h('div', { class: 'act-list' });
  return open({ title: t('copy.more.title', { name: item.follower.name }), testid: 'link-menu', body: [],
    actions: (close, dialog) => { const body = dialog.querySelector('.dialog-body'); body.classList.add('flush'); list.append(...acts.map(line(close)).filter(Boolean)); body.append(list); return []; } });
}

async function flatten(item) {
  const yes = await confirm({ title: t('copy.flatten.link_title', { name: item.follower.name }), yes: t('copy.flatten.yes'), danger: true, testid: 'flatten-link',
    body: [h('p', {}, t('copy.flatten.link_text')), summary(owned(item.id).map((row) => [row.instrument, `${amount(row.owned, row, true)} ${coin(row)} · ${contracts(row.owned)}`]))] });
  if (yes) await run('/api/copy/flatten', { scope: `link:${item.id}`, then: 'pause' }, t('copy.flatten.done'));
}

/** fix, adopt, ignore, close, catch up, skip: with the numbers of the row as they are now. */
async function leg(item, name, action) {
  const row = busyRows(item.id).find((one) => `${one.instrument}|${one.side}` === name);
  if (!row) return;
  const yes = await confirm({ title: `${t(`copy.leg_do.${action}`)} · ${row.instrument}`, yes: t(`copy.leg_do.${action}`), danger: action === 'close', testid: `confirm-${action}`,
    body: [h('p', {}, t(`copy.leg_do.${action}_text`, { name: item.follower.name })),
      summary([[t('copy.leg.leader'), contracts(row.leader)], [t('copy.leg.target'), contracts(row.target)], [t('copy.leg.owned'), contracts(row.owned)], [t('copy.leg.foreign'), contracts(row.foreign)],
        ['fix', 'catch_up'].includes(action) && isNumber(row.drift) && [t('copy.will_send'), number(row.drift)], row.order && [t('copy.will_send'), orderWords(row)]])] });
  if (yes) await run(`/api/copy/links/${item.id}/actions`, { settle: item.settle, instrument: row.instrument, side: row.side, action }, t(`copy.leg_do.${action}_done`, { name: row.instrument }));
}

async function pauseAll() {
  const names = copy.links.filter((item) => item.state === 'on').map((item) => item.follower.name);
  const yes = await confirm({ title: t('copy.pause_all.title', { n: names.length }), yes: t('copy.pause_all.yes'), testid: 'pause-all-confirm', body: [h('p', {}, t('copy.pause_all.text')), h('p', { class: 'muted' }, names.join(', '))] });
  if (yes) await run('/api/copy/pause', { scope: 'all' }, t('copy.pause_all.done'));
}

async function resumeAll() {
  const yes = await confirm({ title: t('copy.resume.title'), yes: t('copy.resume.yes'), testid: 'resume-confirm', body: [h('p', {}, t('copy.resume.text'))] });
  if (yes) await run('/api/copy/resume', { scope: 'all' }, t('copy.resume.done'));
}

/** Ends what stopped an account until a person had looked. */
async function goOn(account) {
  const name = accountOf(account)?.name ?? account;
  const yes = await confirm({ title: t('copy.stopped.title', { name }), yes: t('copy.stopped.yes'), testid: 'go-on-confirm', body: [h('p', {}, t('copy.stopped.text'))] });
  if (yes) await run('/api/copy/resume', { scope: account }, t('copy.stopped.done', { name }));
}

const ACTS = {
  open: (item) => toggle(item.id), pause, watch, arm, more, settings: showSettings, 'show-skipped': (item) => showSkipped(item.id),
  leg: (item, node) => leg(item, node.dataset.leg, node.dataset.action), new: () => showWizard(), stop: () => showStopCopying(),
  'pause-all': pauseAll, 'resume-all': resumeAll, 'pause-leader': (item, node) => run('/api/copy/pause', { scope: node.dataset.account }, t('copy.pause_all.done')),
  'go-on': (item, node) => goOn(node.dataset.account), mode: () => choose('copy'), release: (item, node) => releaseHalt(node.dataset.scope),
};

export function init() {
  $('#view-copy').addEventListener('click', (event) => {
    const node = event.target.closest('[data-act]');
    const todo = node && !node.disabled && ACTS[node.dataset.act];
    if (!todo || (node.dataset.link && !linkOf(node.dataset.link))) return;
    todo(node.dataset.link ? linkOf(node.dataset.link) : null, node);
  });
}

