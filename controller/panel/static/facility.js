// One facility whole: alarms with advice, every value by zone, setpoints that can be set, outputs with their reasons.

import { AlarmAdvice, standing } from "./alarms.js";
import { setpoint, site } from "./farm.js";
import { FigureList, FigureMark } from "./figures.js";
import { HandControl } from "./hands.js";
import { html } from "./html.js";
import { number } from "./numbers.js";
import { OutputRow } from "./outputs.js";
import { ofFacility, zoneWord } from "./places.js";
import { RecipeList } from "./recipes.js";
import { SetpointForm } from "./setpoint.js";
import { ValueRow } from "./values.js";
import { useState } from "./vendor/preact_hooks.js";
import { called, quantity, tell, unitWord } from "./words.js";

export function Facility({ id }) {
  const facility = site.value.facilities.find((one) => one.id === id);
  if (!facility) return html`<p class="empty">${tell("panel.error.not_found")}</p>`;
  const { tags, outputs, setpoints } = site.value;
  const found = standing(id);
  const zone = (table) => (name) => zoneWord(facility, table[name].zone);
  return html`<div class="facility">
    <h1>${called(facility.name)} <a class="button" href=${`#/trend/${id}`}>${tell("panel.trend")}</a></h1>
    ${found.length > 0 && html`<section class="card wide"><h2>${tell("panel.alarms")}</h2><ul class="advices">${found.map((alarm) => html`<${AlarmAdvice} key=${alarm.id} alarm=${alarm} />`)}</ul></section>`}
    <section class="card"><h2>${tell("panel.values")}</h2>
      <ul class="values">${ofFacility(tags, facility).map((tag) => html`<${ValueRow} key=${tag} tag=${tag} zone=${zone(tags)(tag)} />`)}</ul>
    </section>
    <div class="stack"><section class="card"><h2>${tell("panel.setpoints")}</h2>
      <ul class="setpoints">${ofFacility(setpoints, facility).map((name) => html`<${SetpointRow} key=${name} name=${name} zone=${zone(setpoints)(name)} />`)}</ul>
    </section>
    <section class="card"><h2>${tell("panel.outputs")}</h2>
      <ul class="outputs">${ofFacility(outputs, facility).map((name) => html`<${OutputRow} key=${name} name=${name} zone=${zone(outputs)(name)}><${HandControl} name=${name} /></${OutputRow}>`)}</ul>
    </section><${RecipeList} facility=${facility} /><${FigureList} facility=${id} /></div>
  </div>`;
}

function SetpointRow({ name, zone }) {
  const [open, setOpen] = useState(false);
  const known = site.value.setpoints[name];
  const now = setpoint(name);
  if (!now) return null;
  const moving = Math.abs(now.value - now.target) > 1e-6;
  const by = { program: tell("panel.by.program"), loop: tell("panel.by.loop"), recipe: tell("panel.by.recipe") }[now.by] ?? tell("panel.by.person", { who: now.by });
  return html`<li class="setpoint">
    <span class="name">${called(known.name)}${zone && html`<small>${zone}</small>`}</span>
    <span class="number"><b>${number(now.value, known.unit)}</b> <i>${unitWord(known.unit)}</i></span>
    <span class="by">${moving && html`${tell("panel.setpoint.moving", { target: quantity(now.target, known.unit) })} · `}${by}<${FigureMark} name=${name} /></span>
    ${now.settable && html`<button class="change" aria-expanded=${open} onClick=${() => setOpen(!open)}>${tell("panel.setpoint.change")}</button>`}
    ${open && html`<${SetpointForm} name=${name} onClose=${() => setOpen(false)} />`}
  </li>`;
}
