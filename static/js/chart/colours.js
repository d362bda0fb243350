// The page's own colours for a canvas, read from its tokens as the browser resolves them.

const NAMES = ['panel', 'line', 'edge', 'text', 'muted', 'accent', 'order', 'up', 'down', 'warn', 'danger'];
const FILLS = { 'accent-fill': 'accentFill', 'danger-fill': 'dangerFill', buy: 'buy', sell: 'sell' };
const ORDER_FILL = 'rgb(107, 63, 181)';

// Line styles of the chart library.
const [SOLID, DOTTED, DASHED, WIDE] = [0, 1, 2, 3];

/** `lines` gives for each kind: colour, fill of its labels, style, width. */
export function colours() {
  const probe = document.createElement('span');
  probe.hidden = true;
  document.body.append(probe);
  const read = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const found = Object.fromEntries([...NAMES.map((name) => [name, read(name)]), ...Object.entries(FILLS).map(([token, name]) => [name, read(token)])]);
  found.font = getComputedStyle(document.body).fontFamily;
  probe.remove();
  found.lines = {
    entry: [found.accent, found.accentFill, SOLID, 1], liq: [found.danger, found.dangerFill, DOTTED, 2], order: [found.order, ORDER_FILL, DASHED, 1],
    trigger: [found.order, ORDER_FILL, WIDE, 1], tp: [found.up, found.buy, DASHED, 1], sl: [found.down, found.sell, DASHED, 1],
  };
  return found;
}

/** What the library wants to know of a horizontal line; `look` is one of `lines`. */
export function lineOptions(price, [color, axisLabelColor, lineStyle, lineWidth]) {
  return { price, color, lineStyle, lineWidth, title: '', axisLabelVisible: true, axisLabelColor, axisLabelTextColor: '#fff' };
}

/** `rgb(1, 2, 3)` with an opacity. */
export const fade = (colour, opacity) => colour.replace(/^rgba?\(([^)]*)\)$/, (whole, parts) => `rgba(${parts.split(',').slice(0, 3).join(',')}, ${opacity})`);
