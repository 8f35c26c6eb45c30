// Setting a setpoint: what may be set is drawn, old and new are looked at with what comes of it, and for ten seconds
// it can be taken back.

import { Deal } from "./deal.js";
import { reading, setpoint, site } from "./farm.js";
import { html } from "./html.js";
import { decimals, number, step, typed } from "./numbers.js";
import { NumberPad } from "./pad.js";
import { put } from "./server.js";
import { toShown } from "./units.js";
import { useEffect, useState } from "./vendor/preact_hooks.js";
import { called, quantity, tell, unitWord } from "./words.js";

const UNDO_MS = 10000;

export function SetpointForm({ name, onClose }) {
  const known = site.value.setpoints[name];
  const now = setpoint(name);
  const [text, setText] = useState(number(now.target, known.unit));
  const [reason, setReason] = useState("");
  const value = typed(text, known.unit);
  const within = value >= now.low && value <= now.high;
  const told = (amount) => quantity(amount, known.unit);
  const large = within && known.reason_above !== null && Math.abs(value - now.target) > known.reason_above + 1e-9;

  function nudge(direction) {
    const by = step(now.low, now.high);
    const from = Number.isNaN(value) ? now.target : value;
    // onto the grid of the step, so that 7.53 goes to 7.5 or 7.6
    const next = (direction > 0 ? Math.floor(from / by + 1e-6) + 1 : Math.ceil(from / by - 1e-6) - 1) * by;
    const digits = Math.max(decimals(known.unit) ?? 2, -Math.floor(Math.log10(by)));
    setText(toShown(Math.min(now.high, Math.max(now.low, next)), known.unit).toFixed(Math.max(0, digits)));
  }

  const send = (id, change, seen) =>
    put(`setpoints/${name}`, { change_id: id, value: change.value, ...(change.reason ? { reason: change.reason } : {}) }, seen);
  return html`<${Deal} unit=${known.unit} onClose=${onClose} send=${send} version=${String(now.target)}
    echoed=${(change) => Math.abs(setpoint(name).target - change.value) < 1e-9}
    told=${(change) => html`<${OldToNew} change=${change} told=${told} /><${Effect} of=${known.of} change=${change} unit=${known.unit} />`}
    taken=${(change, review) => html`<${OldToNew} change=${change} told=${told} /><${Taken} change=${change} told=${told} review=${review} onClose=${onClose} />`}
    choose=${(review, live) => html`
      <${Range} now=${now} value=${within ? value : null} told=${told} />
      <${NumberPad} text=${text} setText=${setText} nudge=${nudge} label=${called(known.name)} unit=${unitWord(known.unit)} />
      ${live && !within && html`<p class="hint" role="status">${tell("panel.setpoint.outside", { low: told(now.low), high: told(now.high) })}</p>`}
      ${large && html`<label class="field"><span>${tell("panel.setpoint.reason", { step: told(known.reason_above) })}</span>
        <input class="reason" maxlength="200" value=${reason} onInput=${(event) => setReason(event.target.value)} /></label>`}
      <div class="choices">
        <button type="button" onClick=${onClose}>${tell("panel.cancel")}</button>
        <button type="button" class="strong" disabled=${!live || !within || value === now.target || (large && !reason.trim())}
          onClick=${() => review({ old: now.target, value, reason: reason.trim() })}>${tell("panel.setpoint.review")}</button>
      </div>`} />`;
}

const OldToNew = ({ change, told }) => html`<p class="old-new"><span>${told(change.old)}</span><span aria-hidden="true">→</span><b>${told(change.value)}</b></p>`;

/** What comes of it: how far the measured value would be from where it is to be held. */
function Effect({ of, change, unit }) {
  const measured = of && reading(of)?.v;
  if (typeof measured !== "number") return html`<p class="hint">${tell("panel.effect.unknown")}</p>`;
  const apart = measured - change.value;
  const key = Math.abs(apart) < 10 ** -(decimals(unit) ?? 2) ? "panel.effect.there" : apart < 0 ? "panel.effect.below" : "panel.effect.above";
  return html`<p class="hint">${tell(key, { measured: quantity(measured, unit), apart: quantity(Math.abs(apart), unit) })}</p>`;
}

/** Done; for ten seconds one touch brings the old value back to be confirmed. */
function Taken({ change, told, review, onClose }) {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setOver(true), UNDO_MS);
    return () => clearTimeout(timer);
  }, []);
  return html`<p class="notice good" role="status">${tell("panel.setpoint.taken", { target: told(change.value) })}</p>
    <div class="choices">
      <button type="button" onClick=${onClose}>${tell("panel.close")}</button>
      ${!over && html`<button type="button" onClick=${() => review({ old: change.value, value: change.old, reason: change.reason && tell("panel.setpoint.undone") })}>${tell("panel.setpoint.undo", { target: told(change.old) })}</button>`}
    </div>`;
}

/** What may be set, drawn: hollow where it is now, filled where it would go. */
function Range({ now, value, told }) {
  const at = (amount) => `${((100 * (amount - now.low)) / (now.high - now.low)).toFixed(2)}%`;
  return html`<div class="range">
    <svg aria-hidden="true">
      <rect class="allowed" x="0" y="10" width="100%" height="12" />
      <svg class="now" x=${at(now.target)} overflow="visible"><path d="M0 6 6 16 0 26-6 16z" /></svg>
      ${value !== null && html`<svg class="next" x=${at(value)} overflow="visible"><path d="M0 4 7 16 0 28-7 16z" /></svg>`}
    </svg>
    <span>${told(now.low)}</span><span class="allowed-word">${tell("panel.setpoint.allowed")}</span><span>${told(now.high)}</span>
  </div>`;
}
