// The bell: every message since the page was opened, also those that left the screen by themselves.

import { open } from '../core/dialog.js';
import { $$, h, icon, press, setText } from '../core/dom.js';
import { dateTime } from '../core/format.js';
import { t } from '../core/i18n.js';
import { on } from '../core/store.js';
import { ICONS, notices } from '../core/toast.js';

const TROUBLE = ['bad', 'warn'];

function drawCount() {
  const fresh = notices.filter((item) => !item.seen).length;
  for (const node of $$('[data-count="notices"]')) {
    node.hidden = !fresh;
    setText(node, String(fresh));
  }
}

const line = (item) => h('li', { data: { kind: item.kind } }, icon(ICONS[item.kind]), h('div', {}, h('b', {}, item.title), item.text && h('p', {}, item.text), item.raw && h('code', {}, item.raw)), h('time', { class: 'num muted' }, dateTime(item.at)));

export async function showBell() {
  let wanted = 'all';
  const list = h('ul', { class: 'notices', 'data-testid': 'notices' });
  const draw = () => {
    const shown = notices.filter((item) => wanted === 'all' || TROUBLE.includes(item.kind));
    list.replaceChildren(...(shown.length ? shown.map(line) : [h('li', { class: 'empty' }, t('bell.none'))]));
  };
  const filters = ['all', 'trouble'].map((name) => h('button', { type: 'button', 'aria-pressed': String(name === wanted), 'data-testid': `bell-${name}`, onclick: (event) => { wanted = name; press(filters, event.currentTarget); draw(); } }, t(`bell.${name}`)));
  draw();
  const done = open({ title: t('bell.title'), kind: 'wide', testid: 'bell-dialog', body: [h('div', { class: 'segmented', role: 'group', 'aria-label': t('bell.title') }, filters), list] });
  for (const item of notices) item.seen = true;
  drawCount();
  await done;
}

export function init() {
  for (const node of $$('[data-bell]')) node.addEventListener('click', showBell);
  on('notices', drawCount);
}
