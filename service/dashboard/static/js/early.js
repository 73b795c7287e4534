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
})();
