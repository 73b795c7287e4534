/** What the draft would create, asked of the server a moment after each change; what is wrong stands at its control. */

import { send } from "../lib/api.js";
import { bytes, count, duration } from "../lib/format.js";
import { nearest } from "../lib/submission.js";

const PAUSE = 350; // milliseconds without a change

export function submissionPreview(element, sweep) {
  const part = (name) => element.querySelector(`[data-part=${name}]`);
  let timer = null;
  let asking = null;

  const ask = async () => {
    asking?.abort();
    const mine = (asking = new AbortController());
    if (sweep.problem) return tell({ problems: [{ path: "", message: sweep.problem, allowed: null }] });
    part("standing").textContent = "working it out …";
    try {
      const found = await send("/sweeps:preview", { text: sweep.text, signal: mine.signal });
      tell({ found });
    } catch (error) {
      if (mine.signal.aborted) return;
      tell({ problems: error.errors?.length ? error.errors : [{ path: "", message: error.message, allowed: null }] });
    }
  };

  const tell = ({ found = null, problems = [] }) => {
    part("standing").textContent = found ? "" : "cannot be submitted yet";
    part("facts").replaceChildren(...(found ? facts(found) : []));
    part("warnings").replaceChildren(...(found?.warnings ?? []).map((text) => made("li", text)));
    part("warnings").hidden = !found?.warnings.length;
    showProblems(element, part("problems"), problems);
    part("submit").textContent = found ? `Submit ${count(found.runs + found.baseline_runs)} runs` : "Submit sweep";
  };

  sweep.follow(() => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  ask();
}

/** List what is wrong, and say it at the controls that it is about. */
export function showProblems(element, box, problems) {
  for (const old of element.querySelectorAll(".fault.at")) old.remove();
  for (const control of element.querySelectorAll("[aria-invalid]")) {
    control.removeAttribute("aria-invalid");
    control.removeAttribute("aria-describedby");
  }
  box.hidden = !problems.length;
  box.querySelector("p").textContent = problems.length === 1 ? "One thing is wrong:" : `${count(problems.length)} things are wrong:`;
  box.querySelector("ul").replaceChildren(...problems.map(({ path, message, allowed }) => {
    const item = made("li", path ? " " : "");
    if (path) item.prepend(made("code", path));
    item.append(message, allowed ? `; allowed: ${allowed}` : "");
    return item;
  }));
  const controls = new Map([...element.querySelectorAll("[data-path]")].map((control) => [control.dataset.path, control]));
  problems.forEach(({ path, message }, index) => {
    const control = controls.get(nearest(path.replace("parameters.lr", "parameters.learning_rate"), [...controls.keys()]));
    if (!control) return;
    const fault = Object.assign(made("p", message), { className: "fault at", id: `fault-${index}` });
    const field = control.closest(".field");
    if (field) field.append(fault);
    else control.append(fault);
    if (!("value" in control)) return;
    control.setAttribute("aria-invalid", "true");
    control.setAttribute("aria-describedby", fault.id);
  });
}

function facts(found) {
  const { min, max } = found.parameters_per_network;
  const pairs = [
    ["Runs", count(found.runs)],
    ...(found.baseline_runs ? [["Linear networks", count(found.baseline_runs)]] : []),
    ...(found.reused_runs ? [["Known already", count(found.reused_runs)]] : []),
    ["Populations", count(found.populations)],
    ["Parameters per network", min === max ? count(min) : `${count(min)} to ${count(max)}`],
    ["Time", found.estimated_seconds === null ? "no worker has measured it" : duration(found.estimated_seconds)],
    ["Stored", bytes(found.estimated_bytes)],
  ];
  return pairs.map(([name, text]) => {
    const pair = document.createElement("div");
    pair.append(made("dt", name), made("dd", text));
    return pair;
  });
}

const made = (name, text) => Object.assign(document.createElement(name), { textContent: text });
