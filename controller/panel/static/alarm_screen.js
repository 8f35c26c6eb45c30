// The alarms: what asks for something, what was set aside and until when, what there was, and whether they are any good.

import { Left } from "./ages.js";
import { Back, SetAside, TakeOutAny, reviewWords } from "./alarm_aside.js";
import { Sent } from "./alarm_sent.js";
import { AlarmAdvice, AcknowledgeAll, alarmWords, placeOfAlarm, ranked, standing } from "./alarms.js";
import { alarms, farmNow, site } from "./farm.js";
import { html } from "./html.js";
import { AlarmMark } from "./marks.js";
import { clockTime, dayOfYear } from "./numbers.js";
import { useOlder } from "./older.js";
import { usePolled } from "./polled.js";
import { Siren } from "./siren.js";
import { useState } from "./vendor/preact_hooks.js";
import { tell } from "./words.js";

const PARTS = ["", "aside", "history", "sent", "figures"];
const DAYS = [1, 7, 30];
const SIREN_MS = 5000;
const HISTORY_MS = 30000;
const FIGURES_MS = 60000;
const MOST_ROWS = 100;

export function Alarms({ id }) {
  const part = PARTS.includes(id) ? id : "";
  return html`<div class="screen alarms">
    <h1>${tell("panel.alarms")}</h1>
    <nav class="pick" aria-label=${tell("panel.alarms")}>${PARTS.map((one) => html`<a key=${one} class="button" href=${`#/alarms${one && `/${one}`}`} aria-current=${part === one ? "page" : undefined}>${tell(`panel.alarms.part.${one || "active"}`)}</a>`)}</nav>
    ${{ "": () => html`<${Active} />`, aside: () => html`<${Aside} />`, history: () => html`<${History} />`, sent: () => html`<${Sent} />`, figures: () => html`<${Figures} />` }[part]()}
  </div>`;
}

function Active() {
  const found = standing();
  const { news: siren, problem, ask } = usePolled("siren", SIREN_MS);
  // together: what stands below the siren does not move under a finger because that is heard of later
  if (!siren && !problem) return null;
  const explained = (alarm) => alarms.value.filter((one) => one.state === "suppressed" && one.parent === alarm.id);
  return html`${siren?.output && html`<${Siren} siren=${siren} ask=${ask} />`}
    ${found.length === 0 && html`<p class="empty">${tell("panel.alarms.none")}</p>`}
    <${AcknowledgeAll} />
    <ul class="advices">${found.map((alarm) => html`<${AlarmAdvice} key=${alarm.id} alarm=${alarm}>
      ${explained(alarm).length > 0 && html`<details><summary>${tell("panel.alarms.explains", { count: explained(alarm).length })}</summary>
        <ul>${explained(alarm).map((one) => html`<li key=${one.id}>${alarmWords(one, "cause")}</li>`)}</ul></details>`}
      <${SetAside} alarm=${alarm} />
    </${AlarmAdvice}>`)}</ul>`;
}

/** What nobody is asked about: shelved, out of service, or explained by another. */
function Aside() {
  const found = ranked(alarms.value.filter((one) => ["shelved", "out_of_service", "suppressed"].includes(one.state)));
  return html`<${TakeOutAny} />
    ${found.length === 0 && html`<p class="empty">${tell("panel.alarms.aside.none")}</p>`}
    <ul class="advices">${found.map((alarm) => html`<li key=${alarm.id} class="advice aside"><${AlarmMark} priority=${alarm.priority} />
    <div><p class="cause"><em class="slot">${tell(`panel.alarm.state.${alarm.state}`)}</em>${[placeOfAlarm(alarm), alarmWords(alarm, "cause")].filter(Boolean).join(" · ")}</p>
      <p class="age">${tell(alarm.active ? "panel.alarm.active" : "panel.alarm.over")}${alarm.until !== null && html` · ${alarm.state === "out_of_service" && `${tell("panel.alarm.review", { until: reviewWords(alarm.until) })} · `}<${Left} until=${alarm.until} />`}</p>
      ${alarm.parent && html`<p>${tell("panel.alarm.because", { alarm: parentWords(alarm.parent) })}</p>`}
      <${Back} alarm=${alarm} />
    </div></li>`)}</ul>`;
}

function parentWords(id) {
  const parent = alarms.value.find((one) => one.id === id);
  return parent ? alarmWords(parent, "cause") : id;
}

/** Cause of an alarm that need not stand any more, nor be in the site any more. */
function causeWords(id) {
  const there = alarms.value.find((one) => one.id === id);
  if (there || site.value.alarms[id]) return alarmWords(there ?? { id, kind: "site", values: {} }, "cause");
  const at = id.lastIndexOf(":");
  const values = Object.fromEntries(["tag", "output"].map((place) => [place, id.slice(at + 1)]));
  return at < 0 ? id : alarmWords({ id, kind: id.slice(0, at), values }, "cause");
}

