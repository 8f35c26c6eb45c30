// Alarms: which are there, how bad, since when, and what to do.

import { Age } from "./ages.js";
import { alarms, site } from "./farm.js";
import { html } from "./html.js";
import { AlarmMark } from "./marks.js";
import { alarmPlace, placeWord } from "./places.js";
import { ranks } from "./screens.js";
import { changeId, post, put } from "./server.js";
import { useState } from "./vendor/preact_hooks.js";
import { called, sentence, tell } from "./words.js";

const ASIDE = ["suppressed", "shelved", "out_of_service"];
const PRIORITIES = ["critical", "high", "medium", "low"];

/** Those to show of one facility (of all if none is named), ranked. */
export function standing(facility = null) {
  return ranked(alarms.value.filter((one) => one.shown && (facility === null || one.facility === facility)));
}

/** The worst first and the newest of equals first. */
export const ranked = (found) => [...found].sort((a, b) => PRIORITIES.indexOf(a.priority) - PRIORITIES.indexOf(b.priority) || b.since - a.since);

/** How many a flood hides: of those that ask for something; what is explained or set aside is not hidden by it. */
function hiddenCount() {
  return alarms.value.filter((one) => !one.shown && !ASIDE.includes(one.state)).length;
}

/** What an alarm says: its cause, consequence or response. */
export function alarmWords(alarm, part) {
  const own = site.value.alarms[alarm.id];
  if (own) return sentence(own[part], alarm.values);
  const { tags, outputs, loops, names } = site.value;
  const waits = alarm.values.reset;
  const subject = tags[alarm.values.tag] ?? outputs[alarm.values.output] ?? (loops[waits] && { name: loops[waits].name }) ?? (names[waits] && { name: names[waits] }) ?? ["sequence", "rule", "interlock"].map((one) => names[alarm.values[one]]).filter(Boolean).map((name) => ({ name }))[0];
  const values = { ...alarm.values, name: subject ? called(subject.name) : alarm.id };
  if (alarm.values.reason) values.reason = tell(`reason.${alarm.values.reason}`);
  if (alarm.kind === "fouled") values.why = tell(`fouled.${alarm.values.why}`);
  if (alarm.kind === "sequence") values.why = tell(`abort.${alarm.values.why}`);
  return tell(`alarm.${alarm.kind}.${part}`, values);
}

/** "RAS 1 · Tank 2": where it is; nothing of the controller itself. */
export function placeOfAlarm({ id }) {
  const { facility, zone } = alarmPlace({ id });
  const found = site.value.facilities.find((one) => one.id === facility);
  return found ? placeWord(found, found.zones.includes(zone) ? zone : "all") : "";
}

/** One line: sign, cause, age. */
export function AlarmLine({ alarm }) {
  return html`<span class="alarm-line">
    <${AlarmMark} priority=${alarm.priority} /><span>${alarmWords(alarm, "cause")}</span>
    <span class="age"><${Age} since=${alarm.since} /></span>
  </span>`;
}

/** "oxygen gone in about 11 min"; nothing where that is not known. */
function damageWords({ damage, damage_s: seconds }) {
  if (!damage || typeof seconds !== "number") return "";
  const minutes = Math.round(seconds / 60);
  return tell(minutes < 1 ? `alarm.damage.${damage}.now` : `alarm.damage.${damage}`, { minutes });
}

/** The limit that it watches, with names in place of ids; nothing for what the controller raises by itself. */
function limitWords(alarm) {
  const when = site.value.alarms[alarm.id]?.when;
  if (!when) return "";
  const { tags, setpoints, outputs } = site.value;
  return when.replaceAll("'", "").replace(/[a-z]\w*(?:\.[a-z]\w*){2}/g, (name) => {
    const found = tags[name] ?? setpoints[name] ?? outputs[name];
    return found ? called(found.name) : name;
  });
}

