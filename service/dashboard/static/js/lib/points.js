/** The points of a sweep's runs, as the API packs them, one object for each. */

import { value } from "./format.js";
import { settingKey } from "./records.js";

/** Runs {run, number, seed, setting, key, state, epoch, value, collapsed, converged, page}. */
export function unpacked({ settings, columns, rows }) {
  const keys = settings.map(settingKey);
  const places = Object.fromEntries(columns.map((name, index) => [name, index]));
  return rows.map((row) => ({
    run: row[places.run], number: row[places.number], seed: row[places.seed], state: row[places.state],
    setting: settings[row[places.setting]], key: keys[row[places.setting]],
    epoch: row[places.epoch], value: value(row[places.value]), collapsed: row[places.collapsed],
    converged: row[places.converged], page: `/runs/${row[places.run]}`,
  }));
}
