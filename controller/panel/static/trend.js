// Trends: up to eight values over an hour to a year, moved by finger, mouse and keys; the address shows the same again.

import { alarmWords } from "./alarms.js";
import { deedWords } from "./deeds.js";
import { link, reading, site } from "./farm.js";
import { html } from "./html.js";
import { AlarmMark } from "./marks.js";
import { clockTime, dayOfYear } from "./numbers.js";
import { zoneWord } from "./places.js";
import { parted, wear } from "./screens.js";
import { TrendChart } from "./trend_chart.js";
import { Sample } from "./trend_pens.js";
import { MOST_PENS, SPANS_S, addressOf, drawable, endOf, setpointsOf, startOf, viewOf, within } from "./trend_view.js";
import { useEffect, useLayoutEffect, useRef, useState } from "./vendor/preact_hooks.js";
import { called, language, quantity, tell } from "./words.js";

await wear("trend.css");

const MOST_FOUND = 24;
const MOST_LISTED = 30;

export function Trend({ id }) {
  const facility = site.value.facilities.find((one) => one.id === id) ?? site.value.facilities[0];
  const [view, setView] = useState(() => viewOf(facility.id));
  const [marks, setMarks] = useState(null);
  const chart = useRef(null);
  // at once, and only while it is ours: whoever goes on right after a touch is not brought back
  useLayoutEffect(() => {
    if (parted(location.hash).path === "trend") history.replaceState(null, "", addressOf(facility.id, view));
  }, [view]);
  const change = (more) => setView((now) => ({ ...now, ...more }));
  const move = (by) => setView((now) => within(now, startOf(now) + by * now.span * 1000, endOf(now) + by * now.span * 1000));
  const zoom = (by) => setView((now) => within(now, startOf(now) + (now.span * 1000 * (1 - by)) / (now.to === null ? 1 : 2), endOf(now) - (now.to === null ? 0 : (now.span * 1000 * (1 - by)) / 2)));
  const toggle = (name, label) => html`<button aria-pressed=${view[name]} onClick=${() => change({ [name]: !view[name] })}>${tell(label)}</button>`;
  const known = drawable();
  const csv = new URLSearchParams([...[...view.pens, ...setpointsOf(view)].map((pen) => ["tag", pen]), ["start", String(Math.round(startOf(view)))], ["end", String(Math.round(endOf(view)))]]);
  return html`<div class="screen trend">
    <h1>${tell("panel.trend")}</h1>
    <nav class="pick" aria-label=${tell("panel.facilities")}>${site.value.facilities.map(
      (one) => html`<a class="button" aria-current=${one === facility ? "page" : undefined} href=${`#/trend/${one.id}`}>${called(one.name)}</a>`,
    )}</nav>
    <section class="card wide">
      <div class="pick hours" role="group" aria-label=${tell("panel.trend.span")}>${SPANS_S.map(
        (one) => html`<button aria-pressed=${one === view.span} onClick=${() => change({ span: one })}>${spanWords(one)}</button>`,
      )}</div>
      <div class="pick" role="group" aria-label=${tell("panel.trend.moves")}>
        <button aria-label=${tell("panel.trend.back")} onClick=${() => move(-0.5)}>${"\u25c0"}</button>
        <button aria-label=${tell("panel.trend.forth")} disabled=${view.to === null} onClick=${() => move(0.5)}>${"\u25b6"}</button>
        <button aria-label=${tell("panel.trend.closer")} onClick=${() => zoom(0.5)}>${"+"}</button>
        <button aria-label=${tell("panel.trend.farther")} onClick=${() => zoom(2)}>${"\u2212"}</button>
        <button aria-pressed=${view.to === null} onClick=${() => change({ to: null })}>${tell("panel.trend.now")}</button>
      </div>
      <p class="soft"><time>${momentWords(startOf(view))}</time>${" – "}<time>${momentWords(endOf(view))}</time></p>
      ${view.pens.length === 0
        ? html`<p class="empty">${tell("panel.trend.choose")}</p>`
        : html`<${TrendChart} key=${language.value} view=${view} look=${setView} onMarks=${setMarks} chart=${chart} />`}
      <div class="pick" role="group" aria-label=${tell("panel.trend.over")}>${toggle("setpoints", "panel.setpoints")}${toggle("yesterday", "panel.trend.yesterday")}${toggle("marks", "panel.trend.marks")}</div>
      <div class="pens" role="group" aria-label=${tell("panel.trend.values")}>${view.pens.map((pen, place) => html`<${Pen} key=${pen} name=${pen} known=${known[pen]} place=${place} onClick=${() => change({ pens: view.pens.filter((one) => one !== pen) })} />`)}</div>
      <${Choice} known=${known} pens=${view.pens} facility=${facility} onChosen=${(name) => change({ pens: [...view.pens, name].slice(0, MOST_PENS) })} />
      <footer>
        <a class="button" download href=${`/api/v1/trends/csv?${csv}`}>${tell("panel.trend.csv")}</a>
        <button onClick=${() => chart.current?.save()}>${tell("panel.trend.png")}</button>
        <${Link} id=${facility.id} view=${view} />
      </footer>
    </section>
    ${view.marks && marks && html`<${Marks} marks=${marks} />`}
  </div>`;
}

