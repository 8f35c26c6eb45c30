// A code beside one's own password: put on with an authenticator, with codes for paper; and taken off again.

import { html } from "./html.js";
import { Code, Problem, Secret } from "./password.js";
import { usePolled } from "./polled.js";
import { post, put } from "./server.js";
import { meet } from "./session.js";
import { useState } from "./vendor/preact_hooks.js";
import { tell } from "./words.js";

const PATH = "session/second-factor";
const EVERY_MS = 15000;

export function SecondFactor() {
  const { news, ask } = usePolled(PATH, EVERY_MS);
  const [begun, setBegun] = useState(null);
  const [paper, setPaper] = useState(null);
  const [problem, setProblem] = useState(null);
  const [round, setRound] = useState(0);
  const doing = (what) => async (event) => {
    event.preventDefault();
    const { password, code } = event.target.elements;
    try {
      await what({ ...(password ? { password: password.value } : {}), ...(code ? { code: code.value } : {}) });
      setProblem(null);
      setRound(round + 1);
      ask();
      meet();
    } catch (caught) {
      setProblem(caught);
    }
  };
  const begin = doing(async (body) => setBegun(await post(PATH, body)));
  const turnOn = doing(async (body) => {
    setPaper((await put(PATH, body)).paper);
    setBegun(null);
  });
  const turnOff = doing(async (body) => {
    await post(`${PATH}/off`, body);
    setPaper(null);
  });
  if (!news) return null;
  const frame = (send, key, inner) => html`<form class="card wide factor" key=${`${key}${round}`} onSubmit=${send}><h2>${tell("panel.factor")}</h2>
    <${Problem} problem=${problem} />${inner}
    <div class="choices"><button type="submit" class="strong">${tell(key)}</button></div></form>`;
  if (begun) {
    return frame(turnOn, "panel.factor.turn_on", html`<p>${tell("panel.factor.how")}</p>
      <${QrCode} rows=${begun.picture} label=${tell("panel.factor.picture")} />
      <p><a class="button" href=${begun.uri}>${tell("panel.factor.open")}</a></p>
      <label class="field"><span>${tell("panel.factor.key")}</span><output class="token">${begun.key.match(/.{1,4}/g).join(" ")}</output></label>
      <div class="fields"><${Code} required=${true} /></div>`);
  }
  if (!news.on) return frame(begin, "panel.factor.begin", html`<p class="hint">${tell("panel.factor.what")}</p><div class="fields"><${Secret} name="password" label=${tell("panel.access.password")} complete="current-password" /></div>`);
  return frame(turnOff, "panel.factor.turn_off", html`
    ${paper && html`<p class="notice good" role="status">${tell("panel.factor.paper")}</p><ul class="paper">${paper.map((one) => html`<li key=${one}><code>${one}</code></li>`)}</ul>`}
    <p>${tell("panel.factor.is_on", { left: news.paper_left })}</p>
    <div class="fields"><${Secret} name="password" label=${tell("panel.access.password")} complete="current-password" /><${Code} required=${true} /></div>`);
}

/** A QR code, dark on light in every theme: what reads it looks for that. */
function QrCode({ rows, label }) {
  const dark = rows.flatMap((row, y) => [...row.matchAll(/1+/g)].map((run) => `M${run.index} ${y}h${run[0].length}v1h-${run[0].length}z`));
  return html`<svg class="qr" viewBox=${`0 0 ${rows.length} ${rows.length}`} role="img" aria-label=${label}><path fill="#fff" d=${`M0 0h${rows.length}v${rows.length}H0z`} /><path d=${dark.join("")} /></svg>`;
}
