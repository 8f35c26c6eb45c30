// The pens of a trend: colours that the colour-blind can tell apart, each with a dash of its own.

import { html } from "./html.js";

const PENS = [
  ["#0b5cab", []], ["#b3400b", [8, 4]], ["#00735c", [2, 3]], ["#7b3fa0", [10, 3, 2, 3]],
  ["#8a6d00", [5, 5]], ["#a0205f", [12, 4]], ["#33658a", [3, 6]], ["#4d4d4d", [6, 2, 2, 2]],
];
const PENS_IN_THE_DARK = ["#6fb3ff", "#ff9a63", "#4fd1b3", "#c79af0", "#e0c04a", "#f283b6", "#9fc3e0", "#cfcfcf"];

/** Whether the screen is dark now, by choice or by the system. */
export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

export const penColour = (place) => (isDark() ? PENS_IN_THE_DARK[place] : PENS[place][0]);
export const penDash = (place) => PENS[place][1];

/** A pen's line as in the chart; an empty box if it is not drawn. */
export function Sample({ place }) {
  if (place < 0) return html`<svg class="sample" aria-hidden="true"><rect x="1" y="1" width="26" height="12" /></svg>`;
  return html`<svg class="sample" aria-hidden="true"><line x1="0" x2="28" y1="7" y2="7" stroke=${penColour(place)} stroke-dasharray=${penDash(place).join(" ")} /></svg>`;
}
