// Numbers and times as people read them: decimals by unit, 24-hour clock in the site's own time zone.

import { fromShown, shownIn, toShown } from "./units.js";

const DECIMALS = {
  degC: 1, K: 1, "%": 0, ppm: 0, pH: 2, count: 0, "W/m2": 0, "umol/m2/s": 0, "mol/m2/d": 1, "mg/L": 2,
  "mS/cm": 2, mV: 0, kPa: 2, "m/s": 1, "m3/h": 1, L: 1, kg: 1, kW: 2, kWh: 1, A: 2, rpm: 0, Hz: 1, s: 0, m: 2,
  jin: 1, mu: 2, ha: 3,
};

/** Decimals that a value of this unit is shown with; undefined where the size of the number decides. */
export const decimals = (unit) => DECIMALS[unit];

/** A value of the farm in the unit that people read it in, with its decimals and a real minus sign. */
export const number = (value, unit) => exactly(toShown(value, unit), shownIn(unit));

/** The same of a number that is in this very unit. */
export function exactly(value, unit) {
  const places = decimals(unit) ?? (Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
  const text = value.toFixed(places);
  // "-0.0" is a zero
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "\u2212");
}

/** What a person typed in the unit shown, in the farm's; or NaN. */
export function typed(text, unit = "") {
  const plain = text.trim().replace(",", ".").replace("\u2212", "-");
  return /^-?(\d+\.?\d*|\.\d+)$/.test(plain) ? fromShown(Number(plain), unit) : NaN;
}

/** A handy step for a range: about a fiftieth of it, as 1, 2 or 5 times a power of ten. */
export function step(low, high) {
  const rough = (high - low) / 50;
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * ([1, 2, 5, 10].find((one) => one * power >= rough * 0.999) ?? 10);
}

/** An age in its largest fitting unit. */
export function age(milliseconds) {
  const seconds = Math.max(0, milliseconds / 1000);
  if (seconds < 60) return { count: Math.floor(seconds), of: "seconds" };
  if (seconds < 3600) return { count: Math.floor(seconds / 60), of: "minutes" };
  if (seconds < 2 * 86400) return { count: Math.floor(seconds / 3600), of: "hours" };
  return { count: Math.floor(seconds / 86400), of: "days" };
}

const formats = new Map();

function parts(milliseconds, timezone) {
  if (!formats.has(timezone)) {
    const fields = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" };
    formats.set(timezone, new Intl.DateTimeFormat("en-GB", { timeZone: timezone, hourCycle: "h23", ...fields }));
  }
  return Object.fromEntries(formats.get(timezone).formatToParts(milliseconds).map(({ type, value }) => [type, value]));
}

/** "07:05" at the site, or "07:05:09". */
export function clockTime(milliseconds, timezone, seconds = false) {
  const at = parts(milliseconds, timezone);
  return seconds ? `${at.hour}:${at.minute}:${at.second}` : `${at.hour}:${at.minute}`;
}

/** "03-14" at the site. */
export function dayOfYear(milliseconds, timezone) {
  const at = parts(milliseconds, timezone);
  return `${at.month}-${at.day}`;
}
