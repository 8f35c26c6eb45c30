// Hands on an output: off, on or a share by hand for a time that ends by itself, automatic again, or locked out.

import { Deal, Opener } from "./deal.js";
import { farmNow, order, site } from "./farm.js";
import { html } from "./html.js";
import { Laid, hear, laidOn, locksOn, look } from "./laid.js";
import { clockTime, typed } from "./numbers.js";
import { NumberPad } from "./pad.js";
import { ranks } from "./screens.js";
import { put, remove } from "./server.js";
import { session } from "./session.js";
import { useState } from "./vendor/preact_hooks.js";
import { called, tell } from "./words.js";

const HOURS = [0.25, 1, 4];
const DAY_MINUTES = 1440;
const SWITCHED = ["on_off", "pulse", "heartbeat"];

export function HandControl({ name }) {
  const locks = locksOn(name);
  const byHand = laidOn(name, "hand");
  const may = ranks("operator");
  const marks = locks.length || !byHand ? locks : [byHand];
  if (!may && !marks.length) return null;
  return html`<div class="hand">
    ${marks.map((mark) => html`<p key=${mark.subject}><${Laid} mark=${mark} /></p>`)}
    ${may && html`<div class="pick">
      ${!locks.length && html`<${Opener} label=${tell(byHand ? "panel.hand.change" : "panel.hand")} form=${(close) => html`<${HandForm} name=${name} byHand=${byHand !== null} onClose=${close} />`} />`}
      ${locks.map((mark) => (mark.by === session.value.who || ranks("technician")) && html`<${Opener} key=${mark.subject} label=${tell("panel.lock.end")} form=${(close) => html`<${UnlockForm} mark=${mark} onClose=${close} />`} />`)}
      ${!locks.some((mark) => mark.subject === name) && html`<${Opener} label=${tell("panel.lock")} form=${(close) => html`<${LockForm} name=${name} onClose=${close} />`} />`}
    </div>`}
  </div>`;
}

const positionWords = (position) => (position === null ? tell("panel.hand.auto") : position === 100 ? tell("panel.on") : position === 0 ? tell("panel.off") : `${position} %`);

/** "15 min", "4 h". */
export const hoursWords = (hours) => (hours < 1 ? tell("panel.minutes", { count: Math.round(hours * 60) }) : tell("panel.hours", { count: Math.round(hours * 10) / 10 }));

/** Hours from now until a time of day at the site. */
function hoursUntil(time) {
  const minutes = (text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));
  const left = minutes(time) - minutes(clockTime(farmNow.value, site.value.site.timezone));
  return (left <= 0 ? left + DAY_MINUTES : left) / 60;
}

