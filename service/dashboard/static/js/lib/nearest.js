/** Which of a chart's marks a pointer means. */

const REACH = 24; // pixels around a mark that still are its own
export const CLOSE = 9; // pixels within which a pointer is on a mark: it comes before the area behind it, and can be picked

/** {target, index} of the mark nearest to a pixel, or the area around it; null where there is nothing. */
export function nearest(targets, x, y) {
  let found = null;
  let least = REACH ** 2;
  let around = null;
  for (const target of targets) {
    if (target.boxes) {
      const index = target.boxes.findIndex(([left, top, width, height]) => x >= left && x <= left + width && y >= top && y <= top + height);
      if (index >= 0) around = { target, index };
      continue;
    }
    for (let index = 0; index < target.x.length; index += 1) {
      const distance = (target.x[index] - x) ** 2 + (target.y[index] - y) ** 2;
      if (distance <= least) {
        least = distance;
        found = { target, index };
      }
    }
  }
  return around && !(found && least <= CLOSE ** 2) ? around : found;
}

/** The marks of one target from left to right, as indices; marks outside of the frame {left, top, width, height} are left out. */
export function inOrder({ x, y }, { left, top, width, height }) {
  const isInside = (index) => x[index] >= left && x[index] <= left + width && y[index] >= top && y[index] <= top + height;
  const indices = [...x.keys()].filter(isInside);
  return indices.sort((one, other) => x[one] - x[other] || y[other] - y[one]);
}
