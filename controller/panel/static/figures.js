// Numbers that came from a preset and that nobody has verified: marked in words wherever they are used.

import { site } from "./farm.js";
import { html } from "./html.js";
import { called, tell } from "./words.js";

const unverified = (name) => (site.value.figures[name] ?? []).filter((one) => one.status === "unverified");

/** The mark beside one setpoint; nothing where all its numbers are known or the farm's own. */
export function FigureMark({ name }) {
  const found = unverified(name);
  if (!found.length) return null;
  return html`<span class="unverified">${tell("panel.figures.unverified", { values: found.map(told).join(", ") })}</span>`;
}

/** Every part of a facility that rests on an unverified number, with what is known of it. */
export function FigureList({ facility }) {
  const parts = Object.keys(site.value.figures).filter((name) => name.startsWith(`${facility}.`) && unverified(name).length);
  if (!parts.length) return null;
  return html`<section class="card"><h2>${tell("panel.figures")}</h2>
    <p class="hint">${tell("panel.figures.hint")}</p>
    <ul class="figures">${parts.map((name) => html`<li key=${name}><span class="name">${partName(name)}</span>
      ${unverified(name).map((one) => html`<small>${told(one)}: ${one.source}</small>`)}</li>`)}</ul>
  </section>`;
}

const told = (one) => one.value || tell("panel.figures.others");

function partName(name) {
  const { alarms, loops, names, outputs, setpoints, tags } = site.value;
  const found = (setpoints[name] ?? loops[name] ?? outputs[name] ?? tags[name])?.name ?? alarms[name]?.cause ?? names[name];
  return found ? called(found) : name;
}
