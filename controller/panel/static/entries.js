// People's values: what the laboratory found, what was counted, weighed and seen; each with its sampling time and who.

import { EntryForm, WithdrawForm } from "./entry_form.js";
import { farmNow, reading, site } from "./farm.js";
import { html } from "./html.js";
import { clockTime, dayOfYear } from "./numbers.js";
import { useOlder } from "./older.js";
import { zoneWord } from "./places.js";
import { ranks } from "./screens.js";
import { useState } from "./vendor/preact_hooks.js";
import { ageWords, called, quantity, tell } from "./words.js";

const EVERY_MS = 10000;
const MOST = 30;
const GROUPS = [["lab", "panel.entries.lab"], ["manual", "panel.entries.manual"]];

export function Entries() {
  const { tags, facilities } = site.value;
  const there = GROUPS.filter(([group]) => Object.values(tags).some((one) => one.entry === group));
  const [group, setGroup] = useState(there[0]?.[0]);
  if (there.length === 0) return html`<div class="screen"><h1>${tell("panel.entries")}</h1><p class="empty">${tell("panel.entries.none")}</p></div>`;
  const found = facilities.map((facility) => [facility, Object.keys(tags).filter((name) => tags[name].facility === facility.id && tags[name].entry === group)]);
  return html`<div class="screen entries">
    <h1>${tell("panel.entries")}</h1>
    <div class="pick" role="group">${there.map(([one, label]) => html`<button key=${one} aria-pressed=${one === group} onClick=${() => setGroup(one)}>${tell(label)}</button>`)}</div>
    ${found.map(([facility, names]) => names.length > 0 && html`<h2 key=${facility.id}>${called(facility.name)}</h2>
      <ul class="cards">${names.map((name) => html`<${Entered} key=${name} tag=${name} zone=${zoneWord(facility, tags[name].zone)} />`)}</ul>`)}
  </div>`;
}

/** One value: how it stands and how old that is, a form to enter it, and what was entered before. */
function Entered({ tag, zone }) {
  const known = site.value.tags[tag];
  const now = reading(tag);
  const value = now?.v ?? now?.last ?? null;
  const [open, setOpen] = useState(null);
  const toggle = (what) => setOpen(open === what ? null : what);
  const close = () => setOpen(null);
  return html`<li class="card">
    <header><h2>${called(known.name)}${zone && html` <small>${zone}</small>`}</h2></header>
    <p>${value === null ? tell("panel.entries.never") : html`<span class="number"><b>${quantity(value, known.unit)}</b></span> <span class="age">${known.amount ? `${tell("panel.entries.total")} · ` : ""}${ageWords(farmNow.value - now.t)}</span>`}</p>
    <div class="choices">
      ${ranks("operator") && html`<button type="button" class="strong" aria-expanded=${open === "enter"} onClick=${() => toggle("enter")}>${tell("panel.entries.enter")}</button>`}
      <button type="button" aria-expanded=${open === "history"} onClick=${() => toggle("history")}>${tell("panel.entries.history")}</button>
    </div>
    ${open === "enter" && html`<${EntryForm} tag=${tag} onClose=${close} />`}
    ${open === "history" && html`<${History} tag=${tag} />`}
  </li>`;
}

function History({ tag }) {
  const { news, problem, ask, rows: all, older } = useOlder(`entries?tag=${tag}&most=${MOST}`, "entries", EVERY_MS);
  const [open, setOpen] = useState(null);
  const known = site.value.tags[tag];
  const { timezone } = site.value.site;
  // also of an older page, which is not asked for again
  const corrected = new Set(all.map((one) => one.corrects));
  const shown = (one) => (one.value === null ? tell("panel.entries.withdrawn") : quantity(one.value, known.unit));
  const close = () => {
    setOpen(null);
    ask();
  };
  return html`${problem && html`<p class="notice bad" role="alert">${tell(problem.key, problem.values)}</p>`}
    ${news && all.length === 0 && html`<p class="empty">${tell("panel.entries.never")}</p>`}
    <ul class="entered">${all.map((one) => {
      const wrong = all.find((other) => other.id === one.corrects);
      const over = Boolean(one.corrected_by) || corrected.has(one.id);
      return html`<li key=${one.id} class=${over ? "corrected" : ""}>
        <p><b>${shown(one)}</b> ${over && html`<span class="tag-mark">${tell("panel.entries.corrected")}</span>`}
          ${wrong && html`<span class="tag-mark">${tell("panel.entries.corrects", { value: shown(wrong) })}</span>`}</p>
        <p class="soft">${[`${dayOfYear(one.time, timezone)} ${clockTime(one.time, timezone)}`, one.who, one.method, one.note].filter(Boolean).join(" · ")}</p>
        ${ranks("operator") && !over && one.value !== null && html`<div class="pick">
          <button type="button" aria-expanded=${open === `c${one.id}`} onClick=${() => setOpen(`c${one.id}`)}>${tell("panel.entries.correct")}</button>
          <button type="button" aria-expanded=${open === `w${one.id}`} onClick=${() => setOpen(`w${one.id}`)}>${tell("panel.entries.withdraw")}</button></div>`}
        ${open === `c${one.id}` && html`<${EntryForm} tag=${tag} wrong=${one} onClose=${close} />`}
        ${open === `w${one.id}` && html`<${WithdrawForm} tag=${tag} wrong=${one} onClose=${close} />`}
      </li>`;
    })}</ul>${older}`;
}
