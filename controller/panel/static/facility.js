// One facility: its mimic, alarms with advice, every value, setpoints that can be set, outputs with their reasons.

import { AlarmAdvice, standing } from "./alarms.js";
import { ProbeCare } from "./care.js";
import { Opener } from "./deal.js";
import { setpoint, site } from "./farm.js";
import { FigureList, FigureMark } from "./figures.js";
import { HandControl } from "./hands.js";
import { html } from "./html.js";
import { useLaid } from "./laid.js";
import { Mimic } from "./mimic.js";
import { number } from "./numbers.js";
import { OutputRow } from "./outputs.js";
import { ofFacility, ofZone, zonesOf, zoneWord } from "./places.js";
import { RecipeList } from "./recipes.js";
import { ranks } from "./screens.js";
import { SetpointForm } from "./setpoint.js";
import { EmergencyStop } from "./stop.js";
import { ValueRow } from "./values.js";
import { useEffect } from "./vendor/preact_hooks.js";
import { called, quantity, tell, unitWord } from "./words.js";
import { Why } from "./why.js";

export function Facility({ id, query }) {
  useLaid();
  const facility = site.value.facilities.find((one) => one.id === id);
  const looked = query.get("output");
  useEffect(() => {
    if (!looked) return;
    const row = document.getElementById(`output-${looked}`);
    row?.scrollIntoView({ block: "center" });
    row?.querySelector("button")?.focus({ preventScroll: true });
  }, [looked]);
  if (!facility) return html`<p class="empty">${tell("panel.error.not_found")}</p>`;
  const { tags, outputs, setpoints } = site.value;
  const zones = zonesOf(facility);
  const shown = zones.includes(query.get("zone")) ? [query.get("zone")] : zones;
  const found = standing(id);
  const of = (table) => (shown.length < zones.length ? ofZone(table, facility, shown[0]) : ofFacility(table, facility));
  const zone = (table) => (name) => zoneWord(facility, table[name].zone);
  return html`<div class="facility">
    <header class="heading"><h1>${called(facility.name)}</h1>
      <a class="button" href=${`#/trend/${id}`}>${tell("panel.trend")}</a>
      <${EmergencyStop} facility=${facility} /></header>
    ${zones.length > 1 && html`<nav class="pick wide" aria-label=${tell("panel.zones")}>
      <a class="button" href=${`#/facility/${id}`} aria-current=${shown.length > 1 ? "page" : undefined}>${tell("panel.zones.all")}</a>
      ${zones.filter((one) => one !== "all").map((one) => html`<a key=${one} class="button" href=${`#/facility/${id}?zone=${one}`} aria-current=${shown.length === 1 && shown[0] === one ? "page" : undefined}>${zoneWord(facility, one)}</a>`)}</nav>`}
    ${found.length > 0 && html`<section class="card wide"><h2>${tell("panel.alarms")}</h2><ul class="advices">${found.map((alarm) => html`<${AlarmAdvice} key=${alarm.id} alarm=${alarm} />`)}</ul></section>`}
    ${shown.map((one) => html`<${Mimic} key=${one} facility=${facility} zone=${one} />`)}
    <section class="card"><h2>${tell("panel.values")}</h2>
      <ul class="values">${of(tags).map((tag) => html`<${ValueRow} key=${tag} tag=${tag} zone=${zone(tags)(tag)}><${ProbeCare} tag=${tag} /></${ValueRow}>`)}</ul>
    </section>
    <div class="stack"><section class="card"><h2>${tell("panel.setpoints")}</h2>
      <ul class="setpoints">${of(setpoints).map((name) => html`<${SetpointRow} key=${name} name=${name} zone=${zone(setpoints)(name)} />`)}</ul>
    </section>
    <section class="card"><h2>${tell("panel.outputs")}</h2>
      <ul class="outputs">${of(outputs).map((name) => html`<${OutputRow} key=${name} name=${name} zone=${zone(outputs)(name)}><${Why} name=${name} /><${HandControl} name=${name} /></${OutputRow}>`)}</ul>
    </section><${RecipeList} facility=${facility} /><${FigureList} facility=${id} /></div>
  </div>`;
}

function SetpointRow({ name, zone }) {
  const known = site.value.setpoints[name];
  const now = setpoint(name);
  if (!now) return null;
  const moving = Math.abs(now.value - now.target) > 1e-6;
  const by = { program: tell("panel.by.program"), loop: tell("panel.by.loop"), recipe: tell("panel.by.recipe") }[now.by] ?? tell("panel.by.person", { who: now.by });
  return html`<li class="setpoint">
    <span class="name">${called(known.name)}${zone && html`<small>${zone}</small>`}</span>
    <span class="number"><b>${number(now.value, known.unit)}</b> <i>${unitWord(known.unit)}</i></span>
    <span class="by">${moving && html`${tell("panel.setpoint.moving", { target: quantity(now.target, known.unit) })} · `}${by}<${FigureMark} name=${name} /></span>
    ${now.settable && ranks("operator") && html`<${Opener} label=${tell("panel.setpoint.change")} form=${(close) => html`<${SetpointForm} name=${name} onClose=${close} />`} />`}
  </li>`;
}
