// Why an output stands as it does: one line, and on a touch all of it, in the controller's own words.

import { order } from "./farm.js";
import { html } from "./html.js";
import { whyWords } from "./outputs.js";
import { usePolled } from "./polled.js";
import { useState } from "./vendor/preact_hooks.js";
import { language, tell } from "./words.js";

const EVERY_MS = 10000;

export function Why({ name }) {
  const [open, setOpen] = useState(false);
  const now = order(name);
  if (!now) return null;
  return html`<button type="button" class="why" aria-expanded=${open} onClick=${() => setOpen(!open)}>
      <em class=${`slot ${now.slot}`}>${tell(`panel.slot.${now.slot}`)}</em><span>${whyWords(now.because)}</span></button>
    ${open && html`<${Explanation} name=${name} />`}`;
}

function Explanation({ name }) {
  const { news, problem } = usePolled(`explanations/${name}`, EVERY_MS);
  if (problem) return html`<p class="explanation notice bad" role="alert">${tell(problem.key, problem.values)}</p>`;
  return html`<ul class="explanation" aria-live="off">${(news?.lines[language.value] ?? []).map((line) => html`<li key=${line}>${line}</li>`)}</ul>`;
}
