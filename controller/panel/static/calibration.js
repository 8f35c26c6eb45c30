// Calibration: which probes are due, and the wizard for one of them (calibration_wizard.js).

import { CalibrationWizard } from "./calibration_wizard.js";
import { farmNow, site } from "./farm.js";
import { html } from "./html.js";
import { dayOfYear, number } from "./numbers.js";
import { placeWord } from "./places.js";
import { usePolled } from "./polled.js";
import { useState } from "./vendor/preact_hooks.js";
import { ageWords, called, tell } from "./words.js";

const EVERY_MS = 10000;

export function Calibration({ id }) {
  return id ? html`<${CalibrationWizard} key=${id} tag=${id} />` : html`<${CalibrationList} />`;
}

/** "Water pH · RAS 1": the place where several things bear one name. */
export function placed(tag) {
  const known = site.value.tags[tag];
  const facility = site.value.facilities.find((one) => one.id === known?.facility);
  return facility ? placeWord(facility, known.zone) : "";
}

export const nameOf = (tag) => (site.value.tags[tag] ? called(site.value.tags[tag].name) : tag);

/** Slopes as "93.6 %" or "93.6 / 98.1 %". */
export const slopeWords = (slopes) => `${slopes.map((one) => one.toFixed(1)).join(" / ")} %`;

function CalibrationList() {
  const [wanted, setWanted] = useState("");
  const { news, problem } = usePolled("calibrations", EVERY_MS);
  const words = wanted.trim().toLowerCase();
  const found = (news?.probes ?? []).filter((one) => `${one.tag} ${site.value.tags[one.tag]?.name.zh} ${site.value.tags[one.tag]?.name.en} ${placed(one.tag)}`.toLowerCase().includes(words));
  return html`<div class="screen calibrations">
    <h1>${tell("panel.calibration")}</h1>
    ${problem && html`<p class="notice bad" role="alert">${tell(problem.key, problem.values)}</p>`}
    <label class="field"><span>${tell("panel.search")}</span><input type="search" value=${wanted} onInput=${(event) => setWanted(event.target.value)} /></label>
    ${news && found.length === 0 && html`<p class="empty">${tell("panel.calibration.none")}</p>`}
    <ul class="cards">${found.map((one) => html`<li key=${one.tag} class="card">
      <header><h2>${nameOf(one.tag)}</h2><span class="kind">${placed(one.tag)}</span><${Due} at=${one.due} /></header>
      <dl class="facts">
        <div><dt>${tell("panel.calibration.last")}</dt><dd>${lastWords(one.made.at(-1))}</dd></div>
        <div><dt>${tell("panel.calibration.slope")}</dt><dd>${slopeWords(one.slopes)}</dd></div>
        <div><dt>${tell("panel.calibration.offset")}</dt><dd>${number(one.offset, one.unit)}</dd></div>
      </dl>
      <footer><a class="button" href=${`#/calibration/${one.tag}`}>${tell(one.care ? "panel.calibration.goes_on" : "panel.calibration.begin")}</a></footer>
    </li>`)}</ul>
  </div>`;
}

const lastWords = (made) => (made ? tell("panel.calibration.by", { age: ageWords(farmNow.value - made.measured), by: made.by }) : tell("panel.calibration.never"));

/** When it is due, overdue with a shape of its own. */
function Due({ at }) {
  if (at === null) return html`<span class="calm">${tell("panel.calibration.no_interval")}</span>`;
  const days = (at - farmNow.value) / 86400000;
  if (days < 0) return html`<b class="slot trip">${tell("panel.calibration.overdue", { days: Math.ceil(-days) })}</b>`;
  return html`<span class="calm">${tell("panel.calibration.due", { day: dayOfYear(at, site.value.site.timezone), days: Math.ceil(days) })}</span>`;
}
