// Energy and water: what each facility used, by day, week or month, and where each figure comes from.

import { thing } from "./deeds.js";
import { site } from "./farm.js";
import { html } from "./html.js";
import { dayOfYear, number } from "./numbers.js";
import { usePolled } from "./polled.js";
import { fromShown } from "./units.js";
import { useState } from "./vendor/preact_hooks.js";
import { called, tell, unitWord } from "./words.js";

const EVERY_MS = 60000;
const SPANS = { day: 14, week: 8, month: 12 };
const SURE = 0.98;

export function Energy() {
  const [by, setBy] = useState("day");
  const { news, problem } = usePolled(`consumption?by=${by}&most=${SPANS[by]}`, EVERY_MS);
  const facilities = site.value.facilities.filter((one) => news?.facilities[one.id]);
  return html`<div class="screen energy">
    <h1>${tell("panel.energy")} <a class="button" href=${`/api/v1/consumption.csv?by=${by}&most=${SPANS[by]}`} download>${tell("panel.energy.csv")}</a></h1>
    <div class="pick" role="group" aria-label=${tell("panel.energy.by")}>${Object.keys(SPANS).map((one) => html`<button type="button" key=${one} aria-pressed=${by === one} onClick=${() => setBy(one)}>${tell(`panel.energy.by.${one}`)}</button>`)}</div>
    ${problem && html`<p class="notice bad" role="alert">${tell(problem.key, problem.values)}</p>`}
    ${news && facilities.length === 0 && html`<p class="empty">${tell("panel.energy.none")}</p>`}
    <div class="cards">${facilities.map((facility) => html`<section class="card" key=${facility.id} aria-labelledby=${`used-${facility.id}`}>
      <header><h2 id=${`used-${facility.id}`}>${called(facility.name)}</h2></header>
      ${Object.entries(news.facilities[facility.id]).map(([kind, one]) => html`<${Kind} key=${kind} kind=${kind} used=${one} begins=${news.begins} by=${by} />`)}
    </section>`)}</div>
  </div>`;
}

const amount = (value, unit) => (value === null ? "–" : `${number(value, unit)} ${unitWord(unit)}`);
const spanWord = (at, by) => (by === "month" ? dayOfYear(at, site.value.site.timezone).slice(0, 2) : dayOfYear(at, site.value.site.timezone));

function Kind({ kind, used, begins, by }) {
  const { total, unit, parts, per_kg: perKg } = used;
  const last = total.values.length - 1;
  const known = total.known.map((share, index) => (total.values[index] === null ? 0 : share));
  return html`<div class="used">
    <h3>${tell(`panel.energy.kind.${kind}`)}</h3>
    <p class="number"><b>${amount(total.values[last], unit)}</b> <span class="soft">${tell(`panel.energy.this.${by}`)}</span></p>
    <${Bars} values=${total.values} />
    <p class="hint">${tell(`panel.energy.source.${total.source}`)}${known[last] < SURE && known[last] > 0 ? ` ${tell("panel.energy.known", { percent: Math.round(100 * known[last]) })}` : ""}</p>
    <details><summary>${tell("panel.energy.each")}</summary><div class="scroll" tabindex="0" role="region" aria-label=${tell(`panel.energy.kind.${kind}`)}><table class="table">
      <thead><tr><th scope="col">${tell(`panel.energy.by.${by}`)}</th><th scope="col">${tell("panel.energy.total")}</th>
        ${Object.entries(parts).map(([name, one]) => html`<th scope="col" key=${name}>${thing(name)}<br /><small>${tell(`panel.energy.short.${one.source}`)}</small></th>`)}
        ${perKg.some((one) => one !== null) && html`<th scope="col">${tell("panel.energy.per_kg", { unit: unitWord("kg") })}</th>`}</tr></thead>
      <tbody>${begins.map((at, index) => ({ at, index })).reverse().map(({ at, index }) => html`<tr key=${at}>
        <th scope="row">${spanWord(at, by)}</th><td>${amount(total.values[index], unit)}${known[index] < SURE && total.values[index] !== null ? ` (${Math.round(100 * known[index])} %)` : ""}</td>
        ${Object.entries(parts).map(([name, one]) => html`<td key=${name}>${amount(one.values[index], unit)}</td>`)}
        ${perKg.some((one) => one !== null) && html`<td>${amount(perKg[index] === null ? null : fromShown(perKg[index], "kg"), unit)}</td>`}</tr>`)}</tbody>
    </table></div></details>
  </div>`;
}

/** A bar a span; what is not known has none, the one that still runs is hollow. */
function Bars({ values }) {
  const most = Math.max(...values.map((one) => one ?? 0), 1e-9);
  const wide = 100 / values.length;
  return html`<svg class="bars" viewBox="0 0 100 32" preserveAspectRatio="none" aria-hidden="true">
    <line x1="0" x2="100" y1="31.500" y2="31.500" />
    ${values.map((value, index) => value !== null && html`<rect key=${index} class=${index === values.length - 1 ? "runs" : ""} x=${(index * wide + wide * 0.15).toFixed(2)} width=${(wide * 0.7).toFixed(2)} y=${(31 - (29 * value) / most).toFixed(2)} height=${((29 * value) / most).toFixed(2)} />`)}
  </svg>`;
}
