// The wizard of one probe: out of use for a time, held in what is known until it stands still, looked at, applied.
// What it made before stands below, and can be applied again.

import { nameOf, placed, slopeWords } from "./calibration.js";
import { Deal } from "./deal.js";
import { farmNow, link, site } from "./farm.js";
import { html } from "./html.js";
import { clockTime, dayOfYear, decimals, number, typed } from "./numbers.js";
import { usePolled } from "./polled.js";
import { ranks } from "./screens.js";
import { post, put, remove } from "./server.js";
import { Steady, useSteady } from "./steady.js";
import { toShown } from "./units.js";
import { useEffect, useState } from "./vendor/preact_hooks.js";
import { ageWords, quantity, tell } from "./words.js";

const EVERY_MS = 1000;
const CARE_MINUTES = 30;
const COLUMNS = ["panel.calibration.when", "panel.calibration.who", "panel.calibration.method", "panel.calibration.slope", "panel.calibration.offset"];
const KINDS = ["zero", 1, 2, 3];
const digitsOf = (unit) => Math.max(2, decimals(unit) ?? 2);

const NOTHING = { kind: null, points: [], method: "", reference: "", note: "", begun: 0 };
/** A probe can be in care for no longer. */
const LONGEST_MS = 2 * 3600000;

/** What was taken so far, kept on this device: a phone that sleeps in between loses nothing. */
function useKept(tag) {
  const key = `farmloop.calibration.${tag}`;
  const [kept, setKept] = useState(() => {
    const found = JSON.parse(sessionStorage.getItem(key) ?? "null");
    return found && Date.now() - found.begun < LONGEST_MS ? found : NOTHING;
  });
  const keep = (change) =>
    setKept((now) => {
      const next = { ...now, ...change };
      sessionStorage.setItem(key, JSON.stringify(next));
      return next;
    });
  return [kept, keep];
}

/** Whoever is no technician sees what stands, and takes the probe out for one that is. */
const mayCalibrate = () => ranks("technician");

export function CalibrationWizard({ tag }) {
  const { news: probe, problem } = usePolled(`calibrations/${tag}`, EVERY_MS);
  const [kept, keep] = useKept(tag);
  const inCare = probe?.care === "calibration";
  return html`<div class="screen calibration">
    <h1>${nameOf(tag)} <a class="button" href="#/calibration">${tell("panel.calibration.all")}</a></h1>
    <p class="kind">${placed(tag)}</p>
    ${problem && html`<p class="notice bad" role="alert">${tell(problem.key, problem.values)}</p>`}
    ${probe && html`
      <section class="card"><h2>${tell("panel.calibration.now")}</h2><${Stands} of=${probe} /></section>
      <${Care} tag=${tag} probe=${probe} />
      ${!mayCalibrate() && html`<p class="hint">${tell("panel.calibration.technician")}</p>`}
      ${inCare && mayCalibrate() && html`<${Points} tag=${tag} probe=${probe} kept=${kept} keep=${keep} />`}
      <${Made} tag=${tag} probe=${probe} />`}
  </div>`;
}

function Stands({ of }) {
  return html`<dl class="facts">
    <div><dt>${tell("panel.calibration.slope")}</dt><dd>${slopeWords(of.slopes)}</dd></div>
    <div><dt>${tell("panel.calibration.offset")}</dt><dd>${number(of.offset, of.unit)}</dd></div>
    ${of.compensated && html`<div><dt>${tell("panel.calibration.compensated")}</dt><dd>${of.water_c === null ? tell("panel.calibration.no_temperature") : quantity(of.water_c, "degC")}</dd></div>`}
  </dl>`;
}

