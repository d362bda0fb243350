// A browser opens six connections to one server. The tabs of one browser agree which of them may hold a stream, the latest used
// first; the others poll, so that another tab always finds a free connection.

const MOST_STREAMS = 4;
const RENEW_MS = 5000;
const FORGET_MS = 15_000;

const me = { id: crypto.getRandomValues(new Uint32Array(2)).join('-'), used: Date.now(), wants: false };
const others = new Map();
let channel = null;
let onchange = () => {};

function tell() {
  channel?.postMessage({ ...me });
}

const before = (one) => one.used > me.used || (one.used === me.used && one.id < me.id);

/** Whether this tab is among those that may hold a stream now. */
export function mayStream() {
  const limit = Date.now() - FORGET_MS;
  for (const [id, one] of others) if (one.heard < limit) others.delete(id);
  return [...others.values()].filter((one) => one.wants && before(one)).length < MOST_STREAMS;
}

/** Says whether this tab wants a stream: a hidden one does not. */
export function want(wants) {
  if (me.wants === wants) return;
  me.wants = wants;
  tell();
}

function use() {
  me.used = Date.now();
  tell();
  onchange();
}

/** `changed()` is called whenever the answer of `mayStream` may have changed. */
export function start(changed) {
  onchange = changed;
  if (!('BroadcastChannel' in window)) return;
  channel = new BroadcastChannel('mtrade-tabs');
  channel.addEventListener('message', ({ data }) => {
    const known = others.has(data.id);
    others.set(data.id, { ...data, heard: Date.now() });
    if (!known) tell();
    onchange();
  });
  window.addEventListener('focus', use);
  window.addEventListener('pagehide', () => { want(false); });
  setInterval(() => { tell(); onchange(); }, RENEW_MS);
  tell();
}
