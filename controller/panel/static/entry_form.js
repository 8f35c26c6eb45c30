// Entering one value, or putting one right: looked at before it is sent, shown once the farm has it on its disk.

import { Deal } from "./deal.js";
import { site } from "./farm.js";
import { html } from "./html.js";
import { usePolled } from "./polled.js";
import { post } from "./server.js";
import { session } from "./session.js";
import { fromShown, shownIn, toShown } from "./units.js";
import { useState } from "./vendor/preact_hooks.js";
import { called, quantity, tell, unitWord } from "./words.js";

const EVERY_MS = 1000;

/** A number with or without a unit, as the server reads it too. */
const isNumber = (text) => /^[-+\u2212]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*([^\d\s].*)?$/i.test(text.trim().replace(",", "."));
const plain = (text) => text.trim().replace(",", ".").replace("\u2212", "-");

/** A number without a unit, or with the one that is shown; null where another unit stands with it. */
function bare(text, unit) {
  const word = unitWord(unit);
  const number = plain(word && text.trim().endsWith(word) ? text.trim().slice(0, -word.length) : text);
  return number === "" || Number.isNaN(Number(number)) ? null : Number(number);
}

/** What was typed, as the farm reads it: a number without a unit is in the tag's own. */
function inFarmUnit(text, unit) {
  const value = bare(text, unit);
  return value === null || shownIn(unit) === unit ? plain(text) : String(fromShown(value, unit));
}

/** `2026-02-02T10:40` at the site. */
function local(milliseconds, timezone) {
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone: timezone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  return format.format(milliseconds).replace(" ", "T");
}

/** What was sent stands once the list of entries has it. */
function useEcho(tag) {
  const { news } = usePolled(`entries?tag=${tag}&most=5`, EVERY_MS);
  return (change) => Boolean(change.sent) && (news?.entries ?? []).some((one) => one.id === change.sent);
}

const sender = (tag, body) => (id, change) => {
  change.sent = id;
  return post("entries", { change_id: id, tag, ...body(change) });
};

const Taken = ({ onClose }) => html`<p class="notice good" role="status">${tell("panel.entries.taken")}</p>
  <div class="choices"><button type="button" onClick=${onClose}>${tell("panel.close")}</button></div>`;

export function EntryForm({ tag, wrong = null, onClose }) {
  const known = site.value.tags[tag];
  const { timezone } = site.value.site;
  const isText = known.unit === "text";
  const [form, setForm] = useState({ value: wrong ? (isText ? wrong.value : String(Number(toShown(wrong.value, known.unit).toPrecision(12)))) : "", time: wrong ? local(wrong.time, timezone) : "", who: wrong?.who ?? "", method: wrong?.method ?? "", note: "" });
  const echoed = useEcho(tag);
  const set = (name) => (event) => setForm({ ...form, [name]: event.target.value });
  const given = isText ? form.value.trim() !== "" : isNumber(form.value);
  const line = (name, label, more = {}) => html`<label class="field"><span>${tell(label)}</span><input autocomplete="off" maxlength="100" value=${form[name]} onInput=${set(name)} ...${more} /></label>`;
  const valueField = () =>
    known.choices.length
      ? html`<label class="field"><span>${tell("panel.entries.text")}</span><select value=${form.value} onChange=${set("value")}><option value=""></option>${known.choices.map((one) => html`<option key=${one} value=${one}>${one}</option>`)}</select></label>`
      : html`<label class="field"><span>${isText ? tell("panel.entries.text") : tell("panel.entries.value", { unit: unitWord(known.unit) })}</span><input autocomplete="off" maxlength="500" inputmode=${isText ? "text" : "decimal"} value=${form.value} onInput=${set("value")} /></label>`;
  const range = !known.amount && known.low !== null && known.high !== null ? ` ${tell("panel.entries.between", { low: quantity(known.low, known.unit), high: quantity(known.high, known.unit) })}` : "";
  return html`<${Deal}
    choose=${(review, live) => html`<div class="fields">${valueField()}
        <label class="field"><span>${tell("panel.entries.sampled")}</span><input type="datetime-local" value=${form.time} onInput=${set("time")} /><small class="soft">${tell("panel.entries.sampled.now")}</small></label>
        ${line("who", "panel.entries.who", { placeholder: session.value.who })}${line("method", "panel.entries.method")}${line("note", "panel.entries.note", { maxlength: "500" })}</div>
      ${!isText && html`<p class="hint">${tell("panel.entries.number")}${range}</p>`}
      <div class="choices"><button type="button" onClick=${onClose}>${tell("panel.cancel")}</button>
        <button type="button" class="strong" disabled=${!live || !given} onClick=${() => review({ ...form })}>${tell("panel.setpoint.review")}</button></div>`}
    told=${(one) => html`<p class="old-new">${wrong && html`<span>${quantity(wrong.value, known.unit)}</span><span aria-hidden="true">→</span>`}<b>${given && !isText && bare(one.value, known.unit) !== null ? `${bare(one.value, known.unit)} ${unitWord(known.unit)}` : one.value}</b></p>
      <p class="hint">${tell("panel.entries.told", { value: called(known.name), time: one.time.replace("T", " ") || tell("panel.entries.now"), who: one.who.trim() || session.value.who })}</p>`}
    send=${sender(tag, (one) => ({ value: isText ? one.value : inFarmUnit(one.value, known.unit), ...(one.time ? { time: one.time } : {}), who: one.who, method: one.method, note: one.note, ...(wrong ? { corrects: wrong.id } : {}) }))}
    echoed=${echoed} taken=${() => html`<${Taken} onClose=${onClose} />`} unit=${known.unit} onClose=${onClose} />`;
}

export function WithdrawForm({ tag, wrong, onClose }) {
  const known = site.value.tags[tag];
  const [note, setNote] = useState("");
  const echoed = useEcho(tag);
  return html`<${Deal}
    choose=${(review, live) => html`<label class="field"><span>${tell("panel.entries.why")}</span><input autocomplete="off" maxlength="500" value=${note} onInput=${(event) => setNote(event.target.value)} /></label>
      <div class="choices"><button type="button" onClick=${onClose}>${tell("panel.cancel")}</button>
        <button type="button" class="strong" disabled=${!live || note.trim() === ""} onClick=${() => review({ note })}>${tell("panel.setpoint.review")}</button></div>`}
    told=${() => html`<p class="old-new"><span>${quantity(wrong.value, known.unit)}</span><span aria-hidden="true">→</span><b>${tell("panel.entries.withdrawn")}</b></p>`}
    send=${sender(tag, (one) => ({ value: null, note: one.note, corrects: wrong.id }))}
    echoed=${echoed} taken=${() => html`<${Taken} onClose=${onClose} />`} onClose=${onClose} />`;
}
