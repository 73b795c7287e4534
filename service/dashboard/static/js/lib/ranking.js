/** The order of settings by a metric, as statistics rank them. */

import { value } from "./format.js";

/** What a setting's place is decided by: whether it can be ranked, then its mean. */
export function rankOf({ metric, goal }) {
  const sign = goal === "maximize" ? -1 : 1;
  return (one) => {
    const mean = value(one.metrics[metric]?.mean);
    return [one.eligible ? 0 : 1, Number.isFinite(mean) ? sign * mean : Infinity];
  };
}

/** Below 0 where the first of two ranks stands before the other. */
export const compared = ([tier, mean], [otherTier, otherMean]) => tier - otherTier || (mean === otherMean ? 0 : mean - otherMean);
