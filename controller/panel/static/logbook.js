// Logbook: what people wrote down and what they did, the last first. A note is put right by another one, never changed.

import { deedWords, places, thing } from "./deeds.js";
import { link, site } from "./farm.js";
import { html } from "./html.js";
import { clockTime, dayOfYear } from "./numbers.js";
import { PhotoField, Photos } from "./photos.js";
import { useOlder } from "./older.js";
import { ranks } from "./screens.js";
import { changeId, of, post } from "./server.js";
import { useState } from "./vendor/preact_hooks.js";
import { called, tell } from "./words.js";

const EVERY_MS = 15000;
const KINDS = { "": "panel.logbook.all", note: "panel.logbook.notes", deed: "panel.logbook.deeds" };

export function Logbook({ query }) {
  const [wanted, setWanted] = useState({ kind: "", place: query?.get("place") ?? "", text: "", who: "" });
  const [writing, setWriting] = useState(null);
  const path = `logbook?${new URLSearchParams(Object.entries(wanted).filter(([, value]) => value))}`;
  const { news, problem, ask, rows: lines, older } = useOlder(path, "lines", EVERY_MS, keyOf);
  const choose = (part) => (event) => setWanted({ ...wanted, [part]: event.target.value });

  function written() {
    setWriting(null);
    ask();
  }

  return html`<div class="screen logbook">
    <h1>${tell("panel.logbook")} ${ranks("operator") && !writing && html`<button type="button" class="strong" onClick=${() => setWriting({})}>${tell("panel.logbook.write")}</button>`}</h1>
    ${writing && html`<${NoteForm} key=${writing.number ?? "new"} corrects=${writing} onDone=${written} onClose=${() => setWriting(null)} />`}
    <div class="pick" role="group" aria-label=${tell("panel.logbook.shown")}>${Object.entries(KINDS).map(([kind, key]) => html`<button type="button" key=${kind} aria-pressed=${wanted.kind === kind} onClick=${() => setWanted({ ...wanted, kind })}>${tell(key)}</button>`)}</div>
    <div class="fields">
      <label class="field"><span>${tell("panel.logbook.place")}</span><select value=${wanted.place} onChange=${choose("place")}>
        <option value="">${tell("panel.logbook.everywhere")}</option>${places().map((one) => html`<option key=${one.id} value=${one.id}>${one.name}</option>`)}</select></label>
      <label class="field"><span>${tell("panel.logbook.who")}</span><input value=${wanted.who} autocomplete="off" onInput=${choose("who")} /></label>
      <label class="field"><span>${tell("panel.logbook.holds")}</span><input type="search" value=${wanted.text} autocomplete="off" onInput=${choose("text")} /></label>
    </div>
    ${problem && html`<p class="notice bad" role="alert">${tell(problem.key, problem.values)}</p>`}
    ${news && lines.length === 0 && html`<p class="empty">${tell("panel.logbook.none")}</p>`}
    <ol class="lines">${lines.map((one) => html`<${Line} key=${keyOf(one)} line=${one} onCorrect=${ranks("operator") && (() => setWriting(one))} />`)}</ol>
    ${older}
  </div>`;
}

const keyOf = (line) => `${line.kind}${line.number}`;

function moment(at) {
  const { timezone } = site.value.site;
  return `${dayOfYear(at, timezone)} ${clockTime(at, timezone)}`;
}

function Line({ line, onCorrect }) {
  const isNote = line.kind === "note";
  return html`<li class=${`line ${line.kind} ${line.corrected_by ? "put-right" : ""}`}>
    <p class="soft"><time>${moment(line.at)}</time> · <b>${line.who}</b>${line.place && ` · ${thing(line.place)}`}${isNote && ` · ${tell("panel.logbook.number", { number: line.number })}`}</p>
    <p class="words">${isNote ? line.text : deedWords(line)}</p>
    <${Photos} names=${line.photos} />
    ${line.corrects !== null && html`<p class="soft">${tell("panel.logbook.corrects", { number: line.corrects })}</p>`}
    ${line.corrected_by !== null && html`<p class="soft">${tell("panel.logbook.corrected_by", { number: line.corrected_by })}</p>`}
    ${isNote && line.by !== line.who && html`<p class="soft">${tell("panel.logbook.by", { by: line.by })}</p>`}
    ${isNote && onCorrect && line.corrected_by === null && html`<button type="button" onClick=${onCorrect}>${tell("panel.logbook.put_right")}</button>`}
  </li>`;
}

