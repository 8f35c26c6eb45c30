// What opens under a device: its registers as they came, and its outputs to be tried for half a minute.

import { Deal } from "./deal.js";
import { farmNow, link, order, site } from "./farm.js";
import { html } from "./html.js";
import { OutputRow, positionWords, whyWords } from "./outputs.js";
import { usePolled } from "./polled.js";
import { put } from "./server.js";
import { useState } from "./vendor/preact_hooks.js";
import { ageWords, called, tell } from "./words.js";

const EVERY_MS = 2000;
const SWITCHED = ["on_off", "pulse", "heartbeat"];
const POSITIONS = [0, 25, 50, 75, 100];

const hex = (word) => word.toString(16).toUpperCase().padStart(4, "0");

/** Word by word, before anything was made of it. */
export function RawWords({ id }) {
  const { news, problem } = usePolled(`devices/${id}/heard`, EVERY_MS);
  const tagName = (tag) => (site.value.tags[tag] ? called(site.value.tags[tag].name) : site.value.outputs[tag] ? called(site.value.outputs[tag].name) : tag);
  return html`<div class="raw">
    ${problem && html`<p class="notice bad" role="alert">${tell(problem.key, problem.values)}</p>`}
    ${news && news.heard.length === 0 && html`<p class="empty">${tell("panel.device.heard.none")}</p>`}
    ${news?.heard.map((one) => html`<h3 key=${one.table}>${tell(`panel.device.table.${one.table}`)} <span class="age">${ageWords(farmNow.value - one.at)}</span></h3>
      ${one.text && html`<pre>${one.text}</pre>`}
      ${one.words.length > 0 && html`<div class="scroll" tabindex="0" role="region" aria-label=${tell("panel.device.heard")}><table class="table"><thead><tr><th>${tell("panel.device.address")}</th><th>${tell("panel.device.word")}</th><th></th></tr></thead>
        <tbody>${one.words.map((word) => html`<tr key=${word.address}><td>${word.address}</td><td>${word.word}${one.table === "coil" || one.table === "discrete" ? "" : html` <span class="soft">${`0x${hex(word.word)}`}</span>`}</td><td>${[word.channel, word.tag && tagName(word.tag)].filter(Boolean).join(" · ")}</td></tr>`)}</tbody></table></div>`}`)}
  </div>`;
}

export function DeviceOutputs({ outputs }) {
  return html`<p class="hint">${tell("panel.device.try.hint")}</p>
    <ul class="outputs tries">${outputs.map((name) => html`<${OutputRow} key=${name} name=${name}><${TryForm} name=${name} /><//>`)}</ul>`;
}

/** One output: a position for half a minute, and what became of it: an interlock goes before. */
function TryForm({ name }) {
  const known = site.value.outputs[name];
  const [round, setRound] = useState(0);
  const now = order(name);
  const choices = SWITCHED.includes(known.type) ? [0, 100] : POSITIONS;
  const words = (position) => (position === 100 ? tell("panel.on") : position === 0 ? tell("panel.off") : `${position} %`);
  return html`<div class="try"><p class="why">${now && html`<em class=${`slot ${now.slot}`}>${tell(`panel.slot.${now.slot}`)}</em>${whyWords(now.because)}`}</p>
    <${Deal} key=${round}
      choose=${(review, live) => html`<div class="pick">${choices.map((position) => html`<button key=${position} type="button" disabled=${!live} onClick=${() => review({ position })}>${words(position)}</button>`)}</div>`}
      told=${(one) => html`<p class="old-new"><span>${positionWords(name)}</span><span aria-hidden="true">→</span><b>${words(one.position)}</b></p><p class="hint">${tell("panel.device.try.ends")}</p>`}
      send=${(id, one) => put(`output-tests/${name}`, { change_id: id, position: one.position }).then((answer) => Object.assign(one, answer))}
      taken=${(one) => html`<p class="notice good" role="status">${tell(left(one.until) > 0 ? (now?.slot === "manual" ? "panel.device.try.runs" : "panel.device.try.beaten") : "panel.device.try.over", { seconds: left(one.until) })}</p>
        <div class="choices"><button type="button" disabled=${link.value !== "live"} onClick=${() => setRound(round + 1)}>${tell("panel.close")}</button></div>`}
      onClose=${() => setRound(round + 1)} /></div>`;
}

const left = (until) => Math.max(0, Math.ceil((until - farmNow.value) / 1000));