/** Out of use for a time: recorded, not believed, nothing dosed by it. */
function Care({ tag, probe }) {
  const isOurs = probe.care === "calibration";
  const minutes = Math.max(0, Math.ceil(((probe.care_until ?? 0) - farmNow.value) / 60000));
  const may = ranks("operator");
  const button = (label) => (review, live) => html`<div class="choices"><button type="button" class="strong" disabled=${!live} onClick=${() => review({})}>${tell(label)}</button></div>`;
  return html`<section class="card"><h2>${tell("panel.calibration.care")}</h2>
    ${probe.care === null
      ? html`<p>${tell("panel.calibration.care.hint", { minutes: CARE_MINUTES })}</p>
        ${may && html`<${Deal} key="begin" choose=${button("panel.calibration.care.begin")} told=${() => html`<p>${tell("panel.calibration.care.begin")}</p>`}
          send=${(id) => put(`care/${tag}`, { change_id: id, kind: "calibration", minutes: CARE_MINUTES })} echoed=${() => isOurs} onClose=${() => {}} />`}`
      : html`<p class="notice" role="status">${tell(isOurs ? "panel.calibration.care.left" : "panel.calibration.care.cleaning", { minutes, by: probe.care_by })}</p>
        ${may && html`<${Deal} key="end" choose=${button("panel.calibration.care.end")} told=${() => html`<p>${tell("panel.calibration.care.check")}</p>`}
          send=${(id) => remove(`care/${tag}?change_id=${id}`)} echoed=${() => probe.care === null} onClose=${() => {}} />`}`}
  </section>`;
}

/** The points: how many, each once the probe stands still, then what they make of it. */
function Points({ tag, probe, kept, keep }) {
  const wanted = kept.kind === "zero" ? 1 : kept.kind;
  if (kept.kind === null) {
    return html`<section class="card"><h2>${tell("panel.calibration.how")}</h2><div class="pick">${KINDS.map(
      (kind) => html`<button key=${kind} onClick=${() => keep({ ...NOTHING, kind, begun: Date.now() })}>${tell(`panel.calibration.kind.${kind}`)}</button>`,
    )}</div><p class="hint">${tell("panel.calibration.how.hint")}</p></section>`;
  }
  const again = html`<button type="button" onClick=${() => keep(NOTHING)}>${tell("panel.calibration.anew")}</button>`;
  return html`<section class="card"><h2>${tell(`panel.calibration.kind.${kept.kind}`)}</h2>
    ${kept.points.length > 0 && html`<ol class="taken">${kept.points.map(([said, true_], place) => html`<li key=${place}>${tell("panel.calibration.point", { said: toShown(said, probe.unit).toFixed(digitsOf(probe.unit)), true: toShown(true_, probe.unit).toFixed(digitsOf(probe.unit)) })}</li>`)}</ol>`}
    ${kept.points.length < wanted
      ? html`<${Point} key=${kept.points.length} tag=${tag} probe=${probe} count=${kept.points.length + 1} of=${wanted} onTaken=${(point) => keep({ points: [...kept.points, point] })} />`
      : html`<${Review} tag=${tag} probe=${probe} kept=${kept} keep=${keep} />`}
    <div class="choices">${again}</div>
  </section>`;
}

function Point({ probe, count, of, onTaken }) {
  const [text, setText] = useState("");
  const steady = useSteady(probe.says, probe.says_at, probe.unit);
  const value = typed(text, probe.unit);
  return html`<h3>${tell("panel.calibration.point.of", { count, of })}</h3>
    <p>${tell("panel.calibration.point.hint")}</p>
    <${Steady} steady=${steady} says=${probe.says} unit=${probe.unit} />
    <div class="fields"><label class="field"><span>${tell("panel.calibration.true")}</span>
      <input inputmode="decimal" autocomplete="off" value=${text} onInput=${(event) => setText(event.target.value)} /></label></div>
    <div class="choices"><button type="button" class="strong" disabled=${!steady.stands || Number.isNaN(value) || link.value !== "live"} onClick=${() => onTaken([probe.says, value])}>${tell("panel.calibration.take")}</button></div>`;
}

