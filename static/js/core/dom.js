// Builds DOM without markup strings: text is never HTML.

const SVG = 'http://www.w3.org/2000/svg';

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

function assign(node, props) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined) continue;
    if (name === 'class') node.setAttribute('class', value);
    else if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name === 'data') Object.assign(node.dataset, value);
    else if (typeof value === 'boolean' && name in node) node[name] = value;
    else if (name === 'value' || name === 'textContent' || name === 'htmlFor') node[name] = value;
    else node.setAttribute(name, value);
  }
}

/** h('button', {class: 'x', onclick: f}, 'text', node, null) */
export function h(tag, props, ...children) {
  const node = document.createElement(tag);
  assign(node, props);
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function svg(tag, props, ...children) {
  const node = document.createElementNS(SVG, tag);
  assign(node, props);
  node.append(...children);
  return node;
}

/** An icon of the page's sprite. */
export function icon(name, extra = '') {
  return svg('svg', { class: `icon ${extra}`.trim(), viewBox: '0 0 24 24', 'aria-hidden': 'true' },
    svg('use', { href: `#i-${name}` }));
}

/** Writes text only when it differs, so that an unchanged number costs nothing. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setClass(node, name) {
  if (node.getAttribute('class') !== name) node.setAttribute('class', name);
}

/** Makes `old` look like `fresh`, keeping the nodes that stay, so that focus and the number of nodes survive each redraw. */
function patch(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeType === Node.TEXT_NODE && fresh.nodeType === Node.TEXT_NODE) {
    old.data = fresh.data;
    return;
  }
  if (old.nodeName !== fresh.nodeName || !old.childNodes.length || old.childNodes.length !== fresh.childNodes.length) {
    old.replaceWith(fresh);
    return;
  }
  for (const name of old.getAttributeNames()) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const name of fresh.getAttributeNames()) if (old.getAttribute(name) !== fresh.getAttribute(name)) old.setAttribute(name, fresh.getAttribute(name));
  [...fresh.childNodes].forEach((node, index) => patch(old.childNodes[index], node));
}

/** Like replaceChildren, but in place where the shape is the same. Listeners of the first nodes stay. */
export function redraw(host, ...nodes) {
  const fresh = nodes.filter((node) => node !== '' && node !== null && node !== false);
  if (fresh.length !== host.childNodes.length) host.replaceChildren(...fresh);
  else fresh.forEach((node, index) => patch(host.childNodes[index], node));
}

/** Presses one button of a group and releases the others. */
export function press(buttons, chosen) {
  for (const button of buttons) button.setAttribute('aria-pressed', String(button === chosen));
}

export function button(label, props = {}, symbol = null) {
  const { class: extra = '', ...rest } = props;
  return h('button', { type: 'button', class: `button ${extra}`.trim(), ...rest }, symbol && icon(symbol), h('span', {}, label));
}

/** Says something once to screen readers: order events only, never moving numbers. */
export function announce(text, urgent = false) {
  const node = $(urgent ? '#alerts' : '#live');
  if (node) node.textContent = text;
}
