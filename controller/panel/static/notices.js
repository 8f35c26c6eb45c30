// Messages: what rules said to people. Kept on this box; whether anybody was reached is not known here.

import { Age } from "./ages.js";
import { html } from "./html.js";
import { useOlder } from "./older.js";
import { language, tell } from "./words.js";

const EVERY_MS = 10000;
const MOST = 5;

/** The newest few, and more on a touch; nothing where there are none, or none can be had. */
export function Notices() {
  const { rows: notices, older } = useOlder(`notices?most=${MOST}`, "notices", EVERY_MS);
  return notices.length > 0 && html`<section class="card wide" aria-labelledby="card-notices">
    <header><h2 id="card-notices">${tell("panel.notices")}</h2></header>
    <ul class="alarm-list">${notices.map((one) => html`<li key=${one.id}>${one.text[language.value] ?? one.text.en} <span class="age"><${Age} since=${one.time} /></span></li>`)}</ul>
    ${older}
  </section>`;
}
