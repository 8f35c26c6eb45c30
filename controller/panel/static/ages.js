// How old a thing is, or how long it still goes on: words that only themselves are drawn anew for, once a second.

import { farmSecond } from "./farm.js";
import { html } from "./html.js";
import { age } from "./numbers.js";
import { ageWords, tell } from "./words.js";

/** "12 min ago", of a moment in farm time (milliseconds). */
export const Age = ({ since }) => ageWords(farmSecond.value - since);

/** "still 12 min", until a moment in farm time. */
export function Left({ until }) {
  const left = Math.max(0, until - farmSecond.value);
  const { count, of } = age(left);
  return html`<span class="left">${tell(`panel.left.${of}`, { count, minutes: Math.floor(left / 60000) % 60 })}</span>`;
}
