// The panel's frame: header, alarms, navigation, the screen that the address names, and the bar that tells when
// nothing is live.

import { AlarmStrip, standing } from "./alarms.js";
import { farmSecond, follow, link, site } from "./farm.js";
import { html } from "./html.js";
import { applyTheme, theme } from "./look.js";
import { Navigation } from "./nav.js";
import { clockTime } from "./numbers.js";
import { parted, screenOf, wear } from "./screens.js";
import { meet } from "./session.js";
import { LanguageButton, Tools, help, keyHelps } from "./tools.js";
import { CHOSEN, shownIn } from "./units.js";
import { render } from "./vendor/preact.js";
import { useEffect, useState } from "./vendor/preact_hooks.js";
import { signal } from "./vendor/signals.js";
import { allWords, called, preferred, speak, tell } from "./words.js";

const address = signal(location.hash);
addEventListener("hashchange", () => {
  address.value = location.hash;
  scrollTo(0, 0);
});
// also as a Chinese keyboard has it
addEventListener("keydown", (event) => {
  if (!["?", "\uff1f"].includes(event.key) || event.ctrlKey || event.altKey || event.metaKey) return;
  if (keyHelps() && !event.target.closest?.("input, textarea, select")) help();
});

/** Loads the newer files that the box has; null while there are none. */
const loadNewer = signal(null);
/** A file of the panel that came with another digest than it must have, and was not taken; "" while there is none. */
const spoiled = signal("");

function Header() {
  const { name, timezone } = site.value.site;
  return html`<header class="top">
    <div class="brand" role="status">${loadNewer.value
      ? html`<button class="newer" onClick=${loadNewer.value}>${tell("panel.newer")}</button>`
      : spoiled.value
      ? html`<a class="spoiled" href="#/system" title=${spoiled.value}>${tell("panel.spoiled")}</a>`
      : html`<a href="#/"><img src="/static/icon.svg" alt="" width="32" height="32" /><span>${called(name)}</span></a>`}</div>
    <span class=${`link ${link.value}`}><span class="lamp" aria-hidden="true"></span><span class="word">${tell(`panel.link.${link.value}`)}</span></span>
    <${Clock} timezone=${timezone} />
    <${LanguageButton} />
    <${Tools} />
  </header>`;
}

const Clock = ({ timezone }) => html`<time class="clock" title=${timezone}>${farmSecond.value ? clockTime(farmSecond.value, timezone, true) : "–"}</time>`;

/** A screen of the table, once its module has come, and but for the first one its words. */
function Shown({ screen, id, query }) {
  const [came, setCame] = useState({});
  useEffect(() => {
    let over = false;
    Promise.all([screen.load(), screen.style && wear(screen.style), screen.path && allWords()]).then(
      ([component]) => over || setCame({ screen, component }),
      () => over || setCame({ screen, missing: true }),
    );
    return () => {
      over = true;
    };
  }, [screen]);
  if (came.screen !== screen) return null;
  if (came.missing) {
    return html`<p class="notice bad" role="alert">${tell("panel.error.no_answer")}</p>
      <p><button onClick=${() => location.reload()}>${tell("panel.try_again")}</button></p>`;
  }
  const key = `${screen.path} ${id} ${screen.drawn ? [theme.value, ...CHOSEN.map(shownIn)] : ""}`;
  return html`<${came.component} key=${key} id=${id} query=${query} />`;
}

function Panel() {
  const { path, id, query } = parted(address.value);
  const screen = screenOf(path);
  const count = standing().length;
  useEffect(() => {
    document.title = `${count ? `(${count}) ` : ""}${called(site.value.site.name)}`;
  });
  return html`<div class="frame">
    ${link.value === "silent" && html`<div class="offline" role="alert">${tell("panel.offline")}</div>`}
    <${Header} />
    <${Navigation} here=${screen.path} id=${id} />
    <${AlarmStrip} />
    <main class=${link.value === "live" ? "" : "not-live"}><${Shown} screen=${screen} id=${id} query=${query} /></main>
  </div>`;
}

async function start() {
  applyTheme();
  await Promise.all([follow(), meet()]);
  await speak(preferred(site.value.site.languages), { part: "first" });
  render(html`<${Panel} />`, document.getElementById("panel"));
  import("./app.js").then(({ install }) => install((load) => (loadNewer.value = load), (path) => (spoiled.value = path)));
}

// Without messages there are no words yet: a page that cannot start tries again until it can.
start().catch(() => setTimeout(() => location.reload(), 5000));
