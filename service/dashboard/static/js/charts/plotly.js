/** Loads plotly.js once, after the page has been painted, and draws with it. */

import { pause } from "../lib/pause.js";

const CONFIG = { displayModeBar: false, responsive: true, showTips: false, doubleClick: "reset+autosize" };

// plotly bundles MapLibre, which would add a style element of its own, against our policy, unless one with
// this id is there. We draw no maps.
const MAPLIBRE_STYLE = "9f215cf04c5486422605d13261cb87401f4e7763b6296af81e98efbc0130da53";

let loading = null;

let turn = Promise.resolve();

const drawn = new WeakMap(); // the figure that an element shows, as text

/**
 * Draw `figure` into `element`, or change what is drawn there; zoom stays where it is.
 * A figure that is shown already is left alone. Charts take turns, with room between them for whoever types or scrolls: one event of a sweep changes them all.
 */
export function draw(element, figure) {
  const done = turn.then(() => drawNow(element, figure));
  turn = done.catch(() => {}).then(pause);
  return done;
}

async function drawNow(element, figure) {
  loading ??= painted().then(load);
  const Plotly = await loading;
  if (element.getAttribute("aria-busy") === "true") {
    element.textContent = "";
    element.removeAttribute("aria-busy");
  }
  const text = JSON.stringify(figure); // before plotly writes into it
  if (drawn.get(element) === text) return;
  drawn.delete(element);
  await Plotly.react(element, figure.data, figure.layout, CONFIG);
  drawn.set(element, text);
  element.dataset.drawn = "true";
}

/** Say in the chart's place why there is none. */
export function explain(element, text) {
  if (element.dataset.drawn) return;
  element.setAttribute("aria-busy", "true");
  element.textContent = text;
}

const painted = () => new Promise((resume) => requestAnimationFrame(() => setTimeout(resume)));

function load() {
  return new Promise((resume, refuse) => {
    const standIn = document.createElement("meta");
    standIn.id = MAPLIBRE_STYLE;
    const script = document.createElement("script");
    script.src = document.body.dataset.plotly;
    script.onload = () => resume(window.Plotly);
    script.onerror = () => refuse(new Error("plotly.js could not be loaded"));
    document.head.append(standIn, script);
  });
}
