// The signs of equipment in a mimic: what an output is, told from the last word of its id, and how it looks at rest and
// at work. Each sign stands in a square of 40; `share` is 0 to 1.

import { html } from "./html.js";

/** Words of an output's id, the part it is, and where in a scene that part stands. The first that fits counts. */
const PARTS = [
  [/master|topup|makeup/, "valve", "below"],
  [/^(base|acid|potash)|pump_|dos|supplement/, "doser", "below"],
  [/pump$|^well|circulation/, "pump", "below"],
  [/aerator/, "aerator", "above"],
  [/blower/, "blower", "below"],
  [/vent|sides|damper/, "vent", "above"],
  [/shade|screen|blanket|curtain/, "screen", "above"],
  [/lamp|light/, "lamp", "above"],
  [/fan/, "fan", "above"],
  [/cooling|chiller|compressor|dehumidifier|defrost/, "cooler", "above"],
  [/heat|mats|pipe|mixing_valve|boiler/, "heater", "below"],
  [/mist|fog|steam|humidif|watering/, "mist", "above"],
  [/feeder/, "feeder", "above"],
  [/o2|oxygen|co2/, "gas", "above"],
  [/valve|irrigation|water/, "valve", "below"],
];

export function partOf(name) {
  const point = name.split(".")[2];
  const [, part, band] = PARTS.find(([words]) => words.test(point)) ?? [null, "device", "below"];
  return { part, band };
}

const circle = html`<circle cx="20" cy="20" r="16" class="body" />`;

const SIGNS = {
  pump: () => html`${circle}<path class="work" d="M12 9v22l20-11z" />`,
  doser: () => html`<path class="body" d="M13 5h14v9l5 6v15H8V20l5-6z" /><path class="work" d="M12 22h16v9H12z" />`,
  blower: () => html`${circle}<path class="work" d="M8 24c6-2 6-8 12-8s6 6 12 4v8H8z" />`,
  fan: () => html`${circle}<path class="work" d="M20 20c-3-9 1-13 4-12s1 8-4 12c9-3 13 1 12 4s-8 1-12-4c3 9-1 13-4 12s-1-8 4-12c-9 3-13-1-12-4s8-1 12 4z" />`,
  aerator: () => html`<path class="body" d="M6 12h28v8H6z" /><circle class="work" cx="11" cy="28" r="3" /><circle class="work" cx="20" cy="33" r="3" /><circle class="work" cx="29" cy="28" r="3" />`,
  vent: (share) => html`<path class="body" d="M4 32h32" /><path class="flap" d=${`M4 32L${(4 + 32 * Math.cos(share * 1.2)).toFixed(1)} ${(32 - 30 * Math.sin(share * 1.2)).toFixed(1)}`} />`,
  screen: (share) => html`<path class="body" d="M4 14h32" /><path class="work always" d=${`M4 14h${(32 * share).toFixed(1)}v10H4z`} />`,
  lamp: () => html`<path class="body" d="M10 8h20l5 11H5z" /><path class="work" d="M8 23h4v10H8zM18 23h4v12h-4zM28 23h4v10h-4z" />`,
  cooler: () => html`<rect class="body" x="5" y="5" width="30" height="30" rx="3" /><path class="line" d="M20 9v22M10.500 14.500l19 11M29.500 14.500l-19 11" />`,
  heater: () => html`<rect class="body" x="5" y="5" width="30" height="30" rx="3" /><path class="line" d="M12 29c-4-6 4-10 0-17M20 29c-4-6 4-10 0-17M28 29c-4-6 4-10 0-17" />`,
  mist: () => html`<path class="body" d="M6 8h28v6H6z" /><path class="work" d="M10 19l3 6h-6zM20 19l3 6h-6zM30 19l3 6h-6zM15 28l3 6h-6zM25 28l3 6h-6z" />`,
  feeder: () => html`<path class="body" d="M7 6h26L24 22v6h-8v-6z" /><path class="work" d="M14 31h4v4h-4zM20 31h4v4h-4z" />`,
  gas: () => html`<path class="body" d="M12 14a8 8 0 0 1 16 0v21H12zM17 6V2h6v4" /><path class="work" d="M15 18h10v14H15z" />`,
  valve: () => html`<path class="body work" d="M5 10v20l15-10zM35 10v20L20 20z" />`,
  device: () => html`<rect class="body" x="5" y="5" width="30" height="30" rx="3" /><rect class="work" x="12" y="12" width="16" height="16" />`,
};

export const EquipmentSign = ({ part, share }) => html`<g class=${`equipment ${share > 0 ? "runs" : "rests"}`}>${SIGNS[part](share)}</g>`;
