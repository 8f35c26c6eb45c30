// Messages: what rules said to people. Kept on this box; whether anybody was reached is not known here.

import { farmNow } from "./farm.js";
import { html } from "./html.js";
import { get } from "./server.js";
import { useEffect, useState } from "./vendor/preact_hooks.js";
import { ageWords, language, tell } from "./words.js";

const EVERY_MS = 10000;
const MOST = 5;

/** The newest few; nothing where there are none, or none can be had. */
export function Notices() {
  const [notices, setNotices] = useState([]);
  useEffect(() => {
    let over = false;
    let timer;
    async function look() {
      const found = await get(`notices?most=${MOST}`).catch(() => null);
      if (over) return;
      if (found) setNotices(found.notices);
      timer = setTimeout(look, EVERY_MS);
    }
    look();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, []);
  return notices.length > 0 && html`<section class="card wide" aria-labelledby="card-notices">
    <header><h2 id="card-notices">${tell("panel.notices")}</h2></header>
    <ul class="alarm-list">${notices.map((one) => html`<li key=${one.id}>${one.text[language.value] ?? one.text.en} <span class="age">${ageWords(farmNow.value - one.time)}</span></li>`)}</ul>
  </section>`;
}
