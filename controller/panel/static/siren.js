// The siren: whether it sounds, and silence for it. That acknowledges nothing, and ends by itself.

import { link, order, site } from "./farm.js";
import { html } from "./html.js";
import { clockTime } from "./numbers.js";
import { ranks } from "./screens.js";
import { changeId, put } from "./server.js";
import { useState } from "./vendor/preact_hooks.js";
import { tell } from "./words.js";

/** `siren` as the server tells it; its place is the same whether it sounds or not. */
export function Siren({ siren, ask }) {
  const [problem, setProblem] = useState(null);
  const sounds = order(siren.output)?.owner === "siren";
  const until = siren.silent_until && clockTime(siren.silent_until, site.value.site.timezone);
  const words = sounds ? tell("panel.siren.sounds") : until ? tell("panel.siren.silent", { until }) : tell("panel.siren.quiet");
  async function silence() {
    setProblem(null);
    await put("siren", { change_id: changeId() }).catch(setProblem);
    ask();
  }
  return html`<section class="card wide siren" aria-labelledby="siren"><h2 id="siren">${tell("panel.siren")}</h2>
    <p role="status"><em class=${`slot ${sounds ? "trip" : until ? "manual" : ""}`}>${words}</em></p>
    ${ranks("operator") && html`<div class="choices"><button type="button" class="strong" disabled=${!sounds || link.value !== "live"} onClick=${silence}>${tell("panel.siren.silence")}</button></div>
      <p class="hint">${tell("panel.siren.silence.told")}</p>`}
    ${problem && html`<p class="notice bad" role="alert">${tell(problem.key, problem.values)}</p>`}
  </section>`;
}
