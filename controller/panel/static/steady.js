// Whether a probe stands still: how far it moved in the last half minute, and how fast that is a minute.

import { html } from "./html.js";
import { decimals, number } from "./numbers.js";
import { useRef } from "./vendor/preact_hooks.js";
import { quantity, tell } from "./words.js";

const LOOK_MS = 30000;
/** At least so long, and so many values, before anything is called still. */
const LEAST_MS = 20000;
const LEAST_VALUES = 4;

/** A move that counts, a minute: two of the last digit that is shown (pH 0.02, 0.2 degC). */
const moves = (unit) => 2 * 10 ** -(decimals(unit) ?? 2);

/** What was heard lately, in farm time: `{ stands, slope (a minute), seconds }`. Begins anew where the probe is silent. */
export function useSteady(says, at, unit) {
  const heard = useRef([]);
  const list = heard.current;
  if (says === null) list.length = 0;
  else if (!list.length || at > list.at(-1)[0]) list.push([at, says]);
  while (list.length > LEAST_VALUES + 1 && list[0][0] < at - LOOK_MS) list.shift();
  const seconds = list.length ? (list.at(-1)[0] - list[0][0]) / 1000 : 0;
  const slope = slopeOf(list);
  return { slope, seconds, stands: seconds * 1000 >= LEAST_MS && list.length >= LEAST_VALUES && Math.abs(slope) <= moves(unit) };
}

/** Least squares, a minute. */
function slopeOf(list) {
  if (list.length < 2) return 0;
  const middle = list.reduce((sum, [at]) => sum + at, 0) / list.length;
  const mean = list.reduce((sum, [, value]) => sum + value, 0) / list.length;
  const spread = list.reduce((sum, [at]) => sum + (at - middle) ** 2, 0);
  return spread > 0 ? (60000 * list.reduce((sum, [at, value]) => sum + (at - middle) * (value - mean), 0)) / spread : 0;
}

export function Steady({ steady, says, unit }) {
  const words = says === null ? tell("panel.calibration.silent") : steady.stands ? tell("panel.calibration.steady") : tell("panel.calibration.waiting", { seconds: Math.floor(steady.seconds) });
  return html`<div class="steady"><span class="number"><b>${says === null ? "—" : quantity(says, unit)}</b></span>
    <span>${tell("panel.calibration.drift", { slope: `${steady.slope >= 0 ? "+" : ""}${number(steady.slope, unit)}` })}</span>
    <span class=${`slot ${steady.stands ? "" : "manual"}`} role="status">${words}</span></div>`;
}
