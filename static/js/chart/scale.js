// Pixels of the chart: price and time axes with round marks.

const AXIS_W = 74;
const AXIS_H = 22;
const TOP = 26;
const VOLUME_SHARE = 0.16;
const STEPS = [1, 2, 2.5, 5, 10];
const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 240, 360, 720, 1440, 2880, 7200, 10080].map((minutes) => minutes * 60_000);

/** Geometry for these candles in a box; `extra` prices are kept in sight when near enough. */
export function makeScale(candles, width, height, extra) {
  const right = width - AXIS_W;
  const bottom = height - AXIS_H;
  let low = Math.min(...candles.map((c) => c.low));
  let high = Math.max(...candles.map((c) => c.high));
  const span = high - low || high * 0.002 || 1;
  for (const value of extra) {
    if (value > low - span && value < high + span) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  const pad = (high - low || span) * 0.06;
  low -= pad;
  high += pad;
  const volumeTop = bottom - (bottom - TOP) * VOLUME_SHARE;
  const slot = right / (candles.length + 1);
  return {
    width, height, right, bottom, top: TOP, low, high, slot, volumeTop,
    body: Math.max(1, Math.min(14, slot * 0.68)),
    x: (index) => (index + 0.7) * slot,
    y: (value) => TOP + ((high - value) / (high - low)) * (volumeTop - 4 - TOP),
    price: (y) => high - ((y - TOP) / (volumeTop - 4 - TOP)) * (high - low),
    index: (x) => Math.max(0, Math.min(candles.length - 1, Math.round(x / slot - 0.7))),
  };
}

/** Round prices between low and high, about one per 56 pixels. */
export function priceMarks(scale) {
  const wanted = Math.max(2, Math.floor((scale.volumeTop - scale.top) / 56));
  const raw = (scale.high - scale.low) / wanted;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * STEPS.find((value) => value * power >= raw);
  const marks = [];
  for (let value = Math.ceil(scale.low / step) * step; value < scale.high; value += step) marks.push(value);
  return marks;
}

/** Candle indexes that fall on round local times, about one per 90 pixels. */
export function timeMarks(candles, scale) {
  if (candles.length < 2) return [];
  const between = candles[1].start_ms - candles[0].start_ms;
  const wanted = between * Math.ceil(90 / scale.slot);
  const step = TIME_STEPS.find((value) => value >= wanted) ?? TIME_STEPS.at(-1);
  const zone = new Date(candles[0].start_ms).getTimezoneOffset() * 60_000;
  return candles.map((candle, index) => ({ index, ms: candle.start_ms, long: step >= 1440 * 60_000 })).filter(({ ms }) => (ms - zone) % step === 0);
}
