// The emergency stop of a facility: everything but what keeps animals alive stands, until somebody resets it.

import { Deal, Opener } from "./deal.js";
import { html } from "./html.js";
import { Laid, hear, laidOn } from "./laid.js";
import { ranks } from "./screens.js";
import { get, put } from "./server.js";
import { called, tell } from "./words.js";

export function EmergencyStop({ facility }) {
  const mark = laidOn(facility.id, "stop");
  const form = (resets) => (close) => html`<${StopForm} facility=${facility} resets=${resets} onClose=${close} />`;
  return html`<div class="stop">
    ${mark && html`<p class="notice bad" role="alert"><${Laid} mark=${mark} /></p>`}
    ${ranks("operator") && (mark ? html`<${Opener} key="reset" label=${tell("panel.reset")} form=${form(true)} />` : html`<${Opener} key="stop" kind="halt" label=${tell("panel.stop")} form=${form(false)} />`)}
  </div>`;
}

function StopForm({ facility, resets, onClose }) {
  const send = (id) => (resets ? put(`resets/${facility.id}`, { change_id: id }).then(() => get("hands")) : put(`stops/${facility.id}`, { change_id: id })).then(hear);
  return html`<${Deal} onClose=${onClose} send=${send}
    told=${() => html`<p class="old-new"><span>${called(facility.name)}</span><span aria-hidden="true">→</span><b>${tell(resets ? "panel.hand.auto" : "panel.mark.stop")}</b></p>`}
    choose=${(review, live) => html`
      <p class="hint">${tell(resets ? "panel.stop.reset" : "panel.stop.what")}</p>
      <div class="choices">
        <button type="button" onClick=${onClose}>${tell("panel.cancel")}</button>
        <button type="button" class="strong" disabled=${!live} onClick=${() => review({})}>${tell("panel.setpoint.review")}</button>
      </div>`} />`;
}
