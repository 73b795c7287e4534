/** Where a grid goes on: the values that a sweep tries next, in the steps that it has. */

const AHEAD = 2; // values on a side
const DIGITS = 6; // what a factor of many decimals makes is written shortly

/** The next values beyond the end of `values` on `side` (low, high or both), in order; none where there is no step. */
export function nextValues(values, side) {
  const sorted = [...new Set(values.filter((item) => typeof item === "number"))].sort((one, other) => one - other);
  if (sorted.length < 2) return [];
  const whole = sorted.every(Number.isInteger);
  const low = side === "high" ? [] : beyond([...sorted].reverse(), whole);
  const high = side === "low" ? [] : beyond(sorted, whole);
  return [...low.reverse(), ...high];
}

/** The next values behind the last of `values`, which rise or fall. */
function beyond(values, whole) {
  const [before, last] = values.slice(-2);
  const step = geometric(values) ? (item) => (item * last) / before : (item) => item + last - before;
  const found = [];
  let item = last;
  for (let count = 0; count < AHEAD; count += 1) {
    item = step(item);
    const next = whole ? Math.round(item) : Number(item.toPrecision(DIGITS));
    if (next === values.at(-1) || found.includes(next)) break;
    if (next <= 0 && values.every((other) => other > 0)) break; // a rate or a width of 0 is another question
    found.push(next);
  }
  return found;
}

/** Whether numbers grow by factors rather than by steps: where that is no grid at all, by how wide they are. */
function geometric(values) {
  if (!values.every((item) => item > 0)) return false;
  const spread = (found) => (Math.max(...found) - Math.min(...found)) / Math.max(...found.map(Math.abs));
  const pairs = values.slice(1).map((item, index) => [values[index], item]);
  if (pairs.length === 1) return Math.max(...values) >= 2 * Math.min(...values);
  return spread(pairs.map(([one, other]) => other / one)) < spread(pairs.map(([one, other]) => other - one));
}

/** The numbers that a visitor wrote, separated by commas or spaces; null where something is no number. */
export function writtenNumbers(text) {
  const parts = text.replaceAll("−", "-").split(/[\s,;]+/).filter(Boolean);
  const found = parts.map(Number);
  return parts.length && found.every(Number.isFinite) ? found : null;
}
