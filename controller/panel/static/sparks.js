// The last half hour of a value as a small line. What was before comes from the record, what is new from the stream.

import { farmNow, link, reading } from "./farm.js";
import { html } from "./html.js";
import { get } from "./server.js";
import { signal, untracked } from "./vendor/signals.js";

const SPAN_MS = 30 * 60 * 1000;
const EVERY_MS = 30000;
const AT_ONCE = 8;
/** The least height, as a share of the value's range: rest is to look like rest. */
const LEAST = 0.04;

const lines = new Map();
let wanted = [];
let timer = null;

/** The signal of one value's points, `[time, value or null]`. */
function points(tag) {
  let found = lines.get(tag);
  if (!found) {
    lines.set(tag, (found = signal([])));
    wanted.push(tag);
    if (wanted.length === 1) setTimeout(fetchPast, 50);
    timer ??= setInterval(sample, EVERY_MS);
  }
  return found;
}

async function fetchPast() {
  const all = wanted;
  wanted = [];
  for (let at = 0; at < all.length; at += AT_ONCE) {
    const tags = all.slice(at, at + AT_ONCE);
    const past = await get(`trend?seconds=${SPAN_MS / 1000}&${tags.map((tag) => `tag=${encodeURIComponent(tag)}`).join("&")}`).catch(() => null);
    for (const tag of past ? tags : []) {
      const { t, v } = past.pens[tag] ?? { t: [], v: [] };
      lines.get(tag).value = [...thinned(t.map((time, place) => [time, v[place]])), ...lines.get(tag).value];
    }
  }
}

/** One point in each sixtieth of the time; a gap stays a gap. */
function thinned(all) {
  const found = [];
  let slot = null;
  for (const [time, value] of all) {
    const present = Math.floor(time / EVERY_MS);
    if (present !== slot || value === null) found.push([time, value]);
    slot = present;
  }
  return found;
}

function sample() {
  if (link.value !== "live") return;
  const now = farmNow.value;
  for (const [tag, line] of lines) {
    const value = reading(tag)?.v;
    line.value = [...line.value.filter(([time]) => time > now - SPAN_MS), [now, typeof value === "number" ? value : null]];
  }
}

/** `low` and `high` are the range that the value's bar shows. */
export function Spark({ tag, low, high }) {
  const all = points(tag).value;
  const known = all.filter(([, value]) => value !== null);
  if (known.length < 2) return html`<svg class="spark" aria-hidden="true"></svg>`;
  const now = untracked(() => farmNow.value);
  const values = known.map(([, value]) => value);
  const least = Math.min(...values);
  const most = Math.max(...values);
  const room = Math.max(most - least, (high - low) * LEAST) || 1;
  const bottom = (least + most - room) / 2;
  let path = "";
  let drawn = false;
  for (const [time, value] of all) {
    if (value !== null) path += `${drawn ? "L" : "M"}${(100 + (100 * (time - now)) / SPAN_MS).toFixed(1)} ${(22 - (20 * (value - bottom)) / room).toFixed(1)}`;
    drawn = value !== null;
  }
  return html`<svg class="spark" viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true"><path d=${path} vector-effect="non-scaling-stroke" /></svg>`;
}
