// The mimic: a zone drawn with its own equipment, what runs, and its key values. Grey, with running told by fill and word.

import { order, reading, setpoint, site } from "./farm.js";
import { EquipmentSign, partOf } from "./equipment.js";
import { html } from "./html.js";
import { laidOn, locksOn } from "./laid.js";
import { number } from "./numbers.js";
import { positionWords } from "./outputs.js";
import { keyValues, ofZone, zoneWord } from "./places.js";
import { SCENES } from "./scenes.js";
import { judged } from "./values.js";
import { useEffect, useState } from "./vendor/preact_hooks.js";
import { called, quantity, tell, unitWord } from "./words.js";

const CELL = { width: 72, height: 112 };
const VALUE = { width: 144, height: 66 };
const MOST_VALUES = 6;
const NARROW = matchMedia("(max-width: 700px)");
/** Letters of a name that fit into a cell; Chinese ones are about twice as wide. */
const LINE = 11;

/** Two lines of a name at most, in which nothing runs over its cell. */
function lines(name) {
  const wide = (text) => [...text].reduce((sum, letter) => sum + (letter > "\u2e80" ? 2 : 1), 0);
  const found = [""];
  for (const word of /[\u2e80-\uffff]/.test(name) ? [...name] : name.split(/(?<= )/)) {
    const joined = found[found.length - 1] + word;
    if (wide(joined.trim()) <= LINE || joined === word) found[found.length - 1] = joined;
    else found.push(word);
  }
  const cut = (text) => (wide(text) <= LINE + 1 ? text : `${[...text].slice(0, LINE - 1).join("")}…`);
  return found.length > 2 ? [cut(found[0].trim()), `${found[1].trim()}…`] : found.map((one) => cut(one.trim()));
}

/** Places things in rows as wide as the scene, each row in its middle. */
function rows(things, width, cell) {
  const most = Math.max(1, Math.floor(width / cell.width));
  return things.map((thing, at) => {
    const row = Math.floor(at / most);
    const count = Math.min(most, things.length - row * most);
    return { thing, x: (width - count * cell.width) / 2 + (at % most) * cell.width, y: row * cell.height };
  });
}

const tall = (placed, cell) => (placed.length ? placed[placed.length - 1].y + cell.height : 0);

export function Mimic({ facility, zone }) {
  const [narrow, setNarrow] = useState(NARROW.matches);
  useEffect(() => {
    const listen = () => setNarrow(NARROW.matches);
    NARROW.addEventListener("change", listen);
    return () => NARROW.removeEventListener("change", listen);
  }, []);
  const width = narrow ? 312 : 760;
  const scene = SCENES[facility.kind] ?? SCENES.room;
  const names = ofZone(site.value.outputs, facility, zone);
  const bandOf = (name) => (scene.inside && partOf(name).part === "heater" ? "above" : partOf(name).band);
  const band = (which) => rows(names.filter((name) => bandOf(name) === which), width - 24, CELL).map((one) => ({ ...one, x: one.x + 12 }));
  const above = band("above");
  const below = band("below");
  const values = rows(keyValues(facility, zone, 2, MOST_VALUES), width - 24, VALUE).map((one) => ({ ...one, x: one.x + 12 }));
  if (names.length === 0) return null;
  const middle = scene.top + tall(above, CELL);
  const ground = middle + tall(values, VALUE) + 28;
  const height = ground + tall(below, CELL) + 10;
  const part = zoneWord(facility, zone);
  return html`<section class=${`card wide mimic ${facility.kind}`}>
    ${part && html`<h2>${part}</h2>`}
    <svg viewBox=${`0 0 ${width} ${height}`} role="group" aria-label=${tell("panel.mimic", { name: called(facility.name) })}>
      <g class="scene" aria-hidden="true">${scene.draw({ width, middle, ground, height, level: waterLevel(facility, zone) })}</g>
      ${above.map(({ thing, x, y }) => html`<${Equipment} key=${thing} name=${thing} facility=${facility} x=${x} y=${y + scene.top} />`)}
      ${values.map(({ thing, x, y }) => html`<${Value} key=${thing} tag=${thing} x=${x} y=${y + middle + 16} />`)}
      ${below.map(({ thing, x, y }) => html`<${Equipment} key=${thing} name=${thing} facility=${facility} x=${x} y=${y + ground + 6} />`)}
    </svg>
  </section>`;
}

/** Share of a tank that is full, from a level in percent; null where none is measured. */
function waterLevel(facility, zone) {
  const tag = ofZone(site.value.tags, facility, zone).find((name) => name.endsWith("level") && site.value.tags[name].unit === "%");
  const value = tag && reading(tag)?.v;
  return typeof value === "number" ? Math.min(1, Math.max(0, value / 100)) : null;
}

function Equipment({ name, facility, x, y }) {
  const known = site.value.outputs[name];
  const now = order(name);
  const share = (now?.value ?? 0) / 100;
  const held = laidOn(name, "hand") ?? locksOn(name)[0];
  const apart = ["manual", "lock_out", "trip", "life_safety"].includes(now?.slot);
  const words = positionWords(name);
  const said = `${called(known.name)}: ${words}${now ? `, ${tell(`panel.slot.${now.slot}`)}` : ""}`;
  return html`<a class="cell" href=${`#/facility/${facility.id}?output=${name}`} aria-label=${said}>
    <g transform=${`translate(${x} ${y})`}>
      <rect class="touch" width=${CELL.width} height=${CELL.height} rx="6" />
      <g transform=${`translate(${CELL.width / 2 - 20} 6)`}><${EquipmentSign} part=${partOf(name).part} share=${share} /></g>
      <text class="state" x=${CELL.width / 2} y="62">${words}</text>
      ${lines(called(known.name).replace(/\s*[(（].*$/, "")).map((line, at) => html`<text key=${at} class="label" x=${CELL.width / 2} y=${77 + 13 * at}>${line}</text>`)}
      ${(apart || held) && html`<text class="apart" x=${CELL.width / 2} y="105">${tell(`panel.slot.${now?.slot ?? "manual"}`)}</text>`}
    </g>
  </a>`;
}

function Value({ tag, x, y }) {
  const known = site.value.tags[tag];
  const now = reading(tag);
  const { quality, old } = judged(now);
  const value = now?.v ?? now?.last ?? null;
  const told = value === null ? "—" : typeof value === "number" ? number(value, known.unit) : quantity(value, known.unit);
  const aims = known.setpoints.map((name) => setpoint(name)).filter(Boolean).map((one) => number(one.value, known.unit));
  return html`<g class=${`figure ${quality} ${old ? "old" : ""}`} transform=${`translate(${x} ${y})`}>
    <text class="label" x="6" y="13">${called(known.name)}</text>
    <text class="figure-number" x="6" y="37">${told}<tspan class="unit" dx="4">${typeof value === "number" ? unitWord(known.unit) : ""}</tspan></text>
    ${old && html`<path class="dashes" d="M6 42h70" />`}
    <text class="aim" x="6" y="55">${quality === "good" ? (aims.length ? `${tell("panel.setpoint.short")} ${aims.join(" / ")}` : "") : judged(now).words}</text>
  </g>`;
}
