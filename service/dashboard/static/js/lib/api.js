/** Reading and changing things through the public API. */

const ROOT = "/api/v1";

/** An answer that is not a success, with the problem document's words; `errors` are {path, message, value, allowed}. */
export class Problem extends Error {
  constructor(status, problem) {
    super(problem?.detail || problem?.title || `the server answered ${status}`);
    this.status = status;
    this.errors = problem?.errors ?? [];
  }
}

/** The JSON at `path` below /api/v1; `query` entries that are null are left out. */
export async function get(path, query = {}) {
  const given = Object.entries(query).filter(([, item]) => item !== null && item !== undefined);
  const search = given.length ? `?${new URLSearchParams(given)}` : "";
  return answer(await fetch(ROOT + path + search, { headers: { Accept: "application/json" } }));
}

/** Post `body` as JSON to `path` below /api/v1. */
export async function post(path, body = {}) {
  return send(path, { text: JSON.stringify(body) });
}

/** Post a text or a file as it is to `path` below /api/v1; of JSON unless `headers` say otherwise. */
export async function send(path, { text, headers = {}, signal }) {
  const all = { Accept: "application/json", "Content-Type": "application/json", ...headers };
  return answer(await fetch(ROOT + path, { method: "POST", headers: all, body: text, signal }));
}

/** Delete what is at `path` below /api/v1. */
export async function remove(path) {
  return answer(await fetch(ROOT + path, { method: "DELETE", headers: { Accept: "application/json" } }));
}

/** Items of a list over its pages, until there are `most` of them. */
export async function list(path, query, most) {
  const items = [];
  for (let cursor = null; ; ) {
    const page = await get(path, { ...query, cursor });
    items.push(...page.items);
    cursor = page.next_cursor;
    if (cursor === null || items.length >= most) return { items, complete: cursor === null };
  }
}

async function answer(response) {
  const text = await response.text();
  const found = text ? parse(text) : null;
  if (!response.ok) throw new Problem(response.status, found);
  return found;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
