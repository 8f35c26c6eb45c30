// Small drawn signs: each has a shape of its own, so that nothing depends on telling colours apart.

import { html } from "./html.js";
import { tell } from "./words.js";

const QUALITY = {
  good: "M3 8.500 6.500 12 13 4.500",
  uncertain: "M8 1.500 14.500 8 8 14.500 1.500 8z",
  substituted: "M2.500 2.500h11v11h-11zM5 8h6",
  bad: "M3.500 3.500l9 9M12.500 3.500l-9 9",
};

/** Check, diamond, box with a bar, or cross. */
export function QualityMark({ quality }) {
  return html`<svg class=${`mark quality-${quality}`} viewBox="0 0 16 16" aria-hidden="true"><path d=${QUALITY[quality]} /></svg>`;
}

const ALARM = {
  critical: ["M2 2h20v20H2z", "1", 17],
  high: ["M12 1.500 23 21.500H1z", "2", 19],
  medium: ["M12 .7 23.300 12 12 23.300.7 12z", "3", 16.500],
  low: ["M12 1a11 11 0 1 0 .01 0z", "4", 16.500],
};

/** Square 1, triangle 2, diamond 3, circle 4. */
export function AlarmMark({ priority }) {
  const [path, digit, y] = ALARM[priority];
  return html`<svg class=${`alarm-mark ${priority}`} viewBox="0 0 24 24" role="img" aria-label=${tell(`panel.priority.${priority}`)}>
    <path d=${path} /><text x="12" y=${y}>${digit}</text>
  </svg>`;
}
