// The units that people read and type: the farm's own, but masses and areas as the language has them, or as somebody
// chose on this device. Only what is shown is converted, and what is typed back again; the farm keeps its units.

import { signal } from "./vendor/signals.js";

/** How many of the farm's unit one of each is: a jin is half a kilogram, a mu a fifteenth of a hectare. */
const SIZES = { kg: { kg: 1, jin: 0.5 }, m2: { m2: 1, mu: 10000 / 15, ha: 10000 } };
const USUAL = { zh: { kg: "jin", m2: "mu" } };

export const CHOSEN = Object.keys(SIZES);
const place = (unit) => `farmloop.unit.${unit}`;
const chosen = signal(Object.fromEntries(CHOSEN.map((unit) => [unit, localStorage.getItem(place(unit))])));

/** What values in this unit of the farm are shown and typed in. */
export function shownIn(unit) {
  if (!CHOSEN.includes(unit)) return unit;
  const wish = chosen.value[unit];
  return Object.keys(SIZES[unit]).includes(wish) ? wish : USUAL[document.documentElement.lang.split("-")[0]]?.[unit] ?? unit;
}

const size = (unit) => SIZES[unit]?.[shownIn(unit)] ?? 1;

export const toShown = (value, unit) => value / size(unit);

/** Without the rest that a third leaves in the last binary digits. */
export const fromShown = (value, unit) => (size(unit) === 1 ? value : Number((value * size(unit)).toPrecision(12)));

/** The next unit that there is for this one, remembered on this device. */
export function chooseNext(unit) {
  const all = Object.keys(SIZES[unit]);
  const next = all[(all.indexOf(shownIn(unit)) + 1) % all.length];
  localStorage.setItem(place(unit), next);
  chosen.value = { ...chosen.value, [unit]: next };
}
