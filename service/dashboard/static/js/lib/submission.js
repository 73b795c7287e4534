/** A sweep's content: reading, writing and changing it, and the text that sends it. */

const WIDTH = 44; // characters, as many as the page has room for; what fits stands on one line

/** What stands at a dotted path, such as `split.train`; undefined where nothing does. */
export function at(content, path) {
  return path.split(".").reduce((found, name) => (isObject(found) ? found[name] : undefined), content);
}

/** The content with `value` at a dotted path; undefined takes away what is there, and what is empty then. */
export function put(content, path, value) {
  const [name, ...rest] = path.split(".");
  const inner = rest.length ? put(isObject(content?.[name]) ? content[name] : {}, rest.join("."), value) : value;
  const gone = inner === undefined || (rest.length && value === undefined && !Object.keys(inner).length);
  const { [name]: _, ...others } = content ?? {};
  return gone ? others : { ...content, [name]: inner };
}

/** {content} of a text that is a JSON object, or {problem} in words. */
export function read(text) {
  try {
    const content = JSON.parse(text);
    return isObject(content) ? { content } : { problem: "A sweep is a JSON object: { … }" };
  } catch (error) {
    return { problem: `This is not JSON: ${error.message}` };
  }
}

/** JSON for people: what is short stands on one line. */
export function written(item, indent = "") {
  const line = inline(item);
  if (line.length + indent.length <= WIDTH || !isContainer(item)) return line;
  const inner = `${indent}  `;
  if (Array.isArray(item)) return wrap("[", item.map((each) => inner + written(each, inner)), `${indent}]`);
  const members = Object.entries(item).map(([name, each]) => `${inner}${JSON.stringify(name)}: ${written(each, inner)}`);
  return wrap("{", members, `${indent}}`);
}

/** The command that submits `text`; the shell changes nothing in it. */
export function curl(address, tokenFile, text) {
  const quoted = `'${text.replaceAll("'", "'\\''")}'`;
  return `curl ${address}/api/v1/sweeps \\\n  -H "Authorization: Bearer $(cat ${tokenFile})" \\\n` +
    `  -H "Content-Type: application/json" \\\n  -d ${quoted}`;
}

/** Among `paths`, the one that a problem at `path` belongs to: itself, or the nearest around it. */
export function nearest(path, paths) {
  const around = paths.filter((each) => path === each || (path.startsWith(each) && ".[".includes(path[each.length])));
  return around.sort((one, other) => other.length - one.length)[0] ?? null;
}

function inline(item) {
  if (!isContainer(item)) return JSON.stringify(item) ?? "null";
  if (Array.isArray(item)) return `[${item.map(inline).join(", ")}]`;
  const members = Object.entries(item).map(([name, each]) => `${JSON.stringify(name)}: ${inline(each)}`);
  return `{${members.join(", ")}}`;
}

const wrap = (open, lines, close) => `${open}\n${lines.join(",\n")}\n${close}`;
const isContainer = (item) => typeof item === "object" && item !== null;
const isObject = (item) => isContainer(item) && !Array.isArray(item);
