// Devices by the bus that they stand on: which answer, how often they do not, what they said last, outputs to try.

import { DeviceOutputs, RawWords } from "./device_parts.js";
import { Opener } from "./deal.js";
import { farmNow, site } from "./farm.js";
import { html } from "./html.js";
import { Laid, laidOn, useLaid } from "./laid.js";
import { QualityMark } from "./marks.js";
import { usePolled } from "./polled.js";
import { ranks } from "./screens.js";
import { ageWords, knows, tell } from "./words.js";

const EVERY_MS = 5000;

export function Devices() {
  const devices = usePolled("devices", EVERY_MS);
  const buses = usePolled("buses", EVERY_MS);
  const problem = devices.problem ?? buses.problem;
  const news = devices.news?.devices;
  const known = site.value.devices;
  useLaid();
  return html`<div class="screen devices">
    <h1>${tell("panel.devices")}</h1>
    ${problem && html`<p class="notice bad" role="alert">${tell(problem.key, problem.values)}</p>`}
    ${news && Object.keys(news).length === 0 && html`<p class="empty">${tell("panel.devices.none")}</p>`}
    ${news && Object.entries(buses.news?.buses ?? {}).map(([id, bus]) => html`<section key=${id} class="bus">
      <${BusHead} id=${id} bus=${bus} />
      <ul>${Object.keys(news).filter((name) => known[name]?.bus === id).map((name) => html`<${Device} key=${name} id=${name} now=${news[name]} old=${problem !== null} />`)}</ul>
    </section>`)}
  </div>`;
}

const shareWords = (answered, polls) => (polls ? `${((100 * answered) / polls).toFixed(1)} %` : "–");

function BusHead({ id, bus }) {
  return html`<header class="bus-head"><h2>${id}</h2>
    <span class=${`trust ${bus.connected ? "good" : "bad"}`}><${QualityMark} quality=${bus.connected ? "good" : "bad"} /><span>${tell(bus.connected ? "panel.bus.connected" : "panel.bus.gone")}</span></span>
    <span class="soft">${[tell(`panel.bus.${bus.protocol}`), bus.where, bus.settings && tell("panel.bus.configured", { settings: bus.settings })].filter(Boolean).join(" · ")}</span>
    <span>${tell("panel.bus.answers", { share: shareWords(bus.answered, bus.polls), online: bus.online, count: bus.devices })}</span>
    ${Object.keys(bus.failures).length > 0 && html`<span class="soft">${failuresWords(bus.failures)}</span>`}
  </header>`;
}

/** Drivers name a failure in one word; what has no message is shown as it is. */
function failureWords(kind) {
  const [, code] = kind.match(/^exception_(\d+)$/) ?? [];
  if (code) return tell("failure.exception", { code });
  const key = ["failure", "reason"].map((one) => `${one}.${kind}`).find(knows);
  return key ? tell(key) : kind;
}

const failuresWords = (failures) => Object.entries(failures).map(([kind, count]) => tell("panel.device.failure", { kind: failureWords(kind), count })).join(", ");

function Device({ id, now, old }) {
  const known = site.value.devices[id];
  const lock = laidOn(id, "lock");
  const facts = [
    ["panel.device.seen", now.seen === null ? tell("panel.device.never") : ageWords(farmNow.value - now.seen)],
    ["panel.device.answered", `${shareWords(now.answered, now.polls)} (${now.answered} / ${now.polls})`],
    ["panel.device.writes", `${now.writes}${now.writes_failed ? ` (${tell("panel.device.failed", { count: now.writes_failed })})` : ""}`],
    ["panel.device.latency", `${now.latency_ms.toFixed(0)} ms`],
    ["panel.device.failures", failuresWords(now.failures) || "–"],
    ["panel.device.watchdog", knows(`panel.device.watchdog.${now.watchdog}`) ? tell(`panel.device.watchdog.${now.watchdog}`) : now.watchdog],
    ["panel.device.commissioned", tell(`panel.device.commissioned.${now.commissioned}`)],
    ["panel.device.last_error", now.last_error ? failureWords(now.last_error) : "–"],
  ];
  return html`<li class=${`card device ${now.online ? "online" : "away"} ${old ? "old" : ""}`}>
    <header><h2>${id}</h2><span class=${`trust ${now.online ? "good" : "bad"}`}><${QualityMark} quality=${now.online ? "good" : "bad"} /><span>${tell(now.online ? "panel.device.online" : "panel.device.offline")}</span></span></header>
    <p class="kind">${known ? `${known.product} · ${known.bus}${known.unit === null ? "" : ` · ${tell("panel.device.unit", { unit: String(known.unit) })}`}` : ""}</p>
    ${lock && html`<p><${Laid} mark=${lock} /></p>`}
    <dl>${facts.map(([key, words]) => html`<div><dt>${tell(key)}</dt><dd>${words}</dd></div>`)}</dl>
    <div class="parts">
      <${Opener} label=${tell("panel.device.heard")} form=${() => html`<${RawWords} id=${id} />`} />
      ${ranks("technician") && known?.outputs.length > 0 && html`<${Opener} label=${tell("panel.device.try")} form=${() => html`<${DeviceOutputs} outputs=${known.outputs} />`} />`}
    </div>
  </li>`;
}
