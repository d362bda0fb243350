// Exact decimals on strings. Everything that is sent to the server goes through here; floats are for pixels only.

const TEXT = /^([+-]?)(\d*)(?:\.(\d*))?$/;

function parse(text) {
  const match = TEXT.exec(expand(String(text).trim()));
  if (!match || !(match[2] || match[3])) return null;
  const fraction = match[3] ?? '';
  const value = BigInt((match[2] || '0') + fraction);
  return { value: match[1] === '-' ? -value : value, scale: fraction.length };
}

/** `1e-8` as `0.00000001`; other text unchanged. */
function expand(text) {
  const match = /^([+-]?)(\d+)(?:\.(\d+))?[eE]([+-]?\d{1,3})$/.exec(text);
  if (!match) return text;
  const [, sign, whole, fraction = '', exponent] = match;
  const point = whole.length + Number(exponent);
  const digits = whole + fraction;
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  const padded = digits.padEnd(point, '0');
  return `${sign}${padded.slice(0, point)}.${padded.slice(point) || '0'}`;
}

function print({ value, scale }) {
  const negative = value < 0n;
  const digits = (negative ? -value : value).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const fraction = scale ? digits.slice(-scale).replace(/0+$/, '') : '';
  const body = fraction ? `${whole}.${fraction}` : whole;
  return negative && body !== '0' ? `-${body}` : body;
}

function align(a, b) {
  const x = parse(a);
  const y = parse(b);
  if (!x || !y) throw new RangeError(`not a number: ${x ? b : a}`);
  const scale = Math.max(x.scale, y.scale);
  const lift = (part) => part.value * 10n ** BigInt(scale - part.scale);
  return { x: lift(x), y: lift(y), scale };
}

/** Whether `text` is a plain decimal number. */
export const isNumber = (text) => text !== null && text !== undefined && parse(text) !== null;

export function add(a, b) {
  const { x, y, scale } = align(a, b);
  return print({ value: x + y, scale });
}

export function sub(a, b) {
  const { x, y, scale } = align(a, b);
  return print({ value: x - y, scale });
}

export function mul(a, b) {
  const { x, y, scale } = align(a, b);
  return print({ value: x * y, scale: scale * 2 });
}

/** a / b cut off (toward zero) after `places` digits; null when b is zero. */
export function div(a, b, places = 12) {
  const { x, y } = align(a, b);
  return y === 0n ? null : print({ value: (x * 10n ** BigInt(places)) / y, scale: places });
}

/** -1, 0 or 1. */
export function cmp(a, b) {
  const { x, y } = align(a, b);
  return x < y ? -1 : Number(x > y);
}

export const isZero = (a) => cmp(a, '0') === 0;
export const sign = (a) => cmp(a, '0');
export const abs = (a) => (sign(a) < 0 ? mul(a, '-1') : mul(a, '1'));

/** The multiple of `step` at or toward the wanted side: 'down' (toward zero for positives), 'up' or 'near'. */
export function snap(a, step, way = 'down') {
  const { x, y, scale } = align(a, step);
  if (y <= 0n) return print({ value: x, scale });
  let count = x / y;
  const rest = x % y;
  if (rest < 0n) count -= 1n;
  const positive = rest < 0n ? rest + y : rest;
  if (way === 'up' && positive > 0n) count += 1n;
  if (way === 'near' && positive * 2n >= y) count += 1n;
  return print({ value: count * y, scale });
}

/** Digits after the point of a step such as `0.01`. */
export function places(step) {
  const part = parse(step ?? '1');
  return part ? (print(part).split('.')[1] ?? '').length : 0;
}

/** Exactly `count` digits after the point, rounded half away from zero. */
export function fixed(a, count) {
  const part = parse(a);
  if (!part) return String(a);
  if (part.scale > count) {
    const cut = 10n ** BigInt(part.scale - count);
    const half = (part.value < 0n ? -cut : cut) / 2n;
    part.value = (part.value + half) / cut;
    part.scale = count;
  }
  const [whole, fraction = ''] = print(part).split('.');
  return count ? `${whole}.${fraction.padEnd(count, '0')}` : whole;
}

/** What a person typed, as a canonical number: spaces and thousands marks go, a comma may be the point. Null if it is none. */
export function fromInput(text) {
  let clean = String(text).replace(/[\s\u00a0\u202f']/g, '').replace('\u2212', '-');
  const comma = clean.lastIndexOf(',');
  const dot = clean.lastIndexOf('.');
  if (comma >= 0 && dot >= 0) clean = comma > dot ? clean.replace(/\./g, '') : clean.replace(/,/g, '');
  clean = clean.replace(',', '.');
  const part = parse(clean);
  return part ? print(part) : null;
}
