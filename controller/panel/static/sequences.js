// Sequences of a facility: how each stands, starting one by hand, and aborting the one that runs.

import { Deal, Opener } from "./deal.js";
import { thing } from "./deeds.js";
import { farmNow } from "./farm.js";
import { html } from "./html.js";
import { usePolled } from "./polled.js";
import { ranks } from "./screens.js";
import { put } from "./server.js";
import { ageWords, tell } from "./words.js";

const EVERY_MS = 3000;

export function SequenceList({ facility }) {
  const { news, problem, ask } = usePolled("sequences", EVERY_MS);
  const found = Object.entries(news?.sequences ?? {}).filter(([name]) => name.startsWith(`${facility}.`));
  if (problem && !news) return html`<p class="notice bad" role="alert">${tell(problem.key, problem.values)}</p>`;
  if (found.length === 0) return null;
  return html`<section class="card" aria-labelledby="sequences"><header><h2 id="sequences">${tell("panel.sequences")}</h2></header>
    <ul class="planned">${found.map(([name, one]) => html`<${Sequence} key=${name} name=${name} now=${one} onChanged=${ask} />`)}</ul></section>`;
}

function Sequence({ name, now, onChanged }) {
  const action = now.phase === "running" ? "abort" : "start";
  const told = () => html`<p>${tell(`panel.sequence.told.${action}`, { name: thing(name) })}</p>`;
  async function send(id) {
    await put(`sequences/${name}`, { change_id: id, action });
    onChanged();
  }
  const form = (close) => html`<${Deal} told=${told} send=${send} onClose=${close} choose=${(review, live) => html`${told()}<div class="choices">
    <button type="button" onClick=${close}>${tell("panel.cancel")}</button><button type="button" class="strong" disabled=${!live} onClick=${() => review({})}>${tell("panel.setpoint.review")}</button></div>`} />`;
  return html`<li><p><b>${thing(name)}</b> <span class="slot">${tell(`panel.sequence.${now.phase}`)}</span></p>
    <p class="soft">${now.phase === "running" && `${tell("panel.sequence.step", { step: now.step, steps: now.steps })} · `}${now.begun === null ? tell("panel.rule.never") : tell("panel.sequence.begun", { age: ageWords(farmNow.value - now.begun) })}${now.by && ` · ${now.by}`}${now.why && ` · ${tell(`abort.${now.why}`)}`}</p>
    ${now.phase !== "aborted" && ranks("operator") && html`<${Opener} key=${action} label=${tell(`panel.sequence.${action}`)} form=${form} />`}
    ${now.phase === "aborted" && html`<p class="hint">${tell("panel.sequence.reset")}</p>`}
  </li>`;
}
