// A change in two touches: chosen, looked at, confirmed in another place; then waited for until the controller says so.
// Nothing is shown ahead of it, and the same change sent twice is made once. What was typed stays as it is all along.

import { link } from "./farm.js";
import { html } from "./html.js";
import { changeId, of } from "./server.js";
import { useEffect, useState } from "./vendor/preact_hooks.js";
import { tell } from "./words.js";

/** After so long without an echo the person is told that nothing is certain. */
const PATIENCE_MS = 10000;

/** `choose(review, live)`: what to choose from, `review(change)` goes on. `told(change)`: what it will do, before it is
 *  confirmed. `send(id, change, seen)`: the call, with the headers that say of which `version` the change is (the one that
 *  stood when it was reviewed); if somebody was faster, `refresh()` has the screen look again. `echoed(change)`: whether the farm shows it, where the answer alone is not
 *  enough. `taken(change, again)`: what stands once it is done; without it the form closes. */
export function Deal({ choose, told, send, echoed, taken, unit = "", version, refresh, onClose }) {
  const [deal, setDeal] = useState({ stage: "choose" });
  const [newer, setNewer] = useState(null);
  const live = link.value === "live";
  function review(change) {
    const id = changeId();
    const seen = version === undefined ? {} : { ...of(newer?.since === version ? newer.version : version), "idempotency-key": id };
    setDeal({ stage: "confirm", id, change, seen });
  }
  const done = () => (taken ? setDeal((present) => ({ ...present, stage: "taken" })) : onClose());

  useEffect(() => {
    if (echoed && ["pending", "unknown"].includes(deal.stage) && echoed(deal.change)) done();
  });
  useEffect(() => {
    if (deal.stage !== "pending") return undefined;
    const timer = setTimeout(() => setDeal((present) => ({ ...present, stage: "unknown" })), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [deal.stage]);

  async function go() {
    setDeal({ ...deal, stage: "pending" });
    try {
      await send(deal.id, deal.change, deal.seen);
      if (!echoed) done();
    } catch (problem) {
      if (version !== undefined && problem.values?.version !== undefined) {
        // whoever has read what stands by now may want theirs all the same, also before the screen has it
        setNewer({ since: version, version: problem.values.version });
        refresh?.();
      }
      const unknown = !problem.arrived || problem.key === "refused.no_answer";
      setDeal((present) => (present.stage === "taken" ? present : { ...present, stage: unknown ? "unknown" : "refused", problem }));
    }
  }

  const back = () => setDeal({ stage: "choose" });
  const body = {
    choose: () => !live && html`<p class="hint" role="status">${tell("panel.setpoint.offline")}</p>`,
    confirm: () => html`${told(deal.change)}
      <p class="hint">${tell("panel.setpoint.check")}</p>
      <div class="choices">
        <button type="button" class="strong confirm" disabled=${!live} onClick=${go}>${tell("panel.setpoint.confirm")}</button>
        <button type="button" onClick=${back}>${tell("panel.back")}</button>
      </div>`,
    pending: () => html`${told(deal.change)}<p class="notice" role="status">${tell("panel.setpoint.pending")}</p>`,
    taken: () => taken(deal.change, review),
    refused: () => html`${told(deal.change)}
      <p class="notice bad" role="alert">${tell("panel.setpoint.refused")} ${tell(deal.problem.key, deal.problem.values, unit)}</p>
      <div class="choices"><button type="button" onClick=${back}>${tell("panel.back")}</button></div>`,
    unknown: () => html`${told(deal.change)}
      <p class="notice bad" role="alert">${tell("panel.setpoint.unknown")}</p>
      <div class="choices">
        <button type="button" class="strong" onClick=${go}>${tell("panel.try_again")}</button>
        <button type="button" onClick=${onClose}>${tell("panel.close")}</button>
      </div>`,
  };
  return html`<form class=${`set ${deal.stage}`} onSubmit=${(event) => event.preventDefault()}>
    <div class="chosen" hidden=${deal.stage !== "choose"}>${choose(review, live)}</div>${body[deal.stage]()}</form>`;
}

/** A button that opens a form under itself, and closes it again. */
export function Opener({ label, form, disabled = false, kind = "" }) {
  const [open, setOpen] = useState(false);
  return html`<button type="button" class=${`change ${kind}`} disabled=${disabled && !open} aria-expanded=${open} onClick=${() => setOpen(!open)}>${label}</button>
    ${open && form(() => setOpen(false))}`;
}
