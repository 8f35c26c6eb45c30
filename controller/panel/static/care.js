// Hands in the water: a probe that is cleaned or calibrated. What it says is recorded, and not believed meanwhile.

import { Deal, Opener } from "./deal.js";
import { site } from "./farm.js";
import { html } from "./html.js";
import { Laid, hear, laidOn } from "./laid.js";
import { ranks } from "./screens.js";
import { changeId, put, remove } from "./server.js";
import { useState } from "./vendor/preact_hooks.js";
import { called, tell } from "./words.js";

const MINUTES = [10, 20, 60];

export function ProbeCare({ tag }) {
  const mark = laidOn(tag, "cleaning", "calibration");
  const may = ranks("operator") && site.value.tags[tag].kind === "measured";
  if (!may && !mark) return null;
  return html`<div class="hand">
    ${mark
      ? html`<p><${Laid} mark=${mark} /></p>${may && html`<${BackButton} tag=${tag} />`}`
      : html`<${Opener} label=${tell("panel.care")} form=${(close) => html`<${CareForm} tag=${tag} onClose=${close} />`} />`}
  </div>`;
}

function CareForm({ tag, onClose }) {
  const [minutes, setMinutes] = useState(20);
  const [kind, setKind] = useState("cleaning");
  return html`<${Deal} onClose=${onClose}
    send=${(id, change) => put(`care/${tag}`, { change_id: id, ...change }).then(hear)}
    told=${(change) => html`<p class="old-new"><span>${called(site.value.tags[tag].name)}</span><span aria-hidden="true">→</span><b>${tell(`panel.mark.${change.kind}`)}, ${tell("panel.minutes", { count: change.minutes })}</b></p>`}
    choose=${(review, live) => html`
      <p class="hint">${tell("panel.care.what")}</p>
      <div class="pick">${["cleaning", "calibration"].map((one) => html`<button key=${one} type="button" aria-pressed=${kind === one} onClick=${() => setKind(one)}>${tell(`panel.mark.${one}`)}</button>`)}</div>
      <div class="pick">${MINUTES.map((one) => html`<button key=${one} type="button" aria-pressed=${minutes === one} onClick=${() => setMinutes(one)}>${tell("panel.minutes", { count: one })}</button>`)}</div>
      <div class="choices">
        <button type="button" onClick=${onClose}>${tell("panel.cancel")}</button>
        <button type="button" class="strong" disabled=${!live} onClick=${() => review({ kind, minutes })}>${tell("panel.setpoint.review")}</button>
      </div>`} />`;
}

/** The probe is back in its place. */
function BackButton({ tag }) {
  const [problem, setProblem] = useState(null);
  const [waits, setWaits] = useState(false);
  function send() {
    setWaits(true);
    remove(`care/${tag}?change_id=${changeId()}`).then(hear, setProblem).then(() => setWaits(false));
  }
  return html`<button type="button" disabled=${waits} onClick=${send}>${tell("panel.care.back")}</button>
    ${problem && html`<p class="notice bad" role="alert">${tell(problem.key, problem.values)}</p>`}`;
}
