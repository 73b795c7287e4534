/** Moves a ball along the points of a descent, one step at a time or by itself, and says where it is. */

const STEP = 420; // milliseconds
const still = matchMedia("(prefers-reduced-motion: reduce)");

export default function roll(element) {
  const button = element.querySelector("[data-roll=play]");
  let points = [];
  let step = 0;
  let frame = 0;

  const put = (x, y) => {
    const ball = element.querySelector(".ball");
    ball?.setAttribute("cx", x);
    ball?.setAttribute("cy", y);
  };
  const show = () => {
    const here = points[step];
    if (!here) return;
    put(...here.at);
    const path = points.slice(0, step + 1).map(({ at }) => at.join(" ")).join("L");
    element.querySelector(".trail").setAttribute("d", `M${path}`);
    element.querySelectorAll(".stops circle").forEach((stop, place) => stop.toggleAttribute("data-off", place > step));
    const tangent = element.querySelector(".tangent");
    tangent.removeAttribute("data-off");
    const [[x, y], [across, down]] = [here.at, here.t];
    for (const [name, place] of [["x1", x - across], ["y1", y - down], ["x2", x + across], ["y2", y + down]]) {
      tangent.setAttribute(name, place);
    }
    element.querySelector(".readout").textContent = `step ${step}: x = ${here.x}, f(x) = ${here.f}, f′(x) = ${here.d}`;
  };
  const stop = () => {
    cancelAnimationFrame(frame);
    frame = 0;
    button.textContent = "Play";
  };
  const go = (wanted) => {
    step = Math.max(0, Math.min(points.length - 1, wanted));
    show();
  };
  const play = () => {
    if (step >= points.length - 1) go(0);
    button.textContent = "Pause";
    let begun = null;
    const move = (now) => {
      begun ??= now;
      const share = Math.min(1, (now - begun) / STEP);
      if (share === 1) {
        begun = now;
        go(step + 1);
        if (step >= points.length - 1) return stop();
      } else if (!still.matches) {
        const eased = share * share * (3 - 2 * share);
        const [from, to] = [points[step].at, points[step + 1].at];
        put(from[0] + eased * (to[0] - from[0]), from[1] + eased * (to[1] - from[1]));
      }
      frame = requestAnimationFrame(move);
    };
    frame = requestAnimationFrame(move);
  };
  const take = () => {
    const svg = element.querySelector("[data-points]");
    if (!svg) return;
    stop();
    points = JSON.parse(svg.dataset.points);
    go(points.length - 1);
  };
  element.addEventListener("click", ({ target }) => {
    const wanted = target.closest("[data-roll]")?.dataset.roll;
    if (!wanted || !points.length) return;
    const playing = frame !== 0;
    stop();
    if (wanted === "play" && !playing && points.length > 1) play();
    else if (wanted !== "play") go(step + (wanted === "on" ? 1 : -1));
  });
  element.addEventListener("backsweep:swapped", take);
  take();
  if (!still.matches && points.length > 1) {
    go(0);
    play();
  }
}
