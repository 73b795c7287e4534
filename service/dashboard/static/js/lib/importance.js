/** What the bars of importance mean, in words. */

import { percent } from "./format.js";
import { label } from "./words.js";

/** One sentence or two for all bars; `found` is the API's document. */
export function meaning(found) {
  const over = found.seeds > 1 ? `, as mean ranks over ${found.seeds} seeds` : ", as ranks at one seed";
  const bars =
    `A bar is the share of the differences between ${found.settings} settings${over}, ` +
    "that is explained by the parameter alone; a diverged run ranks last.";
  const pale = found.method === "grid" ? " The pale part, behind the plus, is what it does together with others." : "";
  const tick = found.items.some(({ by_chance }) => by_chance !== null)
    ? " Left of the tick, a parameter without influence would reach as far by chance (95 %)." : "";
  const left = found.left_out ? ` ${found.left_out} ${found.left_out === 1 ? "setting has" : "settings have"} no result at these seeds.` : "";
  return `${bars}${pale}${tick}${left}`;
}

/** The numbers of a bar: what the parameter explains alone, and what it adds together with others. */
export function numbers({ share, with_interactions: all }) {
  return all === null ? percent(share) : `${percent(share)} + ${percent(all - share)}`;
}

/** One bar in words. */
export function spoken(item) {
  const together = item.with_interactions === null ? "" : `, ${percent(item.with_interactions)} with interactions`;
  const chance = item.by_chance === null ? "" : `; chance alone reaches ${percent(item.by_chance)}`;
  return `${label(item.parameter)} explains ${percent(item.share)}${together}${chance}`;
}
