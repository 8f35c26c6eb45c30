// Numbers by touch: a stepper, and keys large enough for gloves, where there is no keyboard.

import { html } from "./html.js";
import { useRef } from "./vendor/preact_hooks.js";
import { tell } from "./words.js";

const KEYS = ["7", "8", "9", "4", "5", "6", "1", "2", "3", ".", "0"];
const ERASE = "\u232b";

/** `text` is what is typed; the first key replaces what stood there. `nudge(±1)` steps. */
export function NumberPad({ text, setText, nudge, label, unit }) {
  const fresh = useRef(true);
  function press(key) {
    const before = fresh.current ? "" : text;
    fresh.current = false;
    setText(key === ERASE ? text.slice(0, -1) : key === "." && before.includes(".") ? before : before + key);
  }
  function type(event) {
    fresh.current = false;
    setText(event.target.value);
  }
  return html`<div class="stepper">
      <button type="button" aria-label=${tell("panel.setpoint.less")} onClick=${() => nudge(-1)}>${"\u2212"}</button>
      <span class="typed"><input inputmode="decimal" autocomplete="off" aria-label=${label} value=${text} onInput=${type} /><i>${unit}</i></span>
      <button type="button" aria-label=${tell("panel.setpoint.more")} onClick=${() => nudge(1)}>${"+"}</button>
    </div>
    <div class="pad">${KEYS.map((key) => html`<button key=${key} type="button" onClick=${() => press(key)}>${key}</button>`)}
      <button type="button" aria-label=${tell("panel.pad.erase")} onClick=${() => press(ERASE)}>${ERASE}</button></div>`;
}
