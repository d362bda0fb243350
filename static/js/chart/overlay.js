// Labels of the chart's lines as real elements over the canvas: × cancels, dragging moves. A moved line is a ghost until
// it is applied (Enter) or undone (Esc); the same can be done with Edit in the list of orders.

import { h, icon, setClass, setText } from '../core/dom.js';
import { t } from '../core/i18n.js';

const NEAR = { touch: 16, mouse: 6 };
const BEGUN = 4;
const TALL = 24;

export class Overlay {
  /** `snap(number)` gives the nearest allowed price as text, `onmove(line, text)` applies it and resolves when it is done. */
  constructor(host, chart, { formatPrice, snap, onmove }) {
    Object.assign(this, { host, chart, formatPrice, snap, onmove, lines: [], tags: new Map(), drag: null, moved: null });
    this.root = h('div', { class: 'chart-tags' });
    this.ghost = h('div', { class: 'chart-ghost', hidden: true }, h('span', { class: 'num' }));
    this.bar = this.makeBar();
    host.append(this.root, this.ghost, this.bar);
    host.addEventListener('pointerdown', (event) => this.begin(event), true);
    host.addEventListener('pointermove', (event) => this.point(event));
    host.addEventListener('touchstart', (event) => { if (this.drag) event.preventDefault(); }, { passive: false });
    host.addEventListener('pointerup', (event) => this.drop(event));
    host.addEventListener('pointercancel', () => this.undo());
    host.addEventListener('keydown', (event) => { if (event.key === 'Escape' && (this.drag || this.moved)) { event.stopPropagation(); this.undo(); } });
  }

  makeBar() {
    const text = h('span', { class: 'num', 'data-testid': 'moved-text' });
    const apply = h('button', { type: 'button', class: 'button small primary', 'data-testid': 'moved-apply', onclick: () => this.apply() }, t('common.apply'));
    const undo = h('button', { type: 'button', class: 'button small', 'data-testid': 'moved-undo', onclick: () => this.undo() }, t('chart.undo'));
    return h('div', { class: 'chart-bar', role: 'group', 'aria-label': t('chart.moved'), 'data-testid': 'moved-bar', hidden: true }, text, apply, undo);
  }

  setLines(lines) {
    this.lines = lines.filter((line) => line.label);
    const kept = new Set(this.lines.map((line) => line.id));
    for (const [id, tag] of this.tags) {
      if (kept.has(id)) continue;
      tag.remove();
      this.tags.delete(id);
    }
    for (const line of this.lines) this.draw(line);
    if (this.moved && !kept.has(this.moved.line.id)) this.undo();
    this.place();
  }

  draw(line) {
    if (!this.tags.has(line.id)) {
      const cross = h('button', { type: 'button', 'data-testid': 'line-cancel' }, icon('x'));
      cross.addEventListener('click', () => tag.line.cancel?.());
      const tag = h('div', { 'data-testid': `line-${line.kind}` }, h('span', { class: 'num' }), cross);
      this.tags.set(line.id, tag);
      this.root.append(tag);
    }
    const tag = this.tags.get(line.id);
    tag.line = line;
    setClass(tag, `chart-tag ${line.kind}${line.move ? ' movable' : ''}`);
    if (!line.pin) setText(tag.firstChild, line.label);
    tag.lastChild.hidden = !line.cancel;
    const words = t('chart.cancel_line', { line: `${line.label} ${this.formatPrice(line.price)}` });
    if (tag.lastChild.getAttribute('aria-label') !== words) tag.lastChild.setAttribute('aria-label', words);
  }

  /** Each tag at its price; those that would overlap move down. Out of sight it is hidden, or waits at the edge when it is pinned. */
  place() {
    let free = -TALL;
    const { foot } = this.chart;
    const placed = this.lines.map((line) => ({ line, tag: this.tags.get(line.id), y: this.chart.y(line.price) })).sort((a, b) => (a.y ?? 0) - (b.y ?? 0));
    for (const { line, tag, y } of placed) {
      const away = y === null || !line.pin ? '' : y <= 0 ? '↑' : y >= foot ? '↓' : '';
      tag.hidden = !away && (y === null || y <= 0 || y >= foot);
      if (tag.hidden) continue;
      if (line.pin) setText(tag.firstChild, away ? `${away} ${line.label} ${this.formatPrice(line.price)}` : line.label);
      const top = away ? (away === '↑' ? free + TALL : foot - TALL - 2) : Math.max(y - TALL / 2, free);
      free = top + TALL + 2;
      tag.style.transform = `translateY(${Math.round(top)}px)`;
    }
    if (this.moved || this.drag?.begun) this.showGhost();
  }

  hit(event) {
    const tag = event.target.closest?.('.chart-tag');
    if (tag) return event.target.closest('button') || !tag.line.move ? null : tag.line;
    if (event.target.closest?.('button, a, .chart-bar, .chart-table')) return null;
    const box = this.host.getBoundingClientRect();
    if (event.clientX - box.left > box.width - this.chart.axis) return null;
    const near = NEAR[event.pointerType] ?? NEAR.mouse;
    const distance = (line) => Math.abs((this.chart.y(line.price) ?? Infinity) - (event.clientY - box.top));
    const [line] = this.lines.filter((one) => one.move && distance(one) <= near).sort((a, b) => distance(a) - distance(b));
    return line ?? null;
  }

  begin(event) {
    if (event.button || this.drag) return;
    const line = this.hit(event);
    if (!line) return;
    event.preventDefault();
    event.stopPropagation();
    this.undo();
    this.chart.hold(true);
    this.host.setPointerCapture(event.pointerId);
    this.drag = { line, from: event.clientY, begun: false };
  }

  point(event) {
    if (!this.drag) {
      this.host.classList.toggle('near-line', event.pointerType === 'mouse' && this.hit(event) !== null);
      return;
    }
    if (!this.drag.begun && Math.abs(event.clientY - this.drag.from) < BEGUN) return;
    const y = event.clientY - this.host.getBoundingClientRect().top;
    const price = this.chart.price(Math.max(2, Math.min(this.chart.foot - 2, y)));
    if (price === null || price <= 0) return;
    Object.assign(this.drag, { begun: true, price: this.snap(price) });
    this.showGhost();
  }

  drop(event) {
    if (!this.drag) return;
    const { line, begun, price } = this.drag;
    this.drag = null;
    this.chart.hold(false);
    this.host.releasePointerCapture(event.pointerId);
    if (!begun || Number(price) === line.price) return this.undo();
    this.moved = { line, price };
    setText(this.bar.firstChild, `${this.formatPrice(line.price)} → ${this.formatPrice(Number(price))}`);
    this.bar.hidden = false;
    this.bar.children[1].focus({ preventScroll: true });
    return this.showGhost();
  }

  showGhost() {
    const { price } = this.moved ?? this.drag;
    const y = this.chart.y(Number(price));
    this.ghost.hidden = y === null;
    setText(this.ghost.firstChild, this.formatPrice(Number(price)));
    this.ghost.style.transform = `translateY(${Math.round(y ?? 0)}px)`;
  }

  async apply() {
    const { line, price } = this.moved;
    this.bar.hidden = true;
    await this.onmove(line, price);
    this.undo();
  }

  undo() {
    if (this.drag) this.chart.hold(false);
    Object.assign(this, { drag: null, moved: null });
    this.ghost.hidden = true;
    this.bar.hidden = true;
  }

  hide(hidden) {
    this.root.hidden = hidden;
    if (hidden) this.undo();
  }
}
