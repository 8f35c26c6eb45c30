// System: how the box and the agent on it do. Nothing here is a farm's value.

import { farmNow } from "./farm.js";
import { html } from "./html.js";
import { Problem } from "./password.js";
import { usePolled } from "./polled.js";
import { ageWords, tell } from "./words.js";

const EVERY_MS = 5000;

const size = (bytes) => (bytes === null ? "–" : bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`);
const ms = (seconds) => `${(seconds * 1000).toFixed(1)} ms`;

export function System() {
  const { news: now, problem } = usePolled("system", EVERY_MS);
  const facts = (rows) => html`<dl class="facts">${rows.map(([key, words]) => html`<div key=${key}><dt>${tell(key)}</dt><dd>${words}</dd></div>`)}</dl>`;
  return html`<div class="screen system">
    <h1>${tell("panel.system")}</h1>
    <${Problem} problem=${problem} />
    ${now && html`<div class="cards">
      ${(now.ailments.length > 0 || now.errors.length > 0) && html`<p class="notice bad" role="alert">${tell("panel.system.unwell", { what: [...now.ailments, ...now.errors].join(", ") })}</p>`}
      <section class="card"><h2>${tell("panel.system.scan")}</h2>${facts([
        ["panel.system.up", `${(now.up_s / 3600).toFixed(1)} h`],
        ["panel.system.scans", now.scans],
        ["panel.system.took", `${ms(now.took.p50)} / ${ms(now.took.p99)}`],
        ["panel.system.late", `${ms(now.late.p50)} / ${ms(now.late.p99)}`],
        ["panel.system.overruns", now.overruns],
      ])}</section>
      <section class="card"><h2>${tell("panel.system.disk")}</h2>${facts([
        ["panel.system.free", `${size(now.disk_free)} / ${size(now.disk_total)}`],
        ["panel.system.kept", size(now.disk_kept)],
        ["panel.system.filled", `${(now.filled * 100).toFixed(1)} %`],
        ["panel.system.stored", now.stored],
        ["panel.system.dropped", `${now.dropped} / ${now.thinned}`],
      ])}</section>
      ${Object.entries(now.sinks).map(([name, sink]) => html`<section class="card" key=${name}><h2>${name} <span class=${`slot ${["failing", "refused"].includes(sink.state) ? "abnormal" : ""}`}>${tell(`panel.system.sink.${sink.state}`)}</span></h2>${facts([
        ["panel.system.waiting", sink.waiting],
        ["panel.system.oldest", sink.oldest === null ? "–" : ageWords(farmNow.value - sink.oldest)],
        ["panel.system.delivered", `${sink.delivered} / ${sink.dead}`],
        ["panel.system.last_ok", sink.last_ok === null ? "–" : ageWords(farmNow.value - sink.last_ok)],
        ["panel.system.last_error", sink.last_error ? `${sink.last_error} (${ageWords(farmNow.value - sink.last_error_at)})` : "–"],
      ])}</section>`)}
      <section class="card"><h2>${tell("panel.system.buses")}</h2><dl class="facts">${Object.entries(now.buses).map(([name, up]) => html`<div key=${name}><dt>${name}</dt><dd><span class=${up ? "" : "slot abnormal"}>${tell(up ? "panel.system.bus.up" : "panel.system.bus.down")}</span></dd></div>`)}</dl></section>
      <section class="card"><h2>${tell("panel.system.box")}</h2>${facts([
        ["panel.system.clock", tell(now.clock_is_set ? "panel.system.clock.set" : "panel.system.clock.guess")],
        ["panel.system.versions", Object.entries(now.versions).map(([name, version]) => `${name} ${version}`).join(", ")],
        ["panel.system.fingerprint", now.fingerprint ? html`<code class="print">${now.fingerprint}</code>` : tell("panel.system.no_tls")],
      ])}</section>
    </div>`}
  </div>`;
}
