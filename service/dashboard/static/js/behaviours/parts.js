/** Follows a page's own form and links without leaving it: the parts of the new page take the place of the old. */

const PATIENCE = 120; // milliseconds without a key, before what was typed is sent

export default function parts(element) {
  let timer = 0;
  let busy = false;
  let next = null;
  let here = location.pathname + location.search;

  /** Go to an address as soon as the one before has come; of those that wait, the last counts. */
  const go = async (address, { push = false, whole = true, focus = null } = {}) => {
    next = { address, push, whole, focus };
    if (busy) return;
    busy = true;
    while (next) {
      const wanted = next;
      next = null;
      element.setAttribute("aria-busy", "true");
      try {
        const text = await (await fetch(wanted.address, { headers: { Accept: "text/html" } })).text();
        show(new DOMParser().parseFromString(text, "text/html"), wanted);
      } catch {
        failed(element);
      }
      element.removeAttribute("aria-busy");
    }
    busy = false;
  };
  const show = (found, { address, push, whole, focus }) => {
    if (!found.querySelector("[data-part]")) {
      location.assign(address); // the session has ended, or the server has something else to say
      return;
    }
    const url = new URL(address, location.href);
    here = url.pathname + url.search;
    history[push ? "pushState" : "replaceState"](null, "", here + location.hash);
    const right = !found.querySelector("#faults > *");
    for (const part of element.querySelectorAll("[data-part]")) {
      const fresh = found.getElementById(part.id);
      if (part.id === "fields" && !whole) continue; // what is being typed stays
      if (!right && !["faults", "fields"].includes(part.id)) part.dataset.stale = "";
      else if (fresh) part.replaceWith(document.adoptNode(fresh));
    }
    // A link that was pressed has been replaced: its successor keeps the focus.
    if (focus) element.querySelector(`a[aria-label="${CSS.escape(focus)}"]`)?.focus();
    element.dispatchEvent(new CustomEvent("backsweep:swapped"));
  };

  const address = (form) => `${new URL(form.action).pathname}?${new URLSearchParams(new FormData(form))}`;
  const send = (form) => go(address(form), { whole: false });
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    send(event.target);
  });
  element.addEventListener("input", ({ target }) => {
    if (!target.form || target.dataset.alone !== undefined) return;
    clearTimeout(timer);
    timer = setTimeout(send, document.activeElement?.type === "range" ? 0 : PATIENCE, target.form);
  });
  element.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-swap]");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    clearTimeout(timer);
    go(link.href, { push: true, focus: link.getAttribute("aria-label") });
  });
  addEventListener("popstate", () => {
    const address = location.pathname + location.search;
    if (address !== here) go(address);
  });
}

function failed(element) {
  const notice = document.createElement("p");
  notice.className = "notice bad";
  notice.textContent = "The server does not answer: what you see is from before.";
  element.querySelector("[data-part=faults]")?.replaceChildren(notice);
}
