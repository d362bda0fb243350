// The feed of what copying did and why not: filter, older rows, CSV.

import { $, $$, h, icon, press, redraw } from '../core/dom.js';
import { dateTime } from '../core/format.js';
import { t } from '../core/i18n.js';
import { on, state } from '../core/store.js';
import { copy, linkOf, loadFeed, setFilter } from './data.js';
import { ACT_ICONS } from './words.js';

const LEVELS = { copied: 'ok', episode: 'ok', failed: 'bad', alert: 'bad', skipped: 'warn', clipped: 'warn', delayed: 'warn' };

function line(row) {
  const item = linkOf(row.link_id);
  return h('li', { data: { kind: row.act, level: LEVELS[row.act] ?? '', testid: 'copy-event' } }, h('time', { class: 'num muted' }, dateTime(row.time_ms)),
    h('span', { class: 'state', data: { level: LEVELS[row.act] ?? '' } }, icon(ACT_ICONS[row.act] ?? 'info'), t(`copy.act.${row.act}`)),
    h('span', { class: 'who' }, h('b', {}, item?.follower.name ?? t('copy.link_n', { n: row.link_id })), row.instrument && ` · ${row.instrument}`),
    h('span', { class: 'what' }, row.text));
}

function draw() {
  if (state.view !== 'copy') return;
  const host = $('#copy-feed');
  if (!copy.events.length) redraw(host, h('li', { class: 'empty' }, t(copy.filter.act || copy.filter.link ? 'copy.feed_none_filtered' : 'copy.feed_none')));
  else redraw(host, ...copy.events.map(line));
  $('#copy-feed-more').hidden = !copy.more;
  const filters = $$('#copy-filter [data-feed]');
  press(filters, filters.find((node) => node.dataset.feed === copy.filter.act));
  drawPicker();
  const query = new URLSearchParams({ format: 'csv', limit: '1000', ...Object.fromEntries(Object.entries(copy.filter).filter(([, value]) => value)) });
  $('#copy-csv').href = `/api/copy/events?${query}`;
}

/** Which follower the feed tells about. */
function drawPicker() {
  const select = $('#copy-feed-link');
  const pairs = [['', t('copy.all_followers')], ...copy.links.map((item) => [item.id, item.follower.name])];
  const wanted = JSON.stringify(pairs);
  if (select.dataset.pairs !== wanted) {
    select.dataset.pairs = wanted;
    select.replaceChildren(...pairs.map(([value, label]) => h('option', { value }, label)));
  }
  select.value = copy.filter.link;
}

/** Shows what a follower did not copy. */
export async function showSkipped(id) {
  await setFilter({ act: 'skipped', link: id });
  $('#copy-events').scrollIntoView({ block: 'start' });
  $('#copy-filter [aria-pressed="true"]')?.focus({ preventScroll: true });
}

export function init() {
  for (const node of $$('#copy-filter [data-feed]')) node.addEventListener('click', () => setFilter({ act: node.dataset.feed }));
  $('#copy-feed-link').addEventListener('change', (event) => setFilter({ link: event.target.value }));
  $('#copy-feed-more').addEventListener('click', () => loadFeed(true));
  for (const topic of ['copy-feed', 'copy-links', 'view']) on(topic, draw);
}
