// Rules: each in a sentence, how it stands, what it did, how it is written, and when it would have come on.

import { Left } from "./ages.js";
import { Deal, Opener } from "./deal.js";
import { thing } from "./deeds.js";
import { farmNow, link, site } from "./farm.js";
import { html } from "./html.js";
import { clockTime, dayOfYear } from "./numbers.js";
import { usePolled } from "./polled.js";
import { ranks } from "./screens.js";
import { get, post, put } from "./server.js";
import { SwitchOff, SwitchOn } from "./rule_switch.js";
import { useEffect, useState } from "./vendor/preact_hooks.js";
import { ageWords, language, tell } from "./words.js";

const EVERY_MS = 5000;
const REPLAY_MS = 3000;

export function Rules() {
  const [texts, setTexts] = useState(null);
  const [wanted, setWanted] = useState("");
  const { news, problem, ask } = usePolled("rules", EVERY_MS);
  useEffect(() => void get("rule-texts").then((found) => setTexts(found.rules)).catch(() => setTexts({})), []);
  // all of a card at once: a button does not move away under a finger because its words come later
  const rules = Object.entries((texts && news?.rules) ?? {});
  const sentence = (name) => texts?.[name]?.[language.value] ?? texts?.[name]?.en ?? "";
  const words = wanted.trim().toLowerCase();
  const found = rules.filter(([name]) => `${name} ${thing(name)} ${sentence(name)}`.toLowerCase().includes(words));
  return html`<div class="screen rules">
    <h1>${tell("panel.rules")}</h1>
    ${problem && html`<p class="notice bad" role="alert">${tell(problem.key, problem.values)}</p>`}
    ${news && texts && rules.length === 0 && html`<p class="empty">${tell("panel.rules.none")}</p>`}
    ${rules.length > 0 && html`<${Replay} />
      <label class="field"><span>${tell("panel.search")}</span><input type="search" value=${wanted} onInput=${(event) => setWanted(event.target.value)} /></label>`}
    <ul class="cards">${found.map(([name, rule]) => html`<${Rule} key=${name} name=${name} rule=${rule} sentence=${sentence(name)} old=${problem !== null} onChanged=${ask} />`)}</ul>
  </div>`;
}

/** How it stands, in a word and a shape. */
function standing(rule) {
  if (rule.off_until !== null) return { kind: "manual", words: tell("panel.rule.switched_off") };
  if (rule.spent) return { kind: "trip", words: tell(`panel.rule.spent.${rule.spent}`) };
  if (rule.unknown) return { kind: "manual", words: tell(rule.on ? "panel.rule.on_unknown" : "panel.rule.off_unknown") };
  const until = rule.waits && clockTime(rule.waits_until, site.value.site.timezone, true);
  if (rule.waits === "on") return { kind: "", words: tell("panel.rule.comes_on", { until }) };
  if (rule.waits === "off") return { kind: "on", words: tell("panel.rule.goes_off", { until }) };
  return rule.on ? { kind: "on", words: tell("panel.rule.on") } : { kind: "", words: tell("panel.rule.off") };
}

function Rule({ name, rule, sentence, old, onChanged }) {
  const { kind, words } = standing(rule);
  const now = { times: rule.activations_today, minutes: Math.round(rule.on_today_s / 60) };
  return html`<li class=${`card rule ${old || link.value !== "live" ? "old" : ""}`}>
    <header><h2>${thing(name)}</h2><span class=${`slot ${kind}`}>${words}</span></header>
    <p class="sentence">${sentence}</p>
    <dl class="facts">
      ${rule.off_until !== null && html`<div><dt>${tell("panel.rule.switched_off.by")}</dt><dd>${tell("panel.rule.switched_off.until", { by: rule.off_by, until: moment(rule.off_until), reason: rule.off_reason })} (<${Left} until=${rule.off_until} />)</dd></div>`}
      <div><dt>${tell("panel.rule.changed")}</dt><dd>${rule.changed === null ? tell("panel.rule.never") : `${moment(rule.changed)} (${ageWords(farmNow.value - rule.changed)})`}</dd></div>
      <div><dt>${tell("panel.rule.today")}</dt><dd>${tell("panel.rule.did", now)}</dd></div>
      ${rule.errors > 0 && html`<div><dt>${tell("panel.rule.errors")}</dt><dd>${rule.errors}</dd></div>`}
    </dl>
    <footer><${Opener} label=${tell("panel.rule.text")} form=${() => html`<${Text} name=${name} />`} />
      ${rule.spent && ranks("operator") && html`<${Opener} label=${tell("panel.rule.again")} form=${(close) => html`<${Again} name=${name} spent=${words} onClose=${close} onChanged=${onChanged} />`} />`}
      ${rule.off_until !== null
        ? html`<${SwitchOn} name=${name} onChanged=${onChanged} />`
        : html`<${SwitchOff} name=${name} guarded=${rule.guarded} sentence=${sentence} onChanged=${onChanged} />`}</footer>
  </li>`;
}

