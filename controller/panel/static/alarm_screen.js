// The alarms: what asks for something, what was set aside and until when, what there was, and whether they are any good.

import { Left } from "./ages.js";
import { AlarmAdvice, AcknowledgeAll, alarmWords, ranked, standing } from "./alarms.js";
import { Deal, Opener } from "./deal.js";
import { alarms, farmNow, site } from "./farm.js";
import { html } from "./html.js";
import { AlarmMark } from "./marks.js";
import { clockTime, dayOfYear } from "./numbers.js";
import { usePolled } from "./polled.js";
import { ranks } from "./screens.js";
import { post } from "./server.js";
import { useState } from "./vendor/preact_hooks.js";
import { tell } from "./words.js";

const PARTS = ["", "aside", "history", "figures"];
const DAYS = [1, 7, 30];
const HISTORY_MS = 30000;
const FIGURES_MS = 60000;
const MOST_ROWS = 200;
/** Hours for which an alarm may be shelved, by how urgent it is: a critical one never. */
const SHELVED = { critical: [], high: [0.5, 1], medium: [1, 4, 8], low: [1, 4, 8] };

export function Alarms({ id }) {
  const part = PARTS.includes(id) ? id : "";
  return html`<div class="screen alarms">
    <h1>${tell("panel.alarms")}</h1>
    <nav class="pick" aria-label=${tell("panel.alarms")}>${PARTS.map((one) => html`<a key=${one} class="button" href=${`#/alarms${one && `/${one}`}`} aria-current=${part === one ? "page" : undefined}>${tell(`panel.alarms.part.${one || "active"}`)}</a>`)}</nav>
    ${{ "": () => html`<${Active} />`, aside: () => html`<${Aside} />`, history: () => html`<${History} />`, figures: () => html`<${Figures} />` }[part]()}
  </div>`;
}

function Active() {
  const found = standing();
  if (found.length === 0) return html`<p class="empty">${tell("panel.alarms.none")}</p>`;
  const explained = (alarm) => alarms.value.filter((one) => one.state === "suppressed" && one.parent === alarm.id);
  return html`<${AcknowledgeAll} />
    <ul class="advices">${found.map((alarm) => html`<${AlarmAdvice} key=${alarm.id} alarm=${alarm}>
      ${explained(alarm).length > 0 && html`<details><summary>${tell("panel.alarms.explains", { count: explained(alarm).length })}</summary>
        <ul>${explained(alarm).map((one) => html`<li key=${one.id}>${alarmWords(one, "cause")}</li>`)}</ul></details>`}
      <${Shelve} alarm=${alarm} />
    </${AlarmAdvice}>`)}</ul>`;
}

/** Set aside for some hours, with a reason. */
function Shelve({ alarm }) {
  const hours = SHELVED[alarm.priority];
  if (!ranks("operator") || hours.length === 0) return null;
  return html`<${Opener} label=${tell("panel.alarm.shelve")} form=${(close) => html`<${ShelveForm} alarm=${alarm} hours=${hours} onClose=${close} />`} />`;
}

function ShelveForm({ alarm, hours, onClose }) {
  const [reason, setReason] = useState("");
  const [lasts, setLasts] = useState(hours[0]);
  return html`<${Deal} onClose=${onClose}
    send=${(id, change) => post("alarms", { change_id: id, action: "shelve", subject: alarm.id, ...change })}
    told=${(change) => html`<p>${tell("panel.alarm.shelve.told", { hours: change.hours, reason: change.reason })}</p>`}
    choose=${(review, live) => html`
      <div class="pick">${hours.map((one) => html`<button key=${one} type="button" aria-pressed=${lasts === one} onClick=${() => setLasts(one)}>${tell("panel.hours", { count: one })}</button>`)}</div>
      <label class="field"><span>${tell("panel.alarm.shelve.reason")}</span><input maxlength="200" value=${reason} onInput=${(event) => setReason(event.target.value)} /></label>
      <div class="choices">
        <button type="button" onClick=${onClose}>${tell("panel.cancel")}</button>
        <button type="button" class="strong" disabled=${!live || !reason.trim()} onClick=${() => review({ hours: lasts, reason: reason.trim() })}>${tell("panel.setpoint.review")}</button>
      </div>`} />`;
}

/** What nobody is asked about: shelved, out of service, or explained by another. */
function Aside() {
  const found = ranked(alarms.value.filter((one) => ["shelved", "out_of_service", "suppressed"].includes(one.state)));
  if (found.length === 0) return html`<p class="empty">${tell("panel.alarms.aside.none")}</p>`;
  return html`<ul class="advices">${found.map((alarm) => html`<li key=${alarm.id} class="advice aside"><${AlarmMark} priority=${alarm.priority} />
    <div><p class="cause"><em class="slot">${tell(`panel.alarm.state.${alarm.state}`)}</em>${alarmWords(alarm, "cause")}</p>
      <p class="age">${tell(alarm.active ? "panel.alarm.active" : "panel.alarm.over")}${alarm.until !== null && html` · <${Left} until=${alarm.until} />`}</p>
      ${alarm.parent && html`<p>${tell("panel.alarm.because", { alarm: parentWords(alarm.parent) })}</p>`}
      ${alarm.state === "shelved" && ranks("operator") && html`<${Opener} label=${tell("panel.alarm.unshelve")} form=${(close) => html`<${Deal} onClose=${close}
        send=${(id) => post("alarms", { change_id: id, action: "unshelve", subject: alarm.id })}
        told=${() => html`<p>${tell("panel.alarm.unshelve.told")}</p>`}
        choose=${(review, live) => html`<div class="choices"><button type="button" onClick=${close}>${tell("panel.cancel")}</button>
          <button type="button" class="strong" disabled=${!live} onClick=${() => review({})}>${tell("panel.setpoint.review")}</button></div>`} />`} />`}
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
  const { news, problem } = usePolled(`alarms/journal?from=${encodeURIComponent(new Date(begin).toISOString())}`, HISTORY_MS);
  const { timezone } = site.value.site;
  const rows = [...(news?.changes ?? [])].reverse();
  const choose = (one) => {
    setDays(one);
    setBegin(ago(one));
  };
  return html`<${DayPick} days=${days} setDays=${choose} />
    ${problem && html`<p class="notice bad" role="alert">${tell(problem.key, problem.values)}</p>`}
    ${news && rows.length === 0 && html`<p class="empty">${tell("panel.alarms.history.none")}</p>`}
    ${rows.length > MOST_ROWS && html`<p class="hint">${tell("panel.alarms.history.newest", { count: MOST_ROWS, all: rows.length })}</p>`}
    ${rows.length > 0 && html`<div class="scroll" tabindex="0" role="region" aria-label=${tell("panel.alarms.part.history")}><table class="table">
      <thead><tr>${["time", "alarm", "event", "by"].map((one) => html`<th key=${one} scope="col">${tell(`panel.alarms.column.${one}`)}</th>`)}</tr></thead>
      <tbody>${rows.slice(0, MOST_ROWS).map((one) => html`<tr key=${`${one.time_s} ${one.id} ${one.event}`}>
        <td>${dayOfYear(one.time_s * 1000, timezone)} ${clockTime(one.time_s * 1000, timezone, true)}</td>
        <td><span class="count"><${AlarmMark} priority=${one.priority} />${causeWords(one.id)}</span></td>
        <td>${tell(`panel.alarms.event.${one.event}`)}${one.reason && ` · ${one.reason}`}</td><td>${one.by}</td></tr>`)}</tbody>
    </table></div>`}`;
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
