// What each facility used today, for its card of the overview: asked for once a minute for all of them.

import { link } from "./farm.js";
import { html } from "./html.js";
import { number } from "./numbers.js";
import { get } from "./server.js";
import { useEffect } from "./vendor/preact_hooks.js";
import { signal } from "./vendor/signals.js";
import { tell, unitWord } from "./words.js";

const EVERY_MS = 60000;
const SURE = 0.98;
/** `{ facilities, old }`: the newest answer, and whether a newer one could not be had. */
const used = signal({ facilities: {}, old: false });
let lookers = 0;
let timer = null;

async function look() {
  clearTimeout(timer);
  await get("consumption?most=1").then(
    ({ facilities }) => (used.value = { facilities, old: false }),
    () => (used.value = { ...used.value, old: true }),
  );
  if (lookers) timer = setTimeout(look, EVERY_MS);
}

/** A line for each kind that the facility counts; they stand before their figures come. */
export function Used({ facility }) {
  const counts = facility.counted.length > 0;
  useEffect(() => {
    if (!counts) return undefined;
    lookers += 1;
    if (lookers === 1) look();
    return () => {
      lookers -= 1;
      if (!lookers) clearTimeout(timer);
    };
  }, [counts]);
  if (!counts) return null;
  const old = used.value.old || link.value !== "live";
  return html`<ul class="states used">${facility.counted.map((kind) => {
    const { total, unit } = used.value.facilities[facility.id]?.[kind] ?? {};
    const value = total?.values[0] ?? null;
    const known = value === null ? 1 : total.known[0];
    return html`<li key=${kind}>${tell(`panel.energy.kind.${kind}`)} <span class=${`number ${old ? "old" : ""}`}><b>${value === null ? "–" : number(value, unit)}</b> <i>${value !== null && unitWord(unit)}</i></span> ${tell("panel.energy.this.day")}${known < SURE ? ` · ${tell("panel.energy.known", { percent: Math.round(100 * known) })}` : ""}</li>`;
  })}${facility.zones.length > 1 && html`<li class="soft">${tell("panel.used.all")}</li>`}</ul>`;
}
