// A classic script, not a module: it must run before the first paint, or a chosen theme would flash in late.
(() => {
  const root = document.documentElement;
  root.classList.add("scripted");
  try {
    const theme = localStorage.getItem("backsweep-theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  } catch {
    // Storage is switched off: the system's theme holds.
  }
  // Who presses a button before its module is there has pressed it: once, however often.
  const pressed = new Map();
  const press = (event) => {
    const button = event.target.closest("button[type=button]");
    const part = button?.closest("[data-behaviour]:not([data-begun])");
    if (!part || button.closest("[data-behaviour]") !== part) return;
    event.stopImmediatePropagation();
    pressed.set(part, button);
  };
  const begun = ({ target }) => {
    const button = pressed.get(target);
    pressed.delete(target);
    if (button?.isConnected) button.click();
  };
  document.addEventListener("click", press, true);
  document.addEventListener("backsweep:begun", begun, true);
})();
