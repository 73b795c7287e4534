/** Keeps every `<time data-age>` below the element true. */

import { age } from "../lib/format.js";
import { setText } from "./fill.js";

export default function ages(element) {
  const refresh = () => {
    for (const time of element.querySelectorAll("time[data-age]")) {
      setText(time, age(time.dateTime, Date.now()));
    }
  };
  refresh();
  setInterval(refresh, 1000);
}