function DayPick({ days, setDays }) {
  return html`<div class="pick" role="group" aria-label=${tell("panel.trend.span")}>${DAYS.map((one) => html`<button key=${one} type="button" aria-pressed=${days === one} onClick=${() => setDays(one)}>${tell("panel.trend.days", { days: one })}</button>`)}</div>`;
}

function History() {
  const ago = (days) => farmNow.peek() - days * 86400000;
  const [days, setDays] = useState(1);
  const [begin, setBegin] = useState(() => ago(1));
  const path = `alarms/journal?order=newest&most=${MOST_ROWS}&from=${encodeURIComponent(new Date(begin).toISOString())}`;
  const { news, problem, rows, older } = useOlder(path, "changes", HISTORY_MS, (one) => `${one.time_s} ${one.id} ${one.event}`);
  const { timezone } = site.value.site;
  const choose = (one) => {
    setDays(one);
    setBegin(ago(one));
  };
  return html`<${DayPick} days=${days} setDays=${choose} />
    ${problem && html`<p class="notice bad" role="alert">${tell(problem.key, problem.values)}</p>`}
    ${news && rows.length === 0 && html`<p class="empty">${tell("panel.alarms.history.none")}</p>`}
    ${rows.length > 0 && html`<div class="scroll" tabindex="0" role="region" aria-label=${tell("panel.alarms.part.history")}><table class="table">
      <thead><tr>${["time", "alarm", "event", "by"].map((one) => html`<th key=${one} scope="col">${tell(`panel.alarms.column.${one}`)}</th>`)}</tr></thead>
      <tbody>${rows.map((one) => html`<tr key=${`${one.time_s} ${one.id} ${one.event}`}>
        <td>${dayOfYear(one.time_s * 1000, timezone)} ${clockTime(one.time_s * 1000, timezone, true)}</td>
        <td><span class="count"><${AlarmMark} priority=${one.priority} />${[placeOfAlarm(one), causeWords(one.id)].filter(Boolean).join(" · ")}</span></td>
        <td>${tell(`panel.alarms.event.${one.event}`)}${one.reason && ` · ${one.reason}`}</td><td>${one.by}</td></tr>`)}</tbody>
    </table></div>`}
    ${older}`;
}

/** Whether the alarms are any good, against what EEMUA 191 and ISA-18.2 hold for bearable. */
function Figures() {
  const [days, setDays] = useState(7);
  const { news, problem } = usePolled(`alarms/kpi?days=${days}`, FIGURES_MS);
  const percent = (share) => `${(100 * share).toFixed(1)} %`;
  const minutes = (seconds) => tell("panel.minutes", { count: (seconds / 60).toFixed(1) });
  const facts = news && [
    ["raised", String(news.raised)], ["per_day", news.per_day.toFixed(1)], ["per_ten_minutes", news.per_ten_minutes.toFixed(3)],
    ["most", String(news.most_in_ten_minutes)], ["flooded", percent(news.flooded_share)], ["never", String(news.never_acknowledged)],
    ...Object.entries(news.acknowledged_after_s).map(([priority, seconds]) => ["seen", minutes(seconds), tell(`panel.priority.${priority}`)]),
  ];
  const names = (title, ids) => ids.length > 0 && html`<section class="card"><h2>${tell(title)}</h2><ul>${ids.map((one) => html`<li key=${one}>${causeWords(one)}</li>`)}</ul></section>`;
  return html`<${DayPick} days=${days} setDays=${setDays} />
    ${problem && html`<p class="notice bad" role="alert">${tell(problem.key, problem.values)}</p>`}
    ${news && html`<div class="cards">
      <section class="card"><h2>${tell("panel.alarms.part.figures")}</h2><dl class="facts">${facts.map(([key, value, of]) => html`<div key=${`${key}${of}`}><dt>${tell(`panel.alarms.kpi.${key}`)}${of && ` (${of})`}</dt><dd>${value}</dd></div>`)}</dl></section>
      ${news.top.length > 0 && html`<section class="card"><h2>${tell("panel.alarms.kpi.top")}</h2><dl class="facts">${news.top.map((one) => html`<div key=${one.id}><dt>${causeWords(one.id)}</dt><dd>${one.count} · ${percent(one.share)}</dd></div>`)}</dl></section>`}
      ${names("panel.alarms.kpi.chattering", news.chattering)}${names("panel.alarms.kpi.stale", news.stale)}
    </div>`}`;
}
