/** A form with a control for each column that the network takes, and what the network says of that row. */

import { get, post } from "../lib/api.js";
import { number, percent, value } from "../lib/format.js";

const EXAMPLES = 100;
const MOST_SHOWN = 20; // classes with a bar

export default function runPredict(element) {
  const { run, which, dataset } = element.dataset;
  const form = element.querySelector("form");
  const controls = [...form.querySelectorAll("[data-column]")];
  const [box, alert] = [element.querySelector("[data-part=answer]"), element.querySelector("[role=alert]")];
  const rest = JSON.parse(element.dataset.rest);
  let examples = null;
  let next = 0;

  const fill = async () => {
    examples ??= await get(`/datasets/${dataset}/preview`, { rows: EXAMPLES });
    const row = examples.rows[next % examples.rows.length];
    next += Math.max(1, Math.floor(examples.rows.length / 7)); // rows beside each other are often alike
    for (const control of controls) {
      const cell = row[examples.columns.indexOf(control.dataset.column)];
      control.value = cell === null || cell === undefined ? "" : String(cell);
    }
  };
  const say = (error) => {
    const faults = error.errors?.map(({ path, message, allowed }) => `${path.replace(/^rows\[0\]\.?/, "")}: ${message}${allowed ? `; allowed: ${allowed}` : ""}`);
    alert.textContent = faults?.length ? faults.join(" · ") : error.message;
    alert.hidden = false;
    box.hidden = true;
  };

  element.querySelector("[data-part=example]").addEventListener("click", () => fill().catch(say));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    alert.hidden = true;
    try {
      const given = controls.map((control) => [control.dataset.column, read(control)]);
      const rows = [Object.fromEntries([...given, ...rest.map((name) => [name, null])])];
      const found = await post(`/runs/${run}:predict`, { which, rows });
      box.replaceChildren(...answer(found));
      box.hidden = false;
    } catch (error) {
      say(error);
    }
  });
  fill().catch(say);
}

/** A control's value as the API takes it; a number that is none is sent as it is, and refused in words. */
function read({ value: text, dataset: { kind } }) {
  if (text.trim() === "") return null;
  if (kind === "text") return text;
  if (kind === "boolean") return text === "true";
  return Number.isFinite(Number(text)) ? Number(text) : text;
}

function answer({ classes, predictions: [found] }) {
  if (found.values) {
    return Object.entries(found.values).map(([name, item]) => make("strong", `${name}: ${number(item, 4)}`));
  }
  const shares = found.probabilities ?? found.outputs;
  const form = found.probabilities ? percent : number;
  const ranked = classes.map((name, index) => ({ name, share: value(shares[index]) })).sort((one, other) => other.share - one.share);
  const list = make("ul");
  for (const { name, share } of ranked.slice(0, MOST_SHOWN)) {
    const item = make("li");
    const bar = make("i");
    bar.style.setProperty("--share", Math.min(1, Math.max(0, share)));
    item.append(make("span", String(name)), bar, make("b", form(share)));
    list.append(item);
  }
  return [make("strong", String(found.class)), list];
}

const make = (name, text = "") => Object.assign(document.createElement(name), { textContent: text });
