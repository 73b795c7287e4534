/** Dataset or function: what the sweep is about, with the columns of the dataset that is chosen. */

import { get } from "../lib/api.js";
import { FORMS } from "../lib/control-forms.js";
import { count } from "../lib/format.js";
import { datasetTable } from "./dataset-table.js";
import { offer } from "./sweep-controls.js";
import { targetList } from "./target-list.js";

const ROWS = 5;
const FUNCTION = { expression: "x**3 + 3*x**2", start: { x: -1.9 } };
const OF_DATASETS = ["dataset", "target", "features", "task", "split", "scale", "metric", "baselines"];
const OF_NETWORKS = { learning_rate: 0.1, epochs: 100 };

export function subjectChoice(element, sweep) {
  const part = (name) => element.querySelector(`[data-part=${name}]`);
  const [dataset, target] = [element.querySelector("#at-dataset"), element.querySelector("#at-target")];
  const offerTargets = targetList(element, sweep);
  const kept = {}; // what the other choice had, for whoever comes back to it
  let shown = null;

  const show = () => {
    const isFunction = "function" in sweep.content;
    for (const input of element.querySelectorAll("[name=subject]")) input.checked = (input.value === "function") === isFunction;
    element.closest("[data-behaviour]").dataset.subject = isFunction ? "function" : "dataset";
    for (const body of element.querySelectorAll(".body[data-subject]")) body.hidden = (body.dataset.subject === "function") !== isFunction;
    const name = sweep.content.dataset;
    if (!isFunction && typeof name === "string" && name !== shown) look(name);
  };

  const look = async (name) => {
    shown = name;
    try {
      const address = `/datasets/${encodeURIComponent(name)}`;
      const [full, preview] = await Promise.all([get(address), get(`${address}/preview`, { rows: ROWS })]);
      if (shown !== name) return; // another one was chosen meanwhile
      target.replaceChildren(new Option(full.default_target ?? "the last column", ""), ...full.columns.map((column) => new Option(column.name, column.name)));
      offer(target, FORMS.column.show(sweep.content.target));
      offerTargets(full.columns);
      part("task").textContent = full.task ? `Unasked: ${full.task}` : "";
      part("dataset").replaceChildren(...datasetTable(full, preview));
    } catch (error) {
      part("dataset").textContent = error.message;
    }
  };

  for (const input of element.querySelectorAll("[name=subject]")) {
    input.addEventListener("change", () => {
      const { parameters, seeds, method, ...rest } = sweep.content;
      if (input.value === "function") {
        Object.assign(kept, { parameters, seeds, method, ...pick(rest, OF_DATASETS) });
        const rate = parameters?.learning_rate ?? OF_NETWORKS.learning_rate;
        const others = { learning_rate: typeof rate === "object" && "max" in rate ? { ...rate, min: 0.02, max: 0.6, distribution: "uniform" } : rate, epochs: OF_NETWORKS.epochs };
        sweep.change({ function: FUNCTION, ...without(rest, OF_DATASETS), ...(method === "random" && { method }), parameters: others }, input);
      } else {
        const { function: _, ...others } = rest;
        sweep.change({ dataset: dataset.value, ...others, ...kept, parameters: kept.parameters ?? parameters }, input);
      }
    });
  }
  element.addEventListener("backsweep:dataset", ({ detail }) => {
    const words = `${detail.name} (${count(detail.rows)} rows)`;
    if (![...dataset.options].some((option) => option.value === detail.name)) dataset.prepend(new Option(words, detail.name));
    dataset.value = detail.name;
    shown = null;
    sweep.change({ ...without(sweep.content, ["target", "features", "task", "split"]), dataset: detail.name }, element);
  });
  sweep.follow(show);
  // Somebody may have been faster than the modules.
  const early = element.querySelector("[name=subject][value=function]");
  if (early.checked && !("function" in sweep.content)) early.dispatchEvent(new Event("change"));
  show();
}

const pick = (document, names) => Object.fromEntries(names.filter((name) => name in document).map((name) => [name, document[name]]));
const without = (document, names) => Object.fromEntries(Object.entries(document).filter(([name]) => !names.includes(name)));
