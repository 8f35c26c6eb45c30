// Setting a setpoint: choose, look at it (old -> new), confirm in another place, wait until the controller says so.

import { link, setpoint, site } from "./farm.js";
import { html } from "./html.js";
import { decimals, number, step, typed } from "./numbers.js";
import { changeId, put } from "./server.js";
import { useEffect, useState } from "./vendor/preact_hooks.js";
import { called, quantity, tell } from "./words.js";

/** After so long without an echo the person is told that nothing is certain. */
const PATIENCE_MS = 10000;

export function SetpointForm({ name, onClose }) {
  const known = site.value.setpoints[name];
  const now = setpoint(name);
  const [text, setText] = useState(number(now.target, known.unit));
  // stage: choose, confirm, pending (change made, echo awaited), taken, refused, unknown
  const [deal, setDeal] = useState({ stage: "choose" });
  const live = link.value === "live";
  const value = typed(text);
  const within = value >= now.low && value <= now.high;
  const told = (amount) => quantity(amount, known.unit);

  // Taken only when the stream shows the new target: what the controller has, not what was sent.
  useEffect(() => {
    if (["pending", "unknown"].includes(deal.stage) && Math.abs(now.target - deal.value) < 1e-9) setDeal({ ...deal, stage: "taken" });
  });
  useEffect(() => {
    if (deal.stage !== "pending") return undefined;
    const timer = setTimeout(() => setDeal((present) => ({ ...present, stage: "unknown" })), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [deal.stage]);

  async function send(change) {
    setDeal({ ...change, stage: "pending" });
    try {
      await put(`setpoints/${name}`, { change_id: change.id, value: change.value, expected: change.old });
    } catch (problem) {
      const unknown = !problem.arrived || problem.key === "refused.no_answer";
      setDeal((present) => (present.stage === "taken" ? present : { ...present, stage: unknown ? "unknown" : "refused", problem }));
    }
  }

  function nudge(direction) {
    const by = step(now.low, now.high);
    const from = Number.isNaN(value) ? now.target : value;
    // onto the grid of the step, so that 7.53 goes to 7.5 or 7.6
    const next = (direction > 0 ? Math.floor(from / by + 1e-6) + 1 : Math.ceil(from / by - 1e-6) - 1) * by;
    const digits = Math.max(decimals(known.unit) ?? 2, -Math.floor(Math.log10(by)));
    setText(Math.min(now.high, Math.max(now.low, next)).toFixed(Math.max(0, digits)));
  }

  const choose = () => setDeal({ stage: "choose" });
  const body = {
    choose: () => html`
      <${Range} now=${now} value=${within ? value : null} told=${told} />
      <div class="stepper">
        <button type="button" aria-label=${tell("panel.setpoint.less")} onClick=${() => nudge(-1)}>${"\u2212"}</button>
        <input inputmode="decimal" autocomplete="off" aria-label=${called(known.name)} value=${text} onInput=${(event) => setText(event.target.value)} />
        <button type="button" aria-label=${tell("panel.setpoint.more")} onClick=${() => nudge(1)}>${"+"}</button>
      </div>
      <p class="hint" role="status">${live ? (within ? "" : tell("panel.setpoint.outside", { low: told(now.low), high: told(now.high) })) : tell("panel.setpoint.offline")}</p>
      <div class="choices">
        <button type="button" onClick=${onClose}>${tell("panel.cancel")}</button>
        <button type="button" class="strong" disabled=${!live || !within || value === now.target}
          onClick=${() => setDeal({ stage: "confirm", id: changeId(), old: now.target, value })}>${tell("panel.setpoint.review")}</button>
      </div>`,
    confirm: () => html`
      <${OldToNew} deal=${deal} told=${told} />
      <p class="hint">${tell("panel.setpoint.check")}</p>
      <div class="choices">
        <button type="button" class="strong confirm" disabled=${!live} onClick=${() => send(deal)}>${tell("panel.setpoint.confirm")}</button>
        <button type="button" onClick=${choose}>${tell("panel.back")}</button>
      </div>`,
    pending: () => html`<${OldToNew} deal=${deal} told=${told} /><p class="notice" role="status">${tell("panel.setpoint.pending")}</p>`,
    taken: () => html`<${OldToNew} deal=${deal} told=${told} /><p class="notice good" role="status">${tell("panel.setpoint.taken", { target: told(deal.value) })}</p>
      <div class="choices"><button type="button" onClick=${onClose}>${tell("panel.close")}</button></div>`,
    refused: () => html`<${OldToNew} deal=${deal} told=${told} /><p class="notice bad" role="alert">${tell("panel.setpoint.refused")} ${tell(deal.problem.key, deal.problem.values, known.unit)}</p>
      <div class="choices"><button type="button" onClick=${choose}>${tell("panel.back")}</button></div>`,
    unknown: () => html`<${OldToNew} deal=${deal} told=${told} /><p class="notice bad" role="alert">${tell("panel.setpoint.unknown")}</p>
      <div class="choices">
        <button type="button" class="strong" onClick=${() => send(deal)}>${tell("panel.try_again")}</button>
        <button type="button" onClick=${onClose}>${tell("panel.close")}</button>
      </div>`,
  };
  return html`<form class=${`set ${deal.stage}`} onSubmit=${(event) => event.preventDefault()}>${body[deal.stage]()}</form>`;
}

function OldToNew({ deal, told }) {
  return html`<p class="old-new"><span>${told(deal.old)}</span><span aria-hidden="true">→</span><b>${told(deal.value)}</b></p>`;
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
