/** The layers of one run over its epochs, as the API tells them. */

import { ramp } from "./colours.js";
import { value } from "./format.js";

/** `column` of each layer with its colour, from the inputs on; `names` are those of all layers. */
export function layerCurves(history, column, names, dark) {
  const colours = ramp(names.length, dark);
  return history.layers.map((layer, index) => ({
    y: layer[column].map(value), colour: colours[index], name: names[index],
  }));
}

/** The entries of their legend. */
export function layerKeys(names, dark) {
  return ramp(names.length, dark).map((colour, index) => ({ mark: "line", colour, text: names[index] }));
}
