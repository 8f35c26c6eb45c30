// A setpoint's day: what it was, now, and what it will be; beside it, dashed, what a change would make of it.

import { site } from "./farm.js";
import { html } from "./html.js";
import { clockTime } from "./numbers.js";
import { quantity, tell } from "./words.js";

const HALF_HOUR_MS = 1800000;
const TALL = 100;

export function DayChart({ name, day, schedule }) {
  const { begins, ends, now } = schedule;
  const behind = schedule.behind[name];
  const lines = [day.ahead, day.proposed, behind].filter(Boolean);
  const values = lines.flatMap((line) => line.v).filter((one) => one !== null);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = Math.max((high - low) * 0.12, Math.abs(high) * 0.01, 1e-6);
  const x = (at) => (100 * (at - begins)) / (ends - begins);
  const y = (value) => TALL - (TALL * (value - low + room)) / (high - low + 2 * room);
  const path = (line) => drawn(line.t.map((at) => 10 * x(at)), line.v.map((value) => (value === null ? null : y(value))));
  const ticks = hours(begins, ends);
  const told = quantity(day.ahead.v[0], day.unit);
  return html`<figure class="day">
    <svg role="img" aria-label=${tell("panel.schedule.chart", { now: told, low: quantity(low, day.unit), high: quantity(high, day.unit) })}>
      ${ticks.map((at) => html`<line key=${at} class="hour" x1=${`${x(at)}%`} x2=${`${x(at)}%`} y1="20" y2="124" />`)}
      ${schedule.sunrises.map((at) => html`<${Sun} key=${at} x=${x(at)} up=${true} />`)}
      ${schedule.sunsets.map((at) => html`<${Sun} key=${at} x=${x(at)} up=${false} />`)}
      <svg x="0" y="22" width="100%" height=${TALL} viewBox=${`0 0 1000 ${TALL}`} preserveAspectRatio="none">
        ${behind && html`<path class="behind" d=${path(behind)} />`}
        <path class="ahead" d=${path(day.ahead)} />
        ${day.proposed && html`<path class="proposed" d=${path(day.proposed)} />`}
      </svg>
      <line class="now-line" x1=${`${x(now)}%`} x2=${`${x(now)}%`} y1="18" y2="126" />
      <text class="now-word" x=${`${x(now)}%`} y="13" text-anchor="middle">${tell("panel.schedule.now")}</text>
      ${ticks.map((at) => html`<text key=${at} class="hour" x=${`${x(at)}%`} y="142" text-anchor="middle">${clockTime(at, site.value.site.timezone)}</text>`)}
    </svg>
    <figcaption class="soft">${low === high ? quantity(low, day.unit) : tell("panel.schedule.from_to", { low: quantity(low, day.unit), high: quantity(high, day.unit) })}</figcaption>
  </figure>`;
}

/** A sun over or under its horizon. */
function Sun({ x, up }) {
  return html`<svg class="sun" x=${`${x}%`} y="10" overflow="visible" aria-hidden="true"><path d=${up ? "M-7 3h14M-4 3a4 4 0 0 1 8 0M0-5v3" : "M-7-3h14M-4-3a4 4 0 0 0 8 0M0 2v3"} /></svg>`;
}

function drawn(xs, ys) {
  let pen = "M";
  return ys.map((value, index) => {
    if (value === null) {
      pen = "M";
      return "";
    }
    const to = `${pen}${xs[index].toFixed(1)} ${value.toFixed(2)}`;
    pen = "L";
    return to;
  }).join("");
}

/** Every six hours of the site's own clock, not too near the edges. */
function hours(begins, ends) {
  const found = [];
  for (let at = Math.ceil(begins / HALF_HOUR_MS) * HALF_HOUR_MS; at < ends; at += HALF_HOUR_MS) {
    const [hour, minute] = clockTime(at, site.value.site.timezone).split(":").map(Number);
    if (minute === 0 && hour % 6 === 0 && at - begins > HALF_HOUR_MS && ends - at > HALF_HOUR_MS) found.push(at);
  }
  return found;
}
