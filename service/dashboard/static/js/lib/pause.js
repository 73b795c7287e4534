/** Room between two pieces of work for whoever types or scrolls. */

/** Resolves behind what the browser has to do first. */
export const pause = () => new Promise((resume) => setTimeout(resume));
