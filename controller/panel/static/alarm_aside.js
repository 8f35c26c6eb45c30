// An alarm is set aside for some hours, or taken out of service until it is looked at again; each with a reason.

import { Deal, Opener } from "./deal.js";
import { alarms, farmNow, site } from "./farm.js";
import { html } from "./html.js";
import { clockTime, dayOfYear } from "./numbers.js";
import { ranks } from "./screens.js";
import { post } from "./server.js";
import { useState } from "./vendor/preact_hooks.js";
import { called, tell } from "./words.js";

const DAY = 24;
/** Hours for which an alarm may be shelved, by how urgent it is (a critical one never), and be out of service. */
const SHELVED = { critical: [], high: [0.5, 1], medium: [1, 4, 8], low: [1, 4, 8] };
const OUT = { critical: [2, 8], high: [8, DAY, 7 * DAY], medium: [DAY, 7 * DAY, 30 * DAY], low: [DAY, 7 * DAY, 30 * DAY] };

/** What may be done to an alarm beside seeing it. */
export function SetAside({ alarm }) {
  return html`<div class="pick">
    ${ranks("operator") && SHELVED[alarm.priority].length > 0 && html`<${Opener} label=${tell("panel.alarm.shelve")}
      form=${(close) => html`<${AsideForm} subject=${alarm.id} action="shelve" choices=${SHELVED[alarm.priority]} onClose=${close} />`} />`}
    ${ranks("technician") && html`<${Opener} label=${tell("panel.alarm.take_out")}
      form=${(close) => html`<${AsideForm} subject=${alarm.id} action="take_out" choices=${OUT[alarm.priority]} onClose=${close} />`} />`}
  </div>`;
}

/** Any alarm of the site, before somebody works on what it watches. */
export function TakeOutAny() {
  if (!ranks("technician")) return null;
  return html`<div class="pick"><${Opener} label=${tell("panel.alarm.take_out.any")} form=${(close) => html`<${AnyForm} onClose=${close} />`} /></div>`;
}

function AnyForm({ onClose }) {
  const [subject, setSubject] = useState("");
  const out = alarms.value.filter((one) => one.state === "out_of_service").map((one) => one.id);
  const rest = Object.entries(site.value.alarms).filter(([id]) => !out.includes(id));
  return html`<div class="any"><label class="field"><span>${tell("panel.alarm.take_out.which")}</span><select value=${subject} onChange=${(event) => setSubject(event.target.value)}>
      <option value=""></option>${rest.map(([id, one]) => html`<option key=${id} value=${id}>${called(one.cause)} (${id})</option>`)}</select></label>
    ${subject && html`<${AsideForm} key=${subject} subject=${subject} action="take_out" choices=${OUT[site.value.alarms[subject].priority]} onClose=${onClose} />`}</div>`;
}

const lasting = (hours) => (hours < DAY ? tell("panel.hours", { count: hours }) : tell("panel.trend.days", { days: hours / DAY }));

/** Until when, as a day and a time. */
export const reviewWords = (at) => `${dayOfYear(at, site.value.site.timezone)} ${clockTime(at, site.value.site.timezone)}`;

function AsideForm({ subject, action, choices, onClose }) {
  const [reason, setReason] = useState("");
  const [hours, setHours] = useState(choices[0]);
  const told = {
    shelve: (change) => tell("panel.alarm.shelve.told", change),
    take_out: (change) => tell("panel.alarm.take_out.told", { until: reviewWords(farmNow.value + change.hours * 3600000), reason: change.reason }),
  };
  return html`<${Deal} onClose=${onClose}
    send=${(id, change) => post("alarms", { change_id: id, action, subject, ...change })}
    told=${(change) => html`<p>${told[action](change)}</p>`}
    choose=${(review, live) => html`
      <div class="pick">${choices.map((one) => html`<button key=${one} type="button" aria-pressed=${hours === one} onClick=${() => setHours(one)}>${lasting(one)}</button>`)}</div>
      <label class="field"><span>${tell(action === "shelve" ? "panel.alarm.shelve.reason" : "panel.alarm.take_out.reason")}</span><input maxlength="200" value=${reason} onInput=${(event) => setReason(event.target.value)} /></label>
      <div class="choices">
        <button type="button" onClick=${onClose}>${tell("panel.cancel")}</button>
        <button type="button" class="strong" disabled=${!live || !reason.trim()} onClick=${() => review({ hours, reason: reason.trim() })}>${tell("panel.setpoint.review")}</button>
      </div>`} />`;
}

/** Back among those that are told of. */
export function Back({ alarm }) {
  if (!ranks("operator") || !["shelved", "out_of_service"].includes(alarm.state)) return null;
  const action = alarm.state === "shelved" ? "unshelve" : "put_back";
  return html`<${Opener} label=${tell(action === "unshelve" ? "panel.alarm.unshelve" : "panel.alarm.put_back")} form=${(close) => html`<${Deal} onClose=${close}
    send=${(id) => post("alarms", { change_id: id, action, subject: alarm.id })}
    told=${() => html`<p>${tell("panel.alarm.unshelve.told")}</p>`}
    choose=${(review, live) => html`<div class="choices"><button type="button" onClick=${close}>${tell("panel.cancel")}</button>
      <button type="button" class="strong" disabled=${!live} onClick=${() => review({})}>${tell("panel.setpoint.review")}</button></div>`} />`} />`;
}
