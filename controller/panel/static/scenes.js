// What stands around the equipment of a mimic: house, room, tank or pond. `middle` is where the values begin, `ground`
// where they end and the lower equipment begins; `level` is the share of a tank that is full, if it is measured. In a
// scene that is `inside` heaters hang under the roof.

import { html } from "./html.js";

/** Water from its surface down, with a broken line for the surface. */
const water = (left, right, top, bottom) => html`<path class="water" d=${`M${left} ${top}H${right}V${bottom}H${left}z`} /><path class="outline" d=${`M${left} ${top}q6-5 12 0t12 0 12 0 12 0`} />`;

/** A gabled house of glass. */
const glass = ({ width, middle, ground }) => html`
  <path class="shell" d=${`M6 ${ground}V60L${width / 2} 4L${width - 6} 60V${ground}z`} />
  <path class="outline" d=${`M6 60L${width / 2} 4L${width - 6} 60`} /><path class="earth" d=${`M0 ${ground}H${width}`} />
  ${plants(width, middle, ground)}`;

/** An arch of film. */
const film = ({ width, middle, ground }) => html`
  <path class="shell" d=${`M6 ${ground}V90Q6 8 ${width / 2} 8T${width - 6} 90V${ground}z`} /><path class="earth" d=${`M0 ${ground}H${width}`} />${plants(width, middle, ground)}`;

/** A wall to the north, a curve of film to the south. */
const lean = ({ width, middle, ground }) => html`
  <path class="shell" d=${`M18 ${ground}V14L110 6Q${width - 30} 10 ${width - 6} ${ground}z`} /><path class="wall" d=${`M6 ${ground}V10H18V${ground}z`} />
  <path class="earth" d=${`M0 ${ground}H${width}`} />${plants(width, middle, ground)}`;

const room = ({ width, ground }) => html`<rect class="shell" x="6" y="6" width=${width - 12} height=${ground - 6} rx="3" /><path class="earth" d=${`M0 ${ground}H${width}`} />`;

/** Shelves, one above another. */
const shelves = ({ width, middle, ground }) => html`${room({ width, ground })}
  ${[0.33, 0.66, 1].map((share) => html`<path class="outline faint" d=${`M14 ${middle + (ground - middle - 6) * share}H${width - 14}`} />`)}`;

/** A round tank from the side, and a gauge of its level at the wall. */
const tank = ({ width, middle, ground, level }) => {
  const top = middle + 4;
  const bottom = ground - 4;
  const full = bottom - top - 10;
  return html`${water(12, width - 12, top + 8, bottom)}<path class="outline" d=${`M12 ${top}V${bottom}H${width - 12}V${top}`} />
    ${level !== null && html`<path class="gauge" d=${`M${width - 24} ${bottom - full}h8v${full}h-8z`} /><path class="gauge-level" d=${`M${width - 24} ${bottom}v${-full * level}h8v${full * level}z`} />`}`;
};

/** A pond in its banks. */
const pond = ({ width, middle, ground }) => html`
  <path class="water" d=${`M14 ${middle + 8}H${width - 14}L${width - 40} ${ground - 2}H40z`} /><path class="earth" d=${`M0 ${middle}L14 ${middle + 8}L40 ${ground - 2}H${width - 40}L${width - 14} ${middle + 8}L${width} ${middle}`} />`;

const plants = (width, middle, ground) => Array.from({ length: Math.floor((width - 40) / 46) }, (_, at) => {
  const x = 30 + at * 46;
  return html`<path key=${at} class="plant" d=${`M${x} ${ground}v-16m0 6c-8 0-9-6-9-8 6 0 9 3 9 8m0-2c8 0 9-6 9-8-6 0-9 3-9 8`} />`;
});

export const SCENES = {
  greenhouse: { top: 44, draw: glass }, solar_greenhouse: { top: 24, draw: lean }, tunnel: { top: 30, draw: film }, nursery: { top: 44, draw: glass },
  plant_factory: { top: 12, inside: true, draw: shelves }, mushroom: { top: 12, inside: true, draw: shelves }, cold_store: { top: 12, inside: true, draw: room },
  ras: { top: 4, draw: tank }, aquaponics: { top: 4, draw: tank }, pond: { top: 4, draw: pond }, room: { top: 12, draw: room },
};
