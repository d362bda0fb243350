// Look and trading habits. Language reloads the page, everything else is at once.

import { $$, press } from '../core/dom.js';
import { fromInput } from '../core/decimal.js';
import { number } from '../core/format.js';
import { flush, pref, setPref } from '../core/prefs.js';
import { on } from '../core/store.js';

function draw() {
  const groups = Map.groupBy($$('[data-pref]'), (node) => node.dataset.pref);
  for (const [key, nodes] of groups) press(nodes, nodes.find((node) => node.dataset.value === pref(key)));
  for (const node of $$('[data-flag]')) node.checked = Boolean(pref(node.dataset.flag));
  for (const node of $$('[data-range]')) node.value = String(pref(node.dataset.range));
  for (const node of $$('[data-number]')) if (document.activeElement !== node) node.value = number(pref(node.dataset.number));
}

async function choose(node) {
  setPref(node.dataset.pref, node.dataset.value);
  if (node.dataset.pref !== 'lang') return;
  await flush();
  location.replace(location.pathname);
}

export function init() {
  for (const node of $$('[data-pref]')) node.addEventListener('click', () => choose(node));
  for (const node of $$('[data-flag]')) node.addEventListener('change', () => setPref(node.dataset.flag, node.checked));
  for (const node of $$('[data-number]')) node.addEventListener('change', () => { const value = fromInput(node.value); if (value) setPref(node.dataset.number, value); draw(); });
  for (const node of $$('[data-range]')) node.addEventListener('change', () => setPref(node.dataset.range, Number(node.value)));
  on('prefs', draw);
  draw();
}
