// One value as a row: its number, how good it is, how old, and where it lies against its setpoint and band.

import { Age } from "./ages.js";
import { Bar, span } from "./bar.js";
import { link, reading, setpoint, site } from "./farm.js";
import { html } from "./html.js";
import { QualityMark } from "./marks.js";
import { number } from "./numbers.js";
import { Spark } from "./sparks.js";
import { called, quantity, tell, unitWord } from "./words.js";

/** How a reading is to be shown: `quality`, in words, and whether it is old (greyed and dashed). */
export function judged(now) {
  if (!now) return { quality: "bad", words: tell("reason.never_seen"), old: true };
  const stale = now.why === "stale";
  if (link.value !== "live") return { quality: "uncertain", words: tell("panel.not_live"), old: true };
  const words = now.why ? `${tell(`quality.${now.q}`)}${tell("panel.colon")}${tell(`reason.${now.why}`)}` : tell(`quality.${now.q}`);
  return { quality: now.q, words, old: stale };
}

/** The number itself; a value that cannot be believed is a dash, a stale one is greyed and dashed. */
export function Figure({ tag, unit }) {
  const now = reading(tag);
  const { old } = judged(now);
  const value = now?.v ?? now?.last ?? null;
  const sides = value === null ? ["—", ""] : typeof value === "number" ? [number(value, unit), unitWord(unit)] : [quantity(value, unit), ""];
  return html`<span class=${`number ${old ? "old" : ""}`}><b>${sides[0]}</b> <i>${sides[1]}</i></span>`;
}

/** Sign and words for how good the value is and how old. */
export function Trust({ tag }) {
  const now = reading(tag);
  const { quality, words, old } = judged(now);
  const seen = now && now.why !== "never_seen";
  return html`<span class=${`trust ${quality} ${old ? "old" : ""}`}>
    <${QualityMark} quality=${quality} /><span>${words}</span>${seen && html`<span class="age">· <${Age} since=${now.t} /></span>`}
  </span>`;
}

/** The bar alone is drawn anew with its value, not the row around it. */
function LiveBar({ tag, scale, held }) {
  const now = reading(tag);
  const value = now?.v ?? now?.last ?? null;
  return html`<${Bar} scale=${scale} value=${typeof value === "number" ? value : null} old=${judged(now).old} held=${held} />`;
}

/** The whole row of one tag. */
export function ValueRow({ tag, zone = "", children }) {
  const known = site.value.tags[tag];
  const held = known.setpoints.map((name) => ({ now: setpoint(name), known: site.value.setpoints[name] })).filter((one) => one.now);
  const scale = span(known, held);
  return html`<li class=${`value ${scale ? "" : "plain"}`}>
    <span class="name">${called(known.name)}${zone && html`<small>${zone}</small>`}</span>
    <${Figure} tag=${tag} unit=${known.unit} />
    ${scale && html`<${LiveBar} tag=${tag} scale=${scale} held=${held} />`}
    <span class="aim">${held.length > 0 && html`<abbr title=${tell("panel.setpoint")}>${tell("panel.setpoint.short")}</abbr> ${held.map((one) => number(one.now.value, known.unit)).join(" / ")}`}</span>
    <${Trust} tag=${tag} />
    ${scale && html`<${Spark} tag=${tag} low=${scale.low} high=${scale.high} />`}
    ${children}
  </li>`;
}