const spanWords = (seconds) => (seconds > 86400 ? tell("panel.trend.days", { days: String(seconds / 86400) }) : tell("panel.trend.hours", { hours: String(seconds / 3600) }));

function momentWords(at) {
  const { timezone } = site.value.site;
  return `${dayOfYear(at, timezone)} ${clockTime(at, timezone, true)}`;
}

/** Where a value is, unless the site has one facility with one zone; a setpoint bears the name of what is held to it. */
function placeWords(one) {
  const { facilities } = site.value;
  const facility = facilities.find((other) => other.id === one.facility);
  const kind = one.of !== undefined && tell("panel.setpoint");
  return [facilities.length > 1 && facility && called(facility.name), facility && zoneWord(facility, one.zone), kind].filter(Boolean).join(" · ");
}

function Pen({ name, known, place, onClick }) {
  const now = reading(name);
  return html`<button aria-pressed="true" onClick=${onClick}>
    <${Sample} place=${place} /><span class="name">${called(known.name)}<small>${placeWords(known)}</small></span>
    <span class=${`number ${link.value === "live" && typeof now?.v !== "object" ? "" : "old"}`}>${typeof now?.v === "number" ? quantity(now.v, known.unit) : "—"}</span>
  </button>`;
}

/** All values of the farm, found by name in either language; without a word, those of the facility. */
function Choice({ known, pens, facility, onChosen }) {
  const [wanted, setWanted] = useState("");
  const words = wanted.trim().toLowerCase();
  const all = Object.entries(known).filter(([name, one]) => !pens.includes(name) && (words ? `${name} ${one.name.zh} ${one.name.en} ${placeWords(one)}`.toLowerCase().includes(words) : one.facility === facility.id));
  return html`<label class="field search"><span>${tell("panel.trend.search")}</span><input type="search" value=${wanted} onInput=${(event) => setWanted(event.target.value)} /></label>
    <div class="pens" role="group" aria-label=${tell("panel.trend.choose")}>${all.slice(0, MOST_FOUND).map(([name, one]) => html`<button key=${name} aria-pressed="false" disabled=${pens.length >= MOST_PENS} onClick=${() => onChosen(name)}>
      <${Sample} place=${-1} /><span class="name">${called(one.name)}<small>${placeWords(one)}</small></span></button>`)}</div>
    ${all.length > MOST_FOUND && html`<p class="hint">${tell("panel.trend.more", { count: all.length - MOST_FOUND })}</p>`}
    ${all.length === 0 && html`<p class="empty">${tell("panel.trend.none")}</p>`}`;
}

/** The address of this very picture: fixed in time, so that others see the same. */
function Link({ id, view }) {
  const [copied, setCopied] = useState("");
  const address = `${location.origin}${location.pathname}${addressOf(id, { ...view, to: endOf(view) })}`;
  const copy = () => navigator.clipboard.writeText(address).then(() => setCopied("copied"), () => setCopied("failed"));
  useEffect(() => setCopied(""), [view]);
  return html`<button onClick=${copy}>${tell("panel.trend.link")}</button>
    ${copied === "copied" && html`<span class="hint" role="status">${tell("panel.trend.copied")}</span>`}
    ${copied === "failed" && html`<input class="wide" readonly aria-label=${tell("panel.trend.link")} value=${address} />`}`;
}

function Marks({ marks: { marks, more } }) {
  const words = (one) => (one.kind === "alarm" ? alarmWords({ id: one.what, kind: one.what.includes(":") ? one.what.split(":")[0] : "site", values: one.said }, "cause") : one.kind === "note" ? one.what : deedWords({ what: one.what, place: one.subject, said: one.said }));
  return html`<section class="card wide"><h2>${tell("panel.trend.marks")}</h2>
    ${marks.length === 0 && html`<p class="empty">${tell("panel.trend.quiet")}</p>`}
    <ul class="happened">${marks.slice(-MOST_LISTED).reverse().map((one, place) => html`<li key=${place}><time>${momentWords(one.at)}</time>
      ${one.kind === "alarm" ? html`<${AlarmMark} priority=${one.priority} />` : html`<span class="tag-mark">${tell(one.kind === "note" ? "panel.trend.note" : "panel.trend.deed")}</span>`}<span>${words(one)}${one.who && html`<small class="soft"> ${one.who}</small>`}</span></li>`)}</ul>
    ${(more || marks.length > MOST_LISTED) && html`<p class="hint">${tell("panel.trend.marks.more")}</p>`}
  </section>`;
}

