// The analog bar: where a value lies. A band is darker ground, a setpoint a tall tick, the value a pointer.

import { html } from "./html.js";

/** The range to draw: around what may be set where there is a setpoint, else the tag's own; null if neither is known. */
export function span(known, held) {
  if (held.length === 0) return known.low === null || known.high === null ? null : { low: known.low, high: known.high };
  const low = Math.min(...held.map((one) => one.now.low));
  const high = Math.max(...held.map((one) => one.now.high));
  const margin = (high - low) * 0.15;
  return { low: low - margin, high: high + margin };
}

export function Bar({ scale, value, old, held }) {
  const at = (amount) => Math.min(100, Math.max(0, (100 * (amount - scale.low)) / (scale.high - scale.low)));
  const percent = (amount) => `${at(amount).toFixed(2)}%`;
  return html`<svg class="bar" aria-hidden="true">
    <rect class="track" x="0" y="7" width="100%" height="8" rx="1" />
    ${held.map(({ now, known }) => known.band && html`<rect class="band" x=${percent(now.value + known.band[0])} y="7" width=${`${at(now.value + known.band[1]) - at(now.value + known.band[0])}%`} height="8" />`)}
    ${held.map(({ now }) => html`<line class="tick" x1=${percent(now.value)} x2=${percent(now.value)} y1="2" y2="20" />`)}
    ${value !== null && html`<svg class=${`pointer ${old ? "old" : ""}`} x=${percent(value)} overflow="visible"><path d="M0 3.500 6.500 11 0 18.500-6.500 11z" /></svg>`}
  </svg>`;
}