/** Old and new beside each other; nonsense is told before anybody confirms it. */
function Review({ tag, probe, kept, keep }) {
  const [judged, setJudged] = useState(null);
  const body = { points: kept.points, keeps_slope: kept.kind === "zero", note: kept.note };
  const asked = JSON.stringify(body);
  useEffect(() => {
    let over = false;
    post(`calibrations/${tag}/judged`, body).then((found) => over || setJudged(found), (problem) => over || setJudged({ message: problem.key, values: problem.values }));
    return () => {
      over = true;
    };
  }, [asked]);
  const field = (name, label) => html`<label class="field"><span>${tell(label)}</span><input value=${kept[name]} maxlength="200" onInput=${(event) => keep({ [name]: event.target.value })} /></label>`;
  const wrong = judged?.message;
  const last = probe.made.at(-1)?.applied ?? 0;
  const change = { last, before: probe.slopes, after: judged?.slopes };
  return html`<${Deal}
    choose=${(review, live) => html`
      ${judged && !wrong && html`<table class="table"><thead><tr><th></th><th>${tell("panel.calibration.old")}</th><th>${tell("panel.calibration.new")}</th></tr></thead><tbody>
        <tr><th>${tell("panel.calibration.slope")}</th><td>${slopeWords(probe.slopes)}</td><td><b>${slopeWords(judged.slopes)}</b></td></tr>
        <tr><th>${tell("panel.calibration.offset")}</th><td>${number(probe.offset, probe.unit)}</td><td><b>${number(judged.offset, probe.unit)}</b></td></tr></tbody></table>`}
      ${wrong && html`<p class="notice bad" role="alert">${tell(wrong, judged.values)}</p>`}
      <div class="fields">${field("method", "panel.calibration.method")}${field("reference", "panel.calibration.reference")}${field("note", "panel.calibration.note")}</div>
      <div class="choices"><span></span><button type="button" class="strong" disabled=${!judged || wrong || !live} onClick=${() => review(change)}>${tell("panel.setpoint.review")}</button></div>`}
    told=${OldToNew}
    version=${probe.version}
    send=${(id, _, seen) => put(`calibrations/${tag}`, { change_id: id, ...body, method: kept.method, reference: kept.reference }, seen)}
    echoed=${(one) => last > one.last}
    taken=${(one) => html`${OldToNew(one)}<p class="notice good" role="status">${tell("panel.calibration.taken")}</p>
      <div class="choices"><button type="button" onClick=${() => keep(NOTHING)}>${tell("panel.close")}</button></div>`}
    onClose=${() => keep(NOTHING)} />`;
}

const OldToNew = ({ before, after }) => html`<p class="old-new"><span>${slopeWords(before)}</span><span aria-hidden="true">→</span><b>${after ? slopeWords(after) : tell("panel.calibration.site")}</b></p>`;

/** Who calibrated it, when and how; an older one can be applied again. */
function Made({ tag, probe }) {
  const { timezone } = site.value.site;
  const last = probe.made.at(-1)?.applied ?? 0;
  const newest = [...probe.made].reverse();
  const [round, setRound] = useState(0);
  if (newest.length === 0) return html`<section class="card"><h2>${tell("panel.calibration.history")}</h2><p class="empty">${tell("panel.calibration.never")}</p></section>`;
  const change = (one) => ({ last, before: probe.slopes, after: one?.slopes, again: one?.applied });
  const row = (one, place, review, live) => html`<tr key=${one.applied}>
    <td>${`${dayOfYear(one.applied, timezone)} ${clockTime(one.applied, timezone)}`}<small class="age"> ${ageWords(farmNow.value - one.applied)}</small>${place > 0 && mayCalibrate() && html`<br /><button type="button" disabled=${!live} onClick=${() => review(change(one))}>${tell("panel.calibration.again")}</button>`}</td><td>${one.by}</td>
    <td>${one.points.length ? [one.method, one.reference, one.note].filter(Boolean).join(" · ") || "–" : tell("panel.calibration.site")}</td>
    <td>${slopeWords(one.slopes)}</td><td>${number(one.offset, probe.unit)}</td></tr>`;
  const table = (review, live) => html`<div class="scroll" tabindex="0" role="region" aria-label=${tell("panel.calibration.history")}><table class="table"><thead><tr>
    ${COLUMNS.map((one) => html`<th key=${one}>${tell(one)}</th>`)}</tr></thead>
    <tbody>${newest.map((one, place) => row(one, place, review, live))}</tbody></table></div>`;
  if (!mayCalibrate()) return html`<section class="card"><h2>${tell("panel.calibration.history")}</h2>${table()}</section>`;
  return html`<section class="card"><h2>${tell("panel.calibration.history")}</h2>
    <${Deal} key=${round}
      choose=${(review, live) => html`${table(review, live)}
        ${newest[0].points.length > 0 && html`<div class="choices"><button type="button" disabled=${!live} onClick=${() => review(change(null))}>${tell("panel.calibration.undo")}</button></div>`}`}
      told=${OldToNew}
      version=${probe.version}
      send=${(id, one, seen) => put(`calibrations/${tag}`, { change_id: id, points: [], ...(one.again ? { again: one.again } : {}) }, seen)}
      echoed=${(one) => last > one.last}
      onClose=${() => setRound(round + 1)} />
  </section>`;
}
