// A rule is switched off for some hours, with a reason, by who has read what it does; it runs again by itself.

import { Deal, Opener } from "./deal.js";
import { thing } from "./deeds.js";
import { html } from "./html.js";
import { ranks } from "./screens.js";
import { put, remove } from "./server.js";
import { useState } from "./vendor/preact_hooks.js";
import { tell } from "./words.js";

const HOURS = [1, 4, 24];

/** `guarded`: it raises an alarm, moves life support or holds feeding or dosing back, and is a technician's to switch off. */
export function SwitchOff({ name, guarded, sentence, onChanged }) {
  if (!ranks(guarded ? "technician" : "operator")) return null;
  return html`<${Opener} label=${tell("panel.rule.switch_off")} form=${(close) => html`<${OffForm} name=${name} guarded=${guarded} sentence=${sentence} onClose=${close} onChanged=${onChanged} />`} />`;
}

function OffForm({ name, guarded, sentence, onClose, onChanged }) {
  const [reason, setReason] = useState("");
  const [hours, setHours] = useState(HOURS[0]);
  const warning = () => guarded && html`<p class="notice">${tell("panel.rule.switch_off.guarded")}</p>`;
  return html`<${Deal} onClose=${onClose}
    send=${(id, change) => put(`rules-off/${name}`, { change_id: id, ...change }).then(onChanged)}
    told=${(change) => html`<p>${tell("panel.rule.switch_off.told", { name: thing(name), ...change })}</p><p class="sentence">${sentence}</p>${warning()}`}
    choose=${(review, live) => html`${warning()}
      <div class="pick">${HOURS.map((one) => html`<button key=${one} type="button" aria-pressed=${hours === one} onClick=${() => setHours(one)}>${tell("panel.hours", { count: one })}</button>`)}</div>
      <label class="field"><span>${tell("panel.rule.switch_off.reason")}</span><input maxlength="200" value=${reason} onInput=${(event) => setReason(event.target.value)} /></label>
      <div class="choices">
        <button type="button" onClick=${onClose}>${tell("panel.cancel")}</button>
        <button type="button" class="strong" disabled=${!live || !reason.trim()} onClick=${() => review({ hours, reason: reason.trim() })}>${tell("panel.setpoint.review")}</button>
      </div>`} />`;
}

export function SwitchOn({ name, onChanged }) {
  if (!ranks("operator")) return null;
  return html`<${Opener} label=${tell("panel.rule.switch_on")} form=${(close) => html`<${Deal} onClose=${close}
    send=${(id) => remove(`rules-off/${name}?change_id=${id}`).then(onChanged)}
    told=${() => html`<p>${tell("panel.rule.switch_on.told", { name: thing(name) })}</p>`}
    choose=${(review, live) => html`<div class="choices"><button type="button" onClick=${close}>${tell("panel.cancel")}</button>
      <button type="button" class="strong" disabled=${!live} onClick=${() => review({})}>${tell("panel.setpoint.review")}</button></div>`} />`} />`;
}
