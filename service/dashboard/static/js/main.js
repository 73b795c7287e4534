/** Starts what a page asks for in its markup. */

import { attach } from "./behaviours/attach.js";

// Somebody already signed in followed the terminal's link: the token has no business in the history.
if (location.hash.startsWith("#token=") && location.pathname !== "/login") {
  history.replaceState(null, "", location.pathname + location.search);
}

attach(document);
