// Trouble with copying is said wherever the person is: a message that stays, its sound, a mark in the title and on the menu.

import { $$, setText } from '../core/dom.js';
import { emit, on, state } from '../core/store.js';
import { t } from '../core/i18n.js';
import { toast } from '../core/toast.js';
import { ringing } from '../ui/sounds.js';
import { copy, linkOf } from './data.js';

const ACTIVE = ['on', 'close_only', 'tripped'];

let seen = null;
let known = new Map();

const blind = (item) => ACTIVE.includes(item.state) && !item.leader_live && copy.mode === 'copy';
const held = (id) => copy.sync.some((row) => row.link_id === id && ['HOLD', 'UNKNOWN_OUTCOME'].includes(row.reason?.code) && row.reason.human);

/** What is wrong with a link now, as one word; empty when all is well. */
function troubleOf(item) {
  if (item.state === 'tripped') return 'tripped';
  if (blind(item)) return 'blind';
  return held(item.id) ? 'held' : '';
}

const say = (...words) => ringing('copy', () => toast(...words));

function tell(item, trouble) {
  say('bad', t(`copy.alert.${trouble}`, { name: item.follower.name, leader: item.leader.name }), item.reason?.text ?? '');
}

function compare() {
  if (!copy.known) return;
  const now = new Map(copy.links.map((item) => [item.id, troubleOf(item)]));
  for (const item of copy.links) if (now.get(item.id) && known.get(item.id) !== now.get(item.id)) tell(item, now.get(item.id));
  known = now;
  hearEvents();
  const endangered = copy.links.filter((item) => !now.get(item.id) && copy.sync.some((row) => row.link_id === item.id && row.liq_near));
  mark([...now.values()].filter(Boolean).length + endangered.length + copy.brakes.filter((brake) => brake.state === 'halt').length);
}

/** Refusals and alarms of the feed that are newer than this page; what concerns several followers alike is said once. */
function hearEvents() {
  const newest = Math.max(0, ...(copy.alerts ?? []).map((row) => Number(row.id)));
  if (seen !== null) {
    const fresh = Map.groupBy((copy.alerts ?? []).filter((one) => Number(one.id) > seen).reverse(), (one) => [one.act, one.instrument, one.text].join());
    for (const [row, ...more] of fresh.values()) {
      const names = [row, ...more].map((one) => linkOf(one.link_id)?.follower.name).filter(Boolean).join(', ');
      say('bad', t(`copy.act.${row.act}`), [names, row.instrument, row.text].filter(Boolean).join(' · '));
    }
  }
  seen = Math.max(seen ?? 0, newest);
}

function mark(count) {
  state.alarm = count > 0;
  for (const node of $$('[data-count="copy"]')) {
    node.hidden = !count;
    setText(node, count ? '!' : '');
    node.setAttribute('title', t('copy.trouble_n', { n: count }));
  }
  emit('alarm');
}

export function init() {
  on('copy', compare);
}
