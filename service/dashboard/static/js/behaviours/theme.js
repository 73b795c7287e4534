/** The button that turns the page light or dark, and remembers it. */

const KEY = "backsweep-theme";
const system = matchMedia("(prefers-color-scheme: dark)");

/** Whether the page is dark at the moment. */
export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : system.matches;
}

export default function theme(button) {
  const show = () => {
    button.setAttribute("aria-label", isDark() ? "Use the light theme" : "Use the dark theme");
    button.title = button.getAttribute("aria-label");
    document.dispatchEvent(new CustomEvent("backsweep:theme"));
  };
  button.addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem(KEY, document.documentElement.dataset.theme);
    } catch {
      // Storage is switched off: the choice holds for this page.
    }
    show();
  });
  system.addEventListener("change", show);
  show();
}
