// Moving averages over closes: one value per candle, null while there are too few.

export function simple(rows, length) {
  let sum = 0;
  return rows.map((row, index) => {
    sum += row.close - (index >= length ? rows[index - length].close : 0);
    return index >= length - 1 ? sum / length : null;
  });
}

/** Begins as the simple average of the first `length` closes. */
export function exponential(rows, length) {
  const share = 2 / (length + 1);
  let value = null;
  return simple(rows, length).map((average, index) => {
    if (average === null) return null;
    value = value === null ? average : value + share * (rows[index].close - value);
    return value;
  });
}
