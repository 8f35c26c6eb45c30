// One output as a row: what it is told, by name and by fill; and reasons in words.

import { link, order, site } from "./farm.js";
import { html } from "./html.js";
import { called, tell, unitWord } from "./words.js";

const SWITCHED = new Set(["on_off", "pulse"]);

/** The reason of an order in words, with names in place of ids. */
export function whyWords(because) {
  const { loops, names, tags, outputs, setpoints } = site.value;
  const unit = loops[because.values.loop]?.unit ?? "";
  const filled = Object.fromEntries(
    Object.entries(because.values).map(([place, value]) => {
      if (place === "reason") return [place, tell(`reason.${value}`)];
      const found = typeof value === "string" && (loops[value] ?? names[value] ?? tags[value] ?? outputs[value] ?? setpoints[value]);
      return [place, found ? called(found.name ?? found) : value];
    }),
  );
  // other sentences than that of a loop name their units themselves
  return tell(`why.${because.key}`, { ...filled, unit: because.key === "loop" ? unitWord(unit) : unit }, unit);
}

/** Told position in words. */
export function positionWords(name) {
  const now = order(name);
  if (!now) return "—";
  return SWITCHED.has(site.value.outputs[name].type) ? tell(now.value > 0 ? "panel.on" : "panel.off") : `${Math.round(now.value)} %`;
}

export function OutputRow({ name, zone = "", children }) {
  const known = site.value.outputs[name];
  const now = order(name);
  const old = link.value !== "live";
  const share = now ? Math.round(now.value) : 0;
  return html`<li class="output" id=${`output-${name}`}>
    <span class="name">${called(known.name)}${zone && html`<small>${zone}</small>`}</span>
    <svg class="fill" aria-hidden="true"><rect class="well" x="0" y="0" width="100%" height="100%" /><rect class="level" x="0" y="0" width=${`${share}%`} height="100%" /></svg>
    <b class=${`told ${old ? "old" : ""}`}>${positionWords(name)}</b>
    ${children}
  </li>`;
}
