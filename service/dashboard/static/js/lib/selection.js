/** Selected runs in an address. */

const RUN = /^r_[0-9a-f-]{36}$/;

/** The runs that an address names as selected, in its order. */
export function readSelection(search) {
  return new Set((new URLSearchParams(search).get("selected") ?? "").split(",").filter((id) => RUN.test(id)));
}

/** The query of an address with these runs selected. */
export function withSelection(search, chosen) {
  const query = new URLSearchParams(search);
  if (chosen.size) query.set("selected", [...chosen].join(","));
  else query.delete("selected");
  return `?${query}`;
}
