/** Reads the token from the link of the terminal (`#token=...`), so that nobody has to type it. */

export default function login(form) {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return;
  // The fragment never reaches a server; it must not stay in the history or on the screen either.
  history.replaceState(null, "", location.pathname + location.search);
  form.elements.namedItem("token").value = token;
  form.requestSubmit();
}