function HandForm({ name, byHand, onClose }) {
  const known = site.value.outputs[name];
  const [text, setText] = useState(String(Math.round(order(name)?.value ?? 0)));
  const [hours, setHours] = useState(1);
  const [until, setUntil] = useState("");
  const share = typed(text);
  const lasting = until ? hoursUntil(until) : hours;
  const steps = (direction) => setText(String(Math.min(100, Math.max(0, Math.round((Number.isNaN(share) ? 0 : share) / 5) * 5 + 5 * direction))));
  const ends = (change) => clockTime(farmNow.value + change.hours * 3600000, site.value.site.timezone);
  return html`<${Deal} onClose=${onClose}
    version=${laidOn(name, "hand")?.since ?? "none"} refresh=${look}
    send=${(id, change, seen) => put(`hands/${name}`, { change_id: id, position: change.position, hours: change.hours }, seen).then(hear)}
    told=${(change) => html`<p class="old-new"><span>${called(known.name)}: ${positionWords(Math.round(order(name)?.value ?? 0))}</span><span aria-hidden="true">→</span><b>${positionWords(change.position)}</b></p>
      <p class="hint">${change.position === null ? tell("panel.hand.given_back") : tell("panel.hand.ends", { hours: hoursWords(change.hours), at: ends(change) })}</p>`}
    choose=${(review, live) => html`
      <fieldset class="lasting"><legend>${tell("panel.hand.how_long")}</legend><div class="pick">
        ${HOURS.map((one) => html`<button key=${one} type="button" aria-pressed=${!until && hours === one} onClick=${() => { setHours(one); setUntil(""); }}>${hoursWords(one)}</button>`)}
        <label class="until"><span>${tell("panel.hand.until")}</span><input type="time" value=${until} onInput=${(event) => setUntil(event.target.value)} /></label>
      </div></fieldset>
      ${!SWITCHED.includes(known.type) && html`<${NumberPad} text=${text} setText=${setText} nudge=${steps} label=${called(known.name)} unit="%" />`}
      <div class="choices">
        ${byHand && html`<button type="button" class="strong" disabled=${!live} onClick=${() => review({ position: null, hours: lasting })}>${tell("panel.hand.auto")}</button>`}
        <button type="button" disabled=${!live} onClick=${() => review({ position: 0, hours: lasting })}>${tell("panel.off")}</button>
        <button type="button" disabled=${!live} onClick=${() => review({ position: 100, hours: lasting })}>${tell("panel.on")}</button>
        ${!SWITCHED.includes(known.type) && html`<button type="button" disabled=${!live || !(share >= 0 && share <= 100)} onClick=${() => review({ position: share, hours: lasting })}>${tell("panel.hand.share", { share: Number.isNaN(share) ? "–" : share })}</button>`}
      </div>
      <div class="choices"><button type="button" onClick=${onClose}>${tell("panel.cancel")}</button></div>`} />`;
}

/** Somebody's hands are in the machine: nothing starts it, and only the one who locked it takes the lock off. */
function LockForm({ name, onClose }) {
  const known = site.value.outputs[name];
  const [note, setNote] = useState("");
  const [statement, setStatement] = useState("");
  const complete = !known.life_support || statement.trim() !== "";
  return html`<${Deal} onClose=${onClose}
    send=${(id, change) => put(`lock-outs/${name}`, { change_id: id, ...change }).then(hear)}
    told=${() => html`<p class="old-new"><span>${called(known.name)}</span><span aria-hidden="true">→</span><b>${tell("panel.slot.lock_out")}</b></p>`}
    choose=${(review, live) => html`
      <p class="hint">${tell("panel.lock.what")}</p>
      <label class="field"><span>${tell("panel.lock.note")}</span><input maxlength="200" value=${note} onInput=${(event) => setNote(event.target.value)} /></label>
      ${known.life_support && html`<label class="field"><span>${tell("panel.lock.statement")}</span><input maxlength="200" value=${statement} onInput=${(event) => setStatement(event.target.value)} /></label>`}
      <div class="choices">
        <button type="button" onClick=${onClose}>${tell("panel.cancel")}</button>
        <button type="button" class="strong" disabled=${!live || !complete} onClick=${() => review({ note: note.trim(), statement: statement.trim() })}>${tell("panel.setpoint.review")}</button>
      </div>`} />`;
}

function UnlockForm({ mark, onClose }) {
  const own = mark.by === session.value.who;
  const names = (site.value.devices[mark.subject]?.outputs ?? [mark.subject]).map((one) => called(site.value.outputs[one].name));
  const path = own ? "lock-outs" : "lock-outs-of-others";
  return html`<${Deal} onClose=${onClose}
    send=${(id) => remove(`${path}/${mark.subject}?change_id=${id}`).then(hear)}
    told=${() => html`<p class="old-new"><span>${names.join(" · ")}</span><span aria-hidden="true">→</span><b>${tell("panel.hand.auto")}</b></p>`}
    choose=${(review, live) => html`
      <p class="hint">${own ? tell("panel.lock.own") : tell("panel.lock.others", { by: mark.by })}</p>
      <div class="choices">
        <button type="button" onClick=${onClose}>${tell("panel.cancel")}</button>
        <button type="button" class="strong" disabled=${!live} onClick=${() => review({})}>${tell("panel.setpoint.review")}</button>
      </div>`} />`;
}
