/** The sweep that is being written: its text is the truth, its content is what the controls show of it. */

import { put, read, written } from "./submission.js";

/** A draft of `text`; `follow` hears of each change, with who made it. */
export function draft(text) {
  const followers = [];
  let now = { text, ...read(text) };
  if (now.content) now.text = written(now.content);
  let readable = now.content ?? {}; // what controls show while the text cannot be read
  const set = (next, by) => {
    now = next;
    readable = now.content ?? readable;
    for (const follower of followers) follower(now, by);
  };
  return {
    get text() {
      return now.text;
    },
    get content() {
      return readable;
    },
    get problem() {
      return now.problem ?? null;
    },
    follow: (follower) => followers.push(follower),
    /** Replace the text, as somebody typed it. */
    retype: (typed, by) => set({ text: typed, ...read(typed) }, by),
    /** Change the content; the text is written anew. */
    change: (content, by) => set({ content, text: written(content) }, by),
    /** Put one value at its path. */
    put(path, value, by) {
      this.change(put(this.content, path, value), by);
    },
  };
}
