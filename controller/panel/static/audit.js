// Audit: who did what, from what to what and why; and whether the chain of it holds.

import { deedWords } from "./deeds.js";
import { site } from "./farm.js";
import { html } from "./html.js";
import { clockTime, dayOfYear, number } from "./numbers.js";
import { Problem } from "./password.js";
import { get } from "./server.js";
import { useEffect, useState } from "./vendor/preact_hooks.js";
import { knows, tell, unitWord } from "./words.js";

export function Audit() {
  const [deeds, setDeeds] = useState(null);
  const [next, setNext] = useState(null);
  const [problem, setProblem] = useState(null);
  const fetchFrom = (before) =>
    get(`audit?most=50${before === null ? "" : `&before=${before}`}`).then((page) => {
      setDeeds((known) => (before === null ? page.deeds : [...known, ...page.deeds]));
      setNext(page.next);
      setProblem(null);
    }, setProblem);
  useEffect(() => {
    fetchFrom(null);
  }, []);
  return html`<div class="screen audit">
    <h1>${tell("panel.audit")}</h1>
    <${Problem} problem=${problem} />
    <${Chain} />
    ${deeds?.length === 0 && html`<p class="empty">${tell("panel.audit.none")}</p>`}
    ${deeds?.length > 0 && html`<div class="scroll" tabindex="0" role="region" aria-label=${tell("panel.audit")}><table class="table">
      <thead><tr>${["number", "when", "who", "what", "told"].map((one) => html`<th key=${one} scope="col">${tell(`panel.audit.${one}`)}</th>`)}</tr></thead>
      <tbody>${deeds.map((deed) => html`<${Deed} key=${deed.id} deed=${deed} />`)}</tbody>
    </table></div>`}
    <div class="choices"><button onClick=${() => fetchFrom(null)}>${tell("panel.audit.again")}</button>
      ${next !== null && html`<button onClick=${() => fetchFrom(next)}>${tell("panel.older")}</button>`}</div>
  </div>`;
}

function Chain() {
  const [verdict, setVerdict] = useState(null);
  const [problem, setProblem] = useState(null);
  const look = () => get("audit/chain").then(setVerdict, setProblem);
  useEffect(() => {
    look();
  }, []);
  if (!verdict) return html`<${Problem} problem=${problem} />`;
  const broken = verdict.problems.map((one) => tell(`panel.audit.chain.${one.kind}`, { id: String(one.id) })).join(", ");
  return html`<section class="card wide chain">
    <p class=${`notice ${verdict.holds ? "good" : "bad"}`} role="status"><b aria-hidden="true">${verdict.holds ? "✓" : "✗"}</b> ${verdict.holds ? tell("panel.audit.chain.holds", { rows: verdict.rows }) : tell("panel.audit.chain.broken", { broken })}</p>
    ${verdict.newest && html`<p class="hint">${tell("panel.audit.chain.newest")} <code>${verdict.newest.slice(0, 32)}</code></p>`}
    <div class="choices"><button onClick=${look}>${tell("panel.audit.chain.look")}</button></div>
  </section>`;
}

const plain = (value) => (value === null || value === undefined ? "–" : typeof value === "object" ? Object.values(value).join(" ") : String(value));

/** One side of a change, in the words of what was changed. */
function shown({ what, subject, said }, value) {
  const { setpoints, tags, site: place } = site.value;
  if (what.startsWith("alarm_")) return tell(value === "normal" ? "panel.audit.normal" : `alarm.state.${value}`);
  if (what.startsWith("rule_switched") || what.startsWith("bypass")) {
    const until = `${dayOfYear(value * 1000, place.timezone)} ${clockTime(value * 1000, place.timezone)}`;
    return value ? tell("panel.audit.off_until", { until }) : tell("panel.audit.runs");
  }
  if (what === "override") return value === null ? tell("panel.hand.auto") : `${number(value, "%")} %`;
  const unit = (setpoints[said.setpoint ?? subject] ?? tags[subject])?.unit;
  return unit !== undefined && typeof value === "number" ? `${number(value, unit)} ${unitWord(unit)}`.trim() : plain(value);
}

function Deed({ deed }) {
  const { timezone } = site.value.site;
  const own = `panel.audit.deed.${deed.what}`;
  const words = knows(own) ? tell(own, { name: deed.subject, role: knows(`panel.role.${deed.said.role}`) ? tell(`panel.role.${deed.said.role}`) : "", from: deed.said.from ?? "" }) : deedWords({ what: deed.what, place: deed.subject, said: deed.said });
  const change = "before" in deed.said && "after" in deed.said ? `${shown(deed, deed.said.before)} → ${shown(deed, deed.said.after)}` : "";
  return html`<tr><td>${deed.id}</td><td>${dayOfYear(deed.at, timezone)} ${clockTime(deed.at, timezone, true)}</td><td>${deed.who || "–"}</td>
    <td>${words}</td><td>${[change, knows(own) ? deed.said.reason : ""].filter(Boolean).join(" · ")}</td></tr>`;
}