/** The whole of it, for whoever has to act. */
export function AlarmAdvice({ alarm, children }) {
  const damage = damageWords(alarm.values);
  const limit = limitWords(alarm);
  const place = placeOfAlarm(alarm);
  return html`<li class=${`advice ${alarm.priority} ${alarm.state}`}>
    <${AlarmMark} priority=${alarm.priority} />
    <div>
      <p class="cause"><em class="slot">${tell(`panel.priority.${alarm.priority}`)}</em>${place && html`<span class="place">${place} · </span>`}${alarmWords(alarm, "cause")} <span class="age"><${Age} since=${alarm.since} /></span></p>
      ${alarm.first_out && html`<p><em class="slot manual">${tell("panel.alarm.first_out")}</em></p>`}
      <p>${alarmWords(alarm, "consequence")}${damage && html` <b>${damage}</b>`}</p>
      ${limit && html`<p class="age limit">${tell("panel.alarm.limit", { limit })}</p>`}
      <p class="response"><b>${tell("panel.alarm.do")}</b> ${alarmWords(alarm, "response")}</p>
      ${alarm.acknowledged_by && html`<p class="age">${tell("panel.alarm.acknowledged", { by: alarm.acknowledged_by })}</p>`}
      ${["unacknowledged", "returned"].includes(alarm.state) && html`<${AcknowledgeButton} id=${alarm.id} />`}
      ${alarm.values.reset && alarm.active && html`<${ResetButton} name=${alarm.values.reset} />`}
      ${!alarm.active && html`<p class="over">${tell("panel.alarm.over")}</p>`}
      ${children}
    </div>
  </li>`;
}

/** Says that somebody has seen all of them; nothing where nobody is asked to. */
export function AcknowledgeAll() {
  const waiting = standing().filter((one) => ["unacknowledged", "returned"].includes(one.state));
  return waiting.length > 1 && html`<${AcknowledgeButton} scope="all" />`;
}

/** Says that somebody has seen it; mends and resets nothing. */
function AcknowledgeButton({ id = "", scope = "one" }) {
  const [deal, setDeal] = useState({ stage: "rest" });
  if (!ranks("operator")) return null;
  async function send() {
    setDeal({ stage: "pending" });
    try {
      await post("alarms", { change_id: changeId(), action: "acknowledge", subject: id, scope });
      setDeal({ stage: "rest" });
    } catch (problem) {
      setDeal({ stage: "refused", problem });
    }
  }
  return html`<div class="choices">
    <button type="button" disabled=${deal.stage === "pending"} onClick=${send}>${tell(scope === "all" ? "panel.alarm.acknowledge.all" : "panel.alarm.acknowledge")}</button>
    ${deal.stage === "refused" && html`<p class="notice bad" role="alert">${tell(deal.problem.key, deal.problem.values)}</p>`}
  </div>`;
}

/** Asked for, then confirmed: what was shut is opened again only by somebody who has looked. */
function ResetButton({ name }) {
  const [deal, setDeal] = useState({ stage: "rest" });
  if (!ranks("operator")) return null;
  async function send(id) {
    setDeal({ stage: "pending" });
    try {
      await put(`resets/${name}`, { change_id: id });
    } catch (problem) {
      setDeal({ stage: "refused", problem });
    }
  }
  if (deal.stage === "pending") return html`<p class="notice" role="status">${tell("panel.setpoint.pending")}</p>`;
  return html`<div class="choices">
    ${deal.stage === "confirm" && html`<button type="button" class="strong confirm" onClick=${() => send(changeId())}>${tell("panel.reset.confirm")}</button>`}
    <button type="button" onClick=${() => setDeal({ stage: deal.stage === "confirm" ? "rest" : "confirm" })}>${tell(deal.stage === "confirm" ? "panel.cancel" : "panel.reset")}</button>
    ${deal.stage === "refused" && html`<p class="notice bad" role="alert">${tell(deal.problem.key, deal.problem.values)}</p>`}
  </div>`;
}

/** The strip under the header: how many of each priority, said aloud when it changes. */
export function AlarmStrip() {
  const all = standing();
  const hidden = hiddenCount();
  const counts = PRIORITIES.map((priority) => [priority, all.filter((one) => one.priority === priority).length]).filter(([, count]) => count > 0);
  return html`<div class=${`strip ${all.length ? "some" : "none"}`} role="status" aria-live="assertive">
    ${all.length === 0
      ? tell("panel.alarms.none")
      : counts.map(([priority, count]) => html`<span class="count"><${AlarmMark} priority=${priority} />${count} ${tell(`panel.priority.${priority}`)}</span>`)}
    ${hidden > 0 && html`<span class="flood">${tell("panel.alarms.flood", { count: hidden })}</span>`}
  </div>`;
}
