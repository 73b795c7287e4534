/** Draws where descents end at 4,000 learning rates, from one call, and lets one of them be chosen. */

import { onThemeChange, theme } from "../charts/theme.js";
import { post } from "../lib/api.js";
import { bounds, cloud } from "../lib/cloud.js";
import { number } from "../lib/format.js";

const RATES = 4000;
const STEPS = 300;
const TAIL = 40; // points of each descent: its last

export default function wholePicture(element) {
  const whole = element.querySelector("[data-whole]");
  const canvas = whole.querySelector("canvas");
  const failure = whole.querySelector(".failure");
  const text = (name) => element.querySelector(`[name="${name}"]`).value.trim();
  const asked = () => ["expression", "start", "top"].map(text);
  let answer = null;
  let known = null;

  const mark = () => {
    const at = Number(text("rate")) / Number(text("top"));
    whole.querySelector(".here").hidden = !(at >= 0 && at <= 1);
    whole.style.setProperty("--here", `${100 * at}%`);
    element.querySelector("[data-top]").textContent = text("top");
  };
  const draw = () => {
    if (!answer) return;
    const ratio = Math.min(2, devicePixelRatio);
    const [width, height] = [canvas.clientWidth, canvas.clientHeight].map((size) => Math.max(2, Math.round(size * ratio)));
    const shown = theme();
    const colours = ["completed", "accent", "collapsed", "diverged"].map((name) => shown[name].match(/[\d.]+/g).map(Number));
    Object.assign(canvas, { width, height });
    const { low, high } = bounds(answer);
    const pixels = cloud(answer, { width, height, colours, low, high });
    canvas.getContext("2d").putImageData(new ImageData(pixels, width, height), 0, 0);
    whole.querySelector("[data-high]").textContent = `x = ${number(high)}`;
    whole.querySelector("[data-low]").textContent = `x = ${number(low)}`;
    whole.dataset.drawn = answer.learning_rates.length;
  };
  const ask = async () => {
    mark();
    const now = asked().join("\n");
    if (now === known || element.querySelector("#faults > *")) return;
    known = now;
    whole.setAttribute("aria-busy", "true");
    const [expression, start, top] = asked();
    try {
      const found = await post("/trajectories", {
        expression, start: { x: Number(start) }, steps: STEPS, tail: TAIL, values: false,
        learning_rates: { min: 0, max: Number(top), count: RATES },
      });
      if (known !== now) return; // asked again since
      answer = found;
      failure.hidden = true;
      draw();
    } catch (error) {
      if (known !== now) return;
      failure.textContent = `There is no picture of all learning rates: ${error.message}`;
      failure.hidden = false;
    }
    whole.removeAttribute("aria-busy");
  };
  canvas.addEventListener("click", ({ offsetX }) => {
    const field = element.querySelector("[name=rate]");
    field.value = Number(((offsetX / canvas.clientWidth) * Number(text("top"))).toPrecision(4));
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  element.addEventListener("backsweep:swapped", ask);
  element.addEventListener("input", mark);
  new ResizeObserver(draw).observe(canvas);
  onThemeChange(draw);
  ask();
}
