// Overview: one card a facility. Whoever looks at it knows within seconds whether all is well.

import { AlarmAdvice, AlarmLine, standing } from "./alarms.js";
import { site } from "./farm.js";
import { html } from "./html.js";
import { AlarmMark } from "./marks.js";
import { Notices } from "./notices.js";
import { OutputRow } from "./outputs.js";
import { called, knows, tell } from "./words.js";
import { ValueRow } from "./values.js";

const MOST_VALUES = 8;
const MOST_OUTPUTS = 6;
const MOST_ALARMS = 3;

/** Names of a facility's things zone by zone, what belongs to none after them, contacts and texts last. */
export function ofFacility(table, facility) {
  const zones = [...facility.zones, "all"];
  const place = (name) => (["bool", "text"].includes(table[name].unit) ? zones.length : zones.indexOf(table[name].zone));
  return Object.keys(table).filter((name) => table[name].facility === facility.id).sort((a, b) => place(a) - place(b));
}

/** The zone to print beside a name: none where the facility has one only. */
export const zoneWord = (facility, zone) => (facility.zones.length > 1 && zone !== "all" ? zone : "");

/** The crop or species: in words if we have any, else as the site writes it. */
const lives = (what) => (knows(`panel.lives.${what}`) ? tell(`panel.lives.${what}`) : what.replaceAll("_", " "));

export function Overview() {
  return html`<div class="cards"><${OwnAlarms} />${site.value.facilities.map((facility) => html`<${Card} key=${facility.id} facility=${facility} />`)}<${Notices} /></div>`;
}

/** What is wrong with the controller itself: alarms of no facility. */
function OwnAlarms() {
  const found = standing().filter((one) => !site.value.facilities.some((facility) => facility.id === one.facility));
  return found.length > 0 && html`<section class="card wide" aria-labelledby="card-own">
    <header><h2 id="card-own">${tell("panel.own")}</h2><${AlarmMark} priority=${found[0].priority} /></header>
    <ul class="advices">${found.map((alarm) => html`<${AlarmAdvice} key=${alarm.id} alarm=${alarm} />`)}</ul>
  </section>`;
}

function Card({ facility }) {
  const { tags, outputs } = site.value;
  const all = ofFacility(tags, facility).filter((name) => tags[name].kind !== "status");
  const watched = all.filter((name) => tags[name].watched);
  const values = (watched.length ? watched : all).slice(0, MOST_VALUES);
  const driven = ofFacility(outputs, facility);
  const found = standing(facility.id);
  const more = all.length - values.length + Math.max(0, driven.length - MOST_OUTPUTS);
  return html`<section class="card" aria-labelledby=${`card-${facility.id}`}>
    <header>
      <h2 id=${`card-${facility.id}`}>${called(facility.name)}</h2>
      <span class="kind">${tell(`panel.kind.${facility.kind}`)}${facility.lives && ` · ${lives(facility.lives)}`}</span>
      ${found.length > 0 ? html`<${AlarmMark} priority=${found[0].priority} />` : html`<span class="calm">${tell("panel.alarms.none")}</span>`}
    </header>
    ${found.length > 0 && html`<ul class="alarm-list">${found.slice(0, MOST_ALARMS).map((alarm) => html`<li key=${alarm.id}><${AlarmLine} alarm=${alarm} /></li>`)}
      ${found.length > MOST_ALARMS && html`<li>${tell("panel.alarms.more", { count: found.length - MOST_ALARMS })}</li>`}</ul>`}
    <ul class="values">${values.map((tag) => html`<${ValueRow} key=${tag} tag=${tag} zone=${zoneWord(facility, tags[tag].zone)} />`)}</ul>
    ${driven.length > 0 && html`<h3>${tell("panel.outputs")}</h3>
      <ul class="outputs">${driven.slice(0, MOST_OUTPUTS).map((name) => html`<${OutputRow} key=${name} name=${name} zone=${zoneWord(facility, outputs[name].zone)} />`)}</ul>`}
    <footer>
      <a class="button" href=${`#/facility/${facility.id}`}>${more > 0 ? tell("panel.open.more", { count: more }) : tell("panel.open")}</a>
      <a class="button" href=${`#/trend/${facility.id}`}>${tell("panel.trend")}</a>
    </footer>
  </section>`;
}