const moment = (at) => `${dayOfYear(at, site.value.site.timezone)} ${clockTime(at, site.value.site.timezone)}`;

/** What stays off runs again: looked at, then confirmed. */
function Again({ name, spent, onClose, onChanged }) {
  const told = () => html`<p>${tell("panel.rule.again.told", { name: thing(name), spent })}</p>`;
  async function send(id) {
    await put(`resets/${name}`, { change_id: id });
    onChanged();
  }
  return html`<${Deal} told=${told} send=${send} onClose=${onClose}
    choose=${(review, live) => html`${told()}<div class="choices"><button type="button" onClick=${onClose}>${tell("panel.cancel")}</button><button type="button" class="strong" disabled=${!live} onClick=${() => review({})}>${tell("panel.setpoint.review")}</button></div>`} />`;
}

/** The whole of it: in words, and as it runs, line by line. */
function Text({ name }) {
  const [text, setText] = useState(null);
  useEffect(() => void get(`rule-texts/${name}`).then(setText).catch((problem) => setText({ problem })), [name]);
  if (text?.problem) return html`<p class="notice bad" role="alert">${tell(text.problem.key, text.problem.values)}</p>`;
  return text && html`<div class="text">
    <ul>${(text.words[language.value] ?? text.words.en).map((line) => html`<li key=${line}>${line}</li>`)}</ul>
    <p class="hint">${tell("panel.rule.written", { name })}</p>
    <div class="scroll" tabindex="0" role="region" aria-label=${tell("panel.rule.text")}><ol class="code">${text.lines.map((line, index) => html`<li key=${index}>${line}</li>`)}</ol></div>
  </div>`;
}

/** The last day played to the rules as they stand now. */
function Replay() {
  const { news, ask } = usePolled("rule-replay", REPLAY_MS);
  const [problem, setProblem] = useState(null);
  async function begin() {
    try {
      await post("rule-replay");
      setProblem(null);
    } catch (refusal) {
      setProblem(refusal);
    }
    ask();
  }
  // its place is kept while it is asked: what stands below it must not move under a finger
  const running = news?.state === "running";
  const rows = Object.keys(news?.now ?? {});
  const cell = (one) => (one ? tell("panel.rules.replay.fired", { times: one.activations, hours: one.hours_on.toFixed(1) }) : "–");
  const first = (one) => (one?.first ? moment(one.first) : "–");
  return html`<section class="card" aria-labelledby="replay"><header><h2 id="replay">${tell("panel.rules.replay")}</h2></header>
    <p class="hint">${tell("panel.rules.replay.hint")}</p>
    ${ranks("operator") && html`<div class="choices"><button type="button" disabled=${!news || running || link.value !== "live"} onClick=${begin}>${tell(running ? "panel.rules.replay.running" : "panel.rules.replay.begin")}</button></div>`}
    <div role="status">
      ${problem && html`<p class="notice bad">${tell(problem.key, problem.values)}</p>`}
      ${news?.state === "failed" && html`<p class="notice bad">${tell("panel.rules.replay.failed", { why: news.why })}</p>`}
      ${news?.state === "done" && html`<p>${tell("panel.rules.replay.done", { from: moment(news.begins), to: moment(news.ends), by: news.by })}</p>`}
    </div>
    ${news?.state === "done" && html`<div class="scroll" tabindex="0" role="region" aria-labelledby="replay"><table class="table">
      <thead><tr><th scope="col">${tell("panel.rules")}</th><th scope="col">${tell("panel.rules.replay.ran")}</th><th scope="col">${tell("panel.rules.replay.now")}</th><th scope="col">${tell("panel.rules.replay.first")}</th></tr></thead>
      <tbody>${rows.map((name) => html`<tr key=${name}><th scope="row">${thing(name)}</th><td>${cell(news.ran[name])}</td><td>${cell(news.now[name])}</td><td>${first(news.now[name])}</td></tr>`)}</tbody>
    </table></div>`}
  </section>`;
}
