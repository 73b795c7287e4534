/** How settings of several parameters are shown over one of them: as lines, as one line of means, or as points. */

import { ramp } from "./colours.js";
import { parameter } from "./format.js";
import { settingKey } from "./records.js";
import { label } from "./words.js";

const MOST_SERIES = 12; // lines that can still be told apart

/**
 * "lines": one per combination of the other parameters; "best": where there are too many of these, one through the
 * best setting at each value; "points": a mark for each setting, where values do not come again, as in a random search.
 */
export function manner(settings, name) {
  const groups = grouped(settings, name);
  if (groups.length <= MOST_SERIES && (groups.length === 1 || groups.length < settings.length)) return "lines";
  const values = new Set(settings.map(({ setting }) => JSON.stringify(setting[name] ?? null)));
  return values.size <= settings.length / 2 ? "best" : "points";
}

/** Series {name, colour, alone, linked, settings, keys of their runs' settings}; `show` is {across, metric, goal, theme}. */
export function seriesOf(settings, how, show) {
  const { theme, across: name } = show;
  if (how !== "lines") {
    const keys = new Set(settings.map(({ setting }) => settingKey(setting)));
    const best = how === "best";
    const shown = best ? bestAtEach(settings, show) : settings;
    return [{ name: "", colour: theme["chart-validation"], alone: best, linked: best, settings: shown, keys }];
  }
  const groups = grouped(settings, name);
  const colours = groups.length > 1 ? ramp(groups.length, theme.dark) : [theme["chart-validation"]];
  return groups.map((one, index) => ({ ...one, colour: colours[index], alone: groups.length === 1, linked: true }));
}

/** For each value of the parameter the setting with the best mean, among those that can be ranked. */
function bestAtEach(settings, { across, metric, goal }) {
  const sign = goal === "maximize" ? -1 : 1;
  const mean = (one) => sign * one.metrics[metric].mean;
  const best = new Map();
  for (const one of settings) {
    if (!one.eligible || !Number.isFinite(one.metrics[metric]?.mean)) continue;
    const key = JSON.stringify(one.setting[across] ?? null);
    if (!best.has(key) || mean(one) < mean(best.get(key))) best.set(key, one);
  }
  return [...best.values()];
}

function grouped(settings, name) {
  const groups = new Map();
  for (const one of settings) {
    const others = Object.fromEntries(Object.entries(one.setting).filter(([other]) => other !== name));
    const key = settingKey(others);
    if (!groups.has(key)) groups.set(key, { name: nameOf(others), settings: [], keys: new Set() });
    groups.get(key).settings.push(one);
    groups.get(key).keys.add(settingKey(one.setting));
  }
  return [...groups.values()];
}

const nameOf = (others) =>
  Object.entries(others).map(([name, item]) => `${label(name)} ${parameter(item)}`).join(", ");