/** A note to write; `corrects` is the line that it puts right, or {}. It is in the book once the server has said so. */
function NoteForm({ corrects, onDone, onClose }) {
  const isNew = corrects.number === undefined;
  const [facility, zone, point] = (corrects.place ?? "").split(".");
  const [note, setNote] = useState({
    text: isNew ? "" : corrects.text, place: point ? (site.value.tags[corrects.place]?.zone === "all" ? facility : `${facility}.${zone}`) : corrects.place ?? "",
    about: point ? corrects.place : "", time: "", who: "",
  });
  const [photos, setPhotos] = useState([]);
  const [seen, setSeen] = useState(corrects.corrected_by ?? "none");
  const [deal, setDeal] = useState({ stage: "write" });
  const choosePhotos = (next) => {
    setPhotos(next);
    setDeal({ stage: "write" });
  };
  const change = (part) => (event) => {
    setNote({ ...note, [part]: event.target.value, ...(part === "place" ? { about: "" } : {}) });
    setDeal({ stage: "write" });
  };
  async function send() {
    // the same words sent again are the same note
    const id = deal.id ?? changeId();
    setDeal({ stage: "pending", id });
    try {
      await post("logbook", { change_id: id, text: note.text, place: note.about || note.place, time: note.time, who: note.who, corrects: isNew ? null : corrects.number, photos }, of(seen));
      onDone();
    } catch (problem) {
      // whoever has read that somebody else put it right may do so all the same
      if (problem.values.version) setSeen(problem.values.version);
      setDeal({ stage: "failed", id: problem.arrived ? undefined : id, problem });
    }
  }
  const { tags, outputs } = site.value;
  const within = Object.entries({ ...tags, ...outputs }).filter(([id]) => note.place && id.startsWith(`${note.place}.`));
  const all = places();
  const known = !note.place || all.some((one) => one.id === note.place);
  return html`<form class="set" onSubmit=${(event) => event.preventDefault()}>
    <h2>${isNew ? tell("panel.logbook.new") : tell("panel.logbook.corrects", { number: corrects.number })}</h2>
    <label class="field"><span>${tell("panel.logbook.text")}</span><textarea maxlength="2000" value=${note.text} onInput=${change("text")}></textarea></label>
    <div class="fields">
      <label class="field"><span>${tell("panel.logbook.place")}</span><select value=${note.place} onChange=${change("place")}>
        <option value="">${tell("panel.logbook.farm")}</option>${!known && html`<option value=${note.place}>${thing(note.place)}</option>`}
        ${all.map((one) => html`<option key=${one.id} value=${one.id}>${one.name}</option>`)}</select></label>
      <label class="field"><span>${tell("panel.logbook.about")}</span><select value=${note.about} onChange=${change("about")} disabled=${!note.place}>
        <option value="">${tell("panel.logbook.nothing")}</option>${within.map(([id, one]) => html`<option key=${id} value=${id}>${called(one.name)}</option>`)}</select></label>
      <label class="field"><span>${tell("panel.logbook.time")}</span><input type="datetime-local" value=${note.time} onInput=${change("time")} /></label>
      <label class="field"><span>${tell("panel.logbook.who.else")}</span><input maxlength="40" autocomplete="off" value=${note.who} onInput=${change("who")} /></label>
    </div>
    <${PhotoField} names=${photos} setNames=${choosePhotos} />
    ${deal.stage === "pending" && html`<p class="notice" role="status">${tell("panel.logbook.pending")}</p>`}
    ${deal.stage === "failed" && html`<p class="notice bad" role="alert">${tell(deal.problem.key, deal.problem.values)}</p>`}
    <div class="choices">
      <button type="button" onClick=${onClose}>${tell("panel.cancel")}</button>
      <button type="button" class="strong" disabled=${link.value !== "live" || !note.text.trim() || deal.stage === "pending"} onClick=${send}>${tell("panel.logbook.keep")}</button>
    </div>
  </form>`;
}
