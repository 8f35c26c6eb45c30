// Overview: one card a zone. Whoever looks at it knows within seconds whether all is well.

import { AlarmAdvice, AlarmLine, ranked, standing } from "./alarms.js";
import { link, reading, site } from "./farm.js";
import { html } from "./html.js";
import { AlarmMark, QualityMark } from "./marks.js";
import { Notices } from "./notices.js";
import { alarmsOf, drives, keyValues, lives, ofZone, trusted, zonesOf, zoneWord } from "./places.js";
import { Used } from "./used.js";
import { ValueRow } from "./values.js";
import { called, tell } from "./words.js";

const LEAST_VALUES = 4;
const MOST_VALUES = 6;

export function Overview() {
  const cards = site.value.facilities.flatMap((facility) => zonesOf(facility).map((zone) => [facility, zone]));
  return html`<div class="cards"><h1 class="unseen">${tell("panel.overview")}</h1>
    <${OwnAlarms} />${cards.map(([facility, zone]) => html`<${Card} key=${`${facility.id}.${zone}`} facility=${facility} zone=${zone} />`)}<${Notices} />
  </div>`;
}

/** What is wrong with the controller itself: alarms of no facility. */
function OwnAlarms() {
  const found = standing().filter((one) => !site.value.facilities.some((facility) => facility.id === one.facility));
  return found.length > 0 && html`<section class="card wide" aria-labelledby="card-own">
    <header><h2 id="card-own">${tell("panel.own")}</h2><${AlarmMark} priority=${found[0].priority} /></header>
    <ul class="advices">${found.map((alarm) => html`<${AlarmAdvice} key=${alarm.id} alarm=${alarm} />`)}</ul>
  </section>`;
}

function Card({ facility, zone }) {
  const found = ranked(alarmsOf(facility, zone));
  const values = keyValues(facility, zone, LEAST_VALUES, MOST_VALUES);
  const outputs = ofZone(site.value.outputs, facility, zone);
  const part = zoneWord(facility, zone);
  const id = `card-${facility.id}-${zone}`;
  return html`<section class="card" aria-labelledby=${id}>
    <header class="headed">
      <h2 id=${id}>${called(facility.name)}${part && html` <small>${part}</small>`}</h2>
      ${found.length > 0 ? html`<${AlarmMark} priority=${found[0].priority} />` : html`<span class="calm">${tell("panel.alarms.none")}</span>`}
      <span class="kind">${tell(`panel.kind.${facility.kind}`)}${facility.lives && ` · ${lives(facility.lives)}`}</span>
    </header>
    ${found.length > 0 && html`<p class="alarm-list"><${AlarmLine} alarm=${found[0]} /></p>`}
    ${found.length > 1 && html`<p class="alarm-list"><a class="button" href="#/alarms">${tell("panel.alarms.more", { count: found.length - 1 })}</a></p>`}
    <ul class="values">${values.map((tag) => html`<${ValueRow} key=${tag} tag=${tag} />`)}</ul>
    <ul class="states"><${Drive} facility=${facility} zone=${zone} outputs=${outputs} /><${Trusted} facility=${facility} zone=${zone} /></ul>
    ${zone === zonesOf(facility)[0] && html`<${Used} facility=${facility} />`}
    <footer>
      <a class="button" href=${`#/facility/${facility.id}${part ? `?zone=${zone}` : ""}`}>${tell("panel.open")}</a>
      <a class="button" href=${`#/trend/${facility.id}`}>${tell("panel.trend")}</a>
    </footer>
  </section>`;
}

/** Automatic, or what else holds how many outputs. */
function Drive({ facility, zone, outputs }) {
  if (outputs.length === 0) return null;
  const apart = drives(facility, zone);
  if (apart.length === 0) return html`<li><span class="tag-mark">${tell("panel.drive.auto")}</span></li>`;
  return apart.map(([slot, count]) => html`<li key=${slot}><em class=${`slot ${slot}`}>${tell(`panel.slot.${slot}`)}</em>${tell("panel.drive.outputs", { count })}</li>`);
}

/** Whether all values can be relied on, and the first reason where not. */
function Trusted({ facility, zone }) {
  const { all, lost } = trusted(facility, zone);
  if (link.value !== "live") return html`<li class="trust bad"><${QualityMark} quality="bad" /><span>${tell("panel.not_live")}</span></li>`;
  if (lost.length === 0) return html`<li class="trust"><${QualityMark} quality="good" /><span>${tell("panel.trusted.all", { count: all.length })}</span></li>`;
  const reason = tell(`reason.${reading(lost[0])?.why ?? "never_seen"}`);
  return html`<li class="trust bad"><${QualityMark} quality="bad" /><span>${tell("panel.trusted.lost", { count: lost.length, all: all.length, reason })}</span></li>`;
}
