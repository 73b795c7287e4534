/** Curves without their jitter. */

/**
 * The exponential mean of `values` over `epochs`, corrected for its beginning: `factor` is the weight that remains of
 * a value one epoch later. What is missing or not finite stays so, and takes no part.
 */
export function smoothed(epochs, values, factor) {
  if (!factor) return values;
  let sum = 0;
  let weight = 0;
  let before = null;
  return values.map((item, index) => {
    if (!Number.isFinite(item)) return item;
    const kept = before === null ? 0 : factor ** (epochs[index] - before);
    before = epochs[index];
    sum = kept * sum + (1 - factor) * item;
    weight = kept * weight + (1 - factor);
    return sum / weight;
  });
}
