// A table whose rows are built once per key and rewritten in place, so that focus and hover survive each second.

import { h, setClass, setText } from '../core/dom.js';
import { mayTrade } from '../core/store.js';

/**
 * Columns: {key, label, kind, text(row) | parts(row), build(cell, current), update(cell, row)}.
 * `text` gives a string; `parts` gives [main, sub, class]; `build` fills the cell once with controls that call `current()`.
 */
export function createTable({ columns, key, empty, caption, rowClass = () => '', testid }) {
  const rows = new Map();
  const body = h('tbody');
  const head = columns.map((column) => h('th', { scope: 'col', class: column.kind ?? '' }, column.label || h('span', { class: 'visually-hidden' }, column.spoken ?? '')));
  const table = h('table', { class: 'grid-table cards-on-phone', 'data-testid': testid }, h('caption', { class: 'visually-hidden' }, caption), h('thead', {}, h('tr', {}, head)), body);
  const note = h('p', { class: 'empty', 'data-testid': `${testid}-empty` });
  const root = h('div', {}, table, note);

  function makeRow(item) {
    const entry = { item };
    entry.cells = columns.map((column) => {
      const cell = h('td', { class: column.kind ?? '', 'data-label': column.label });
      column.build?.(cell, () => entry.item);
      return cell;
    });
    entry.node = h('tr', { 'data-key': key(item) }, entry.cells);
    return entry;
  }

  function write(column, cell, item) {
    if (column.update) return column.update(cell, item);
    if (column.text) return setText(cell, column.text(item));
    if (!column.parts) return undefined;
    const [main, sub = '', mark = ''] = column.parts(item);
    if (!cell.firstChild) cell.append(h('span'), h('span', { class: 'sub' }));
    setText(cell.firstChild, main);
    setClass(cell.firstChild, mark);
    setText(cell.lastChild, sub);
    cell.lastChild.hidden = !sub;
    return undefined;
  }

  function draw(items) {
    const list = items ?? [];
    note.hidden = list.length > 0;
    setText(note, empty(items));
    table.hidden = !list.length;
    const seen = new Set();
    list.forEach((item, index) => {
      const name = key(item);
      seen.add(name);
      if (!rows.has(name)) rows.set(name, makeRow(item));
      const entry = rows.get(name);
      entry.item = item;
      columns.forEach((column, at) => write(column, entry.cells[at], item));
      setClass(entry.node, rowClass(item));
      if (body.children[index] !== entry.node) body.insertBefore(entry.node, body.children[index] ?? null);
    });
    for (const [name, entry] of rows) {
      if (seen.has(name)) continue;
      entry.node.remove();
      rows.delete(name);
    }
  }

  return { root, draw };
}

/** A row of small buttons; each handler gets the row's newest data. */
export function actions(cell, current, list) {
  cell.append(h('div', { class: 'actions' }, list.map(([label, act, props = {}]) => h('button', { type: 'button', class: `button small ${props.kind ?? ''}`, 'data-testid': props.testid, title: props.title, disabled: !mayTrade(), onclick: () => act(current()) }, label))));
}
