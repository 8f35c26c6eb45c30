// Hand, off, automatic: an output taken by hand for four hours, or given back. Chosen, looked at, then confirmed.

import { link, order, site } from "./farm.js";
import { html } from "./html.js";
import { typed } from "./numbers.js";
import { changeId, put } from "./server.js";
import { useState } from "./vendor/preact_hooks.js";
import { called, tell } from "./words.js";

const HOURS = 4;

export function HandControl({ name }) {
  const [open, setOpen] = useState(false);
  const byHand = order(name)?.slot === "manual";
  return html`<div class="hand">
    <button type="button" class="change" aria-expanded=${open} onClick=${() => setOpen(!open)}>${tell(byHand ? "panel.hand.change" : "panel.hand")}</button>
    ${open && html`<${HandForm} name=${name} byHand=${byHand} onClose=${() => setOpen(false)} />`}
  </div>`;
}

function HandForm({ name, byHand, onClose }) {
  const known = site.value.outputs[name];
  const [text, setText] = useState("");
  // stage: choose, confirm, pending, refused
  const [deal, setDeal] = useState({ stage: "choose" });
  const live = link.value === "live";
  const share = typed(text);
  const words = (position) => (position === null ? tell("panel.hand.auto") : position === 100 ? tell("panel.on") : position === 0 ? tell("panel.off") : `${position} %`);
  const pick = (position) => setDeal({ stage: "confirm", position, id: changeId() });

  async function send() {
    setDeal({ ...deal, stage: "pending" });
    try {
      await put(`hands/${name}`, { change_id: deal.id, position: deal.position, hours: HOURS });
      onClose();
    } catch (problem) {
      setDeal({ ...deal, stage: "refused", problem });
    }
  }

  const body = {
    choose: () => html`
      <div class="choices">
        <button type="button" disabled=${!live} onClick=${() => pick(0)}>${tell("panel.off")}</button>
        <button type="button" disabled=${!live} onClick=${() => pick(100)}>${tell("panel.on")}</button>
        ${byHand && html`<button type="button" class="strong" disabled=${!live} onClick=${() => pick(null)}>${tell("panel.hand.auto")}</button>`}
      </div>
      ${!["on_off", "pulse", "heartbeat"].includes(known.type) && html`<div class="choices">
        <input inputmode="decimal" autocomplete="off" aria-label=${called(known.name)} value=${text} onInput=${(event) => setText(event.target.value)} />
        <button type="button" disabled=${!live || !(share >= 0 && share <= 100)} onClick=${() => pick(share)}>${"%"}</button>
      </div>`}
      <p class="hint" role="status">${live ? tell("panel.hand.ends", { hours: HOURS }) : tell("panel.setpoint.offline")}</p>`,
    confirm: () => html`
      <p class="old-new"><span>${called(known.name)}</span><span aria-hidden="true">→</span><b>${words(deal.position)}</b></p>
      <div class="choices">
        <button type="button" class="strong confirm" disabled=${!live} onClick=${send}>${tell("panel.setpoint.confirm")}</button>
        <button type="button" onClick=${() => setDeal({ stage: "choose" })}>${tell("panel.back")}</button>
      </div>`,
    pending: () => html`<p class="notice" role="status">${tell("panel.setpoint.pending")}</p>`,
    refused: () => html`<p class="notice bad" role="alert">${tell(deal.problem.key, deal.problem.values)}</p>
      <div class="choices"><button type="button" onClick=${() => setDeal({ stage: "choose" })}>${tell("panel.back")}</button></div>`,
  };
  return html`<form class=${`set ${deal.stage}`} onSubmit=${(event) => event.preventDefault()}>${body[deal.stage]()}</form>`;
}
