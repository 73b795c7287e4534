/** Asks for a run to be trained again, and follows that until its end. */

import { get, post } from "../lib/api.js";
import { poll } from "../lib/poll.js";
import { setText } from "./fill.js";

const FINAL = new Set(["matches", "differs", "failed"]);

export default function runVerify(element) {
  const button = element.querySelector("button");
  const { run } = element.dataset;

  const show = ({ state, sentence }) => {
    element.dataset.standing = state;
    setText(element.querySelector("[data-part=sentence]"), sentence);
    button.disabled = state === "queued" || state === "running";
  };
  const refused = (error) => show({ state: "refused", sentence: `The server refused to verify the run: ${error.message}` });
  const follow = (id) => poll(
    async () => {
      const found = await get(`/verifications/${id}`);
      show(found);
      return !FINAL.has(found.state);
    },
    { looking: () => !document.hidden, failed: (error) => error.status >= 400 && error.status < 500 && refused(error) },
  );

  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const found = await post(`/runs/${run}:verify`);
      show(found);
      follow(found.id);
    } catch (error) {
      refused(error);
    }
  });
  const { verification, standing } = element.dataset;
  if (verification && !FINAL.has(standing)) {
    button.disabled = true;
    follow(verification);
  }
}
