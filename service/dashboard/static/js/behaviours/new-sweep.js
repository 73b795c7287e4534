/** The page on which a sweep is put together: controls and text show one draft, each follows the other. */

import { curl } from "../lib/submission.js";
import { draft } from "../lib/draft.js";
import { parameterRows } from "./parameter-rows.js";
import { sweepControls } from "./sweep-controls.js";
import { subjectChoice } from "./subject-choice.js";
import { submissionPreview } from "./submission-preview.js";
import { submitting } from "./submitting.js";

const MARK = "#sweep=";
const LONGEST_ADDRESS = 8000; // characters: beyond, an address is no place to keep a text

function textInAddress() {
  if (!location.hash.startsWith(MARK)) return null;
  try {
    return decodeURIComponent(location.hash.slice(MARK.length));
  } catch {
    return null; // somebody cut the address in the middle of a character
  }
}

export default function newSweep(element) {
  const part = (name) => element.querySelector(`[data-part=${name}]`);
  const kept = textInAddress();
  const sweep = draft(kept ?? element.dataset.text);
  const text = part("text");

  const show = (_, by) => {
    if (by !== text) text.value = sweep.text;
    part("unreadable").hidden = !sweep.problem;
    part("unreadable").textContent = sweep.problem ?? "";
    part("curl").textContent = curl(element.dataset.address, element.dataset.tokenFile, sweep.text);
    if (!by) return; // nothing has been changed yet
    const address = MARK + encodeURIComponent(sweep.text);
    history.replaceState(null, "", address.length < LONGEST_ADDRESS ? address : location.pathname + location.search);
  };
  sweep.follow(show);
  text.addEventListener("input", () => sweep.retype(text.value, text));

  subjectChoice(part("subject"), sweep);
  parameterRows(part("parameters"), sweep);
  sweepControls(element, sweep);
  submissionPreview(element, sweep);
  submitting(element, sweep);
  show();
}
