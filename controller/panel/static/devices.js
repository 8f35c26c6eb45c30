// Devices: which answer on their wires, how often they do not, and what they said last.

import { farmNow, site } from "./farm.js";
import { html } from "./html.js";
import { QualityMark } from "./marks.js";
import { get } from "./server.js";
import { useEffect, useState } from "./vendor/preact_hooks.js";
import { ageWords, knows, tell } from "./words.js";

const EVERY_MS = 5000;

export function Devices() {
  const [news, setNews] = useState(null);
  const [problem, setProblem] = useState(null);
  useEffect(() => {
    let over = false;
    let timer;
    async function look() {
      try {
        const found = await get("devices");
        if (over) return;
        setNews(found.devices);
        setProblem(null);
      } catch (caught) {
        if (!over) setProblem(caught);
      }
      if (!over) timer = setTimeout(look, EVERY_MS);
    }
    look();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, []);
  return html`<div class="devices">
    <h1>${tell("panel.devices")}</h1>
    ${problem && html`<p class="notice bad" role="alert">${tell(problem.key, problem.values)}</p>`}
    ${news && Object.keys(news).length === 0 && html`<p class="empty">${tell("panel.devices.none")}</p>`}
    <ul>${Object.entries(news ?? {}).map(([id, now]) => html`<${Device} key=${id} id=${id} now=${now} old=${problem !== null} />`)}</ul>
  </div>`;
}

/** Drivers name a failure in one word; what has no message is shown as it is. */
function failureWords(kind) {
  const [, code] = kind.match(/^exception_(\d+)$/) ?? [];
  if (code) return tell("failure.exception", { code });
  const key = ["failure", "reason"].map((one) => `${one}.${kind}`).find(knows);
  return key ? tell(key) : kind;
}

function Device({ id, now, old }) {
  const known = site.value.devices[id];
  const share = now.polls ? `${((100 * now.answered) / now.polls).toFixed(1)} %` : "–";
  const failures = Object.entries(now.failures).map(([kind, count]) => tell("panel.device.failure", { kind: failureWords(kind), count })).join(", ");
  const facts = [
    ["panel.device.seen", now.seen === null ? tell("panel.device.never") : ageWords(farmNow.value - now.seen)],
    ["panel.device.answered", `${share} (${now.answered} / ${now.polls})`],
    ["panel.device.writes", `${now.writes}${now.writes_failed ? ` (${tell("panel.device.failed", { count: now.writes_failed })})` : ""}`],
    ["panel.device.latency", `${now.latency_ms.toFixed(0)} ms`],
    ["panel.device.failures", failures || "–"],
    ["panel.device.watchdog", knows(`panel.device.watchdog.${now.watchdog}`) ? tell(`panel.device.watchdog.${now.watchdog}`) : now.watchdog],
    ["panel.device.commissioned", tell(`panel.device.commissioned.${now.commissioned}`)],
    ["panel.device.last_error", now.last_error ? failureWords(now.last_error) : "–"],
  ];
  return html`<li class=${`card device ${now.online ? "online" : "away"} ${old ? "old" : ""}`}>
    <header><h2>${id}</h2><span class=${`trust ${now.online ? "good" : "bad"}`}><${QualityMark} quality=${now.online ? "good" : "bad"} /><span>${tell(now.online ? "panel.device.online" : "panel.device.offline")}</span></span></header>
    <p class="kind">${known ? `${known.product} · ${known.bus}${known.unit === null ? "" : ` · ${tell("panel.device.unit", { unit: String(known.unit) })}`}` : ""}</p>
    <dl>${facts.map(([key, words]) => html`<div><dt>${tell(key)}</dt><dd>${words}</dd></div>`)}</dl>
  </li>`;
}
