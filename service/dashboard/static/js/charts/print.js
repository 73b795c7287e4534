/** On paper charts are as wide as the page has room for: what was drawn for the screen is scaled. */

const drawn = () => document.querySelectorAll(".chart .svg-container");

addEventListener("beforeprint", () => {
  for (const container of drawn()) {
    const pictures = container.querySelectorAll(".main-svg");
    const [width, height] = ["width", "height"].map((name) => pictures[0].getAttribute(name));
    container.style.setProperty("--drawn-width", width);
    container.style.setProperty("--drawn-height", height);
    for (const picture of pictures) picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
  }
});

addEventListener("afterprint", () => {
  for (const container of drawn()) {
    for (const picture of container.querySelectorAll(".main-svg")) picture.removeAttribute("viewBox");
  }
});
