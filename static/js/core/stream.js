// One EventSource with every topic of this tab. Each message is the whole newest state of its topic.

import { link } from './link.js';

const KINDS = ['market', 'candles', 'account', 'server', 'copy'];

let source = null;
let topics = '';

export const isOpen = () => source !== null;
export const openTopics = () => topics;

/** Nothing more is heard; `onend` is not called. */
export function close() {
  source?.close();
  source = null;
  topics = '';
  link.via = 'none';
}

/**
 * Opens the stream of `wanted`. `ontopic(kind, text, sequence)` gets every message unread, `onopen` the first sign of life,
 * `onend(lived)` the end with the milliseconds it had lived. The browser's own reopening is not used: it cannot tell a refusal from
 * a lost server, nor change its topics.
 */
export function open(wanted, { ontopic, onopen, onend }) {
  close();
  const mine = new EventSource(`/api/events?topics=${encodeURIComponent(wanted)}`);
  source = mine;
  topics = wanted;
  let openedAt = 0;
  mine.addEventListener('open', () => {
    if (source !== mine) return;
    openedAt = performance.now();
    Object.assign(link, { via: 'stream', openedAt });
    onopen();
  });
  mine.addEventListener('error', () => {
    if (source !== mine) return;
    close();
    onend(openedAt ? performance.now() - openedAt : 0);
  });
  for (const kind of KINDS) mine.addEventListener(kind, (event) => { if (source === mine) ontopic(kind, event.data, event.lastEventId); });
}
