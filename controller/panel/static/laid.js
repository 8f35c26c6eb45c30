// What people have laid on the farm: outputs by hand, stops, lock-outs, probes in care. Asked for while somebody looks,
// and told by every answer to a change.

import { html } from "./html.js";
import { Left } from "./ages.js";
import { site } from "./farm.js";
import { get } from "./server.js";
import { signal } from "./vendor/signals.js";
import { useEffect } from "./vendor/preact_hooks.js";
import { tell } from "./words.js";

const EVERY_MS = 5000;
const marks = signal([]);
let lookers = 0;
let timer = null;

export async function look() {
  clearTimeout(timer);
  await get("hands").then(hear, () => null);
  if (lookers) timer = setTimeout(look, EVERY_MS);
}

/** Takes what the server answered: all that is laid on now. */
export function hear(answer) {
  marks.value = answer.marks;
}

/** Keeps asking as long as the component that calls it is shown. */
export function useLaid() {
  useEffect(() => {
    lookers += 1;
    if (lookers === 1) look();
    return () => {
      lookers -= 1;
      if (!lookers) clearTimeout(timer);
    };
  }, []);
}

/** What of this kind lies on a thing, or null. */
export const laidOn = (subject, ...kinds) => marks.value.find((one) => one.subject === subject && kinds.includes(one.kind)) ?? null;

/** The locks that hold an output: its own, and that of a device that drives it. */
export const locksOn = (output) => marks.value.filter((one) => one.kind === "lock" && (one.subject === output || site.value.devices[one.subject]?.outputs.includes(output)));

/** "by hand: li, still 2 h", counting down; of a whole device it says so. */
export function Laid({ mark }) {
  const kind = site.value.devices[mark.subject] ? "device" : mark.kind;
  return html`<span class="laid"><em class="slot manual">${tell(`panel.mark.${kind}`, { device: mark.subject })}</em>${mark.by}${mark.note && ` · ${mark.note}`}
    ${mark.until !== null && html` · <${Left} until=${mark.until} />`}</span>`;
}
