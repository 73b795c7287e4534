/** One row of controls for each parameter of the draft, and the choice of how the space is searched. */

import { FORMS } from "../lib/control-forms.js";
import { changed, kindOf, kindsFor, partsOf, underMethod, wordsOf } from "../lib/parameter-spec.js";
import { at } from "../lib/submission.js";

const HINTS = {
  grid: "Every combination of the values, with every seed.",
  random: "Configurations are drawn from the distributions, each trained with every seed.",
  range_test: "The learning rate rises with every step, and a screening suggests which rates to look at.",
};

export function parameterRows(element, sweep) {
  const part = (name) => element.querySelector(`[data-part=${name}]`);
  const fields = new Map([...part("fields").content.children].map((item) => [item.dataset.name, fieldOf(item)]));
  const [rows, adding] = [part("rows"), part("adding")];
  const method = () => sweep.content.method ?? "grid";
  const parameters = () => at(sweep.content, "parameters") ?? {};
  let drawn = "";

  const show = (_, by) => {
    for (const input of element.querySelectorAll("[name=method]")) input.checked = input.value === method();
    part("method-hint").textContent = HINTS[method()] ?? "";
    element.querySelector("[data-method]").hidden = method() !== "random";
    const isFunction = "function" in sweep.content;
    const known = Object.entries(parameters()).map(([name, spec]) => [name, spec, fields.get(name) ?? unknown(name)]);
    const shape = JSON.stringify([method(), known.map(([name, spec, field]) => [name, kindOf(spec, field, method()), typeof spec])]);
    if (shape !== drawn) rows.replaceChildren(...known.map((each) => row(...each)));
    drawn = shape;
    known.forEach(([, spec], index) => fill(rows.children[index], spec, by));
    const free = [...fields.values()].filter((one) => !(one.name in parameters()) && (!isFunction || one.ofFunctions));
    adding.replaceChildren(...free.map((one) => new Option(one.name.replaceAll("_", " "), one.name)));
  };

  const row = (name, spec, field) => {
    const made = part("row").content.firstElementChild.cloneNode(true);
    const inside = (what) => made.querySelector(`[data-part=${what}]`);
    const path = `parameters.${name}`;
    const kind = kindOf(spec, field, method());
    made.dataset.path = path;
    made.querySelector("legend").textContent = name.replaceAll("_", " ");
    made.querySelector("legend").title = field.text;
    inside("allowed").textContent = field.allowed;
    inside("remove").setAttribute("aria-label", `Remove ${name.replaceAll("_", " ")}`);
    const kinds = kindsFor(field, method());
    if (kind === "written") kinds.push(["written", wordsOf("written")]);
    inside("kind").append(...kinds.map(([value, words]) => new Option(words, value)));
    inside("kind").value = kind;
    inside("kind").addEventListener("input", ({ target }) => {
      sweep.put(path, changed(at(sweep.content, path), target.value, field, method()), target);
      rows.querySelector(`[data-path="${CSS.escape(path)}"] select`)?.focus();
    });
    inside("remove").addEventListener("click", () => {
      sweep.put(path, undefined, made);
      adding.focus();
    });
    inside("inputs").append(...partsOf(kind, spec, field, method()).map(([below, label, form]) => {
      const place = below ? `${path}.${below}` : path;
      return control(label, place, form, form === "number" && kind === "value" ? field.choices : [], sweep);
    }));
    return made;
  };

  for (const input of element.querySelectorAll("[name=method]")) {
    input.addEventListener("change", () => {
      const { method: _, run_cap: cap, search_seed: seed, ...rest } = sweep.content;
      const random = input.value === "random" && { run_cap: cap ?? 20, ...(seed !== undefined && { search_seed: seed }) };
      const next = { ...rest, method: input.value, ...random };
      sweep.change({ ...next, parameters: underMethod(parameters(), fields, input.value) }, input);
    });
  }
  part("add").addEventListener("click", () => {
    const field = fields.get(adding.value);
    if (!field) return;
    sweep.put(`parameters.${field.name}`, field.default ?? field.choices[0] ?? 1, element);
    rows.lastElementChild.querySelector("select").focus();
  });
  sweep.follow(show);
  show();
}

function fill(row, spec, by) {
  for (const input of row.querySelectorAll("[data-below]")) {
    if (input !== by) input.value = FORMS[input.dataset.form].show(input.dataset.below ? at(spec, input.dataset.below) : spec);
  }
}

function control(label, path, form, choices, sweep) {
  const field = document.createElement("div");
  const name = document.createElement("label");
  const input = document.createElement(choices.length ? "select" : "input");
  field.className = form === "list" || form === "layers" ? "field wide" : "field";
  input.append(...choices.map((choice) => new Option(choice, choice)));
  if (!choices.length) Object.assign(input, { type: "text", autocomplete: "off", spellcheck: false });
  Object.assign(input.dataset, { path, form, below: path.split(".").slice(2).join(".") });
  input.addEventListener("input", () => sweep.put(path, FORMS[form].read(input.value) ?? (input.dataset.below ? undefined : null), input));
  name.append(label, input);
  field.append(name);
  return field;
}

const fieldOf = ({ dataset }) => ({
  name: dataset.name, kind: dataset.kind, allowed: dataset.allowed, text: dataset.text,
  default: JSON.parse(dataset.default), choices: JSON.parse(dataset.choices),
  minimum: Number(dataset.minimum), maximum: Number(dataset.maximum), ofFunctions: "function" in dataset,
});
const unknown = (name) => ({ name, kind: "", allowed: "", text: "", default: null, choices: [], minimum: -Infinity, maximum: Infinity });
