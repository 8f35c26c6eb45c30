// Help on a touch or by a key: the keys that work on this screen, and the operators' pages, which are on the box too.

import { html } from "./html.js";
import { screenOf, wear } from "./screens.js";
import { keyHelps, rememberKey } from "./tools.js";
import { render } from "./vendor/preact.js";
import { useState } from "./vendor/preact_hooks.js";
import { allWords, language, tell } from "./words.js";

const EVERYWHERE = [["Tab", "panel.help.key.next"], ["Shift Tab", "panel.help.key.back"], ["Enter", "panel.help.key.do"], ["Esc", "panel.help.key.close"], ["?", "panel.help.key.help"]];
const ON = {
  trend: [["← →", "panel.help.key.move"], ["+ −", "panel.help.key.zoom"], ["End", "panel.help.key.now"]],
};
const PAGES = {
  "first-steps": "panel.help.page.first_steps", panel: "panel.help.page.panel", alarms: "panel.help.page.alarms", "by-hand": "panel.help.page.by_hand",
  "day-and-book": "panel.help.page.day_and_book", "trends-and-probes": "panel.help.page.trends_and_probes",
};
/** The page that tells of a screen; of any other, where to begin. */
const TELLS = {
  "": "panel", facility: "panel", kiosk: "panel", alarms: "alarms", trend: "trends-and-probes", devices: "trends-and-probes", calibration: "trends-and-probes",
  entries: "trends-and-probes", schedule: "day-and-book", rules: "day-and-book", logbook: "day-and-book", energy: "day-and-book",
};

/** Opens it over the screen at `path`; what had the focus has it again when it closes. */
export async function openHelp(path) {
  await Promise.all([allWords(), wear("help.css")]);
  if (document.querySelector("dialog")) return;
  const dialog = Object.assign(document.createElement("dialog"), { className: "card help" });
  dialog.setAttribute("aria-labelledby", "help");
  dialog.addEventListener("close", () => {
    render(null, dialog);
    dialog.remove();
  });
  document.body.append(dialog);
  render(html`<${Help} path=${path} close=${() => dialog.close()} />`, dialog);
  dialog.showModal();
}

function Help({ path, close }) {
  const [byKey, setByKey] = useState(keyHelps());
  const screen = screenOf(path);
  const first = TELLS[screen.path] ?? "first-steps";
  const pages = [first, ...Object.keys(PAGES).filter((one) => one !== first)];
  function choose(event) {
    rememberKey(event.target.checked);
    setByKey(event.target.checked);
  }
  return html`<header><h2 id="help">${[tell("panel.help"), screen.label && tell(screen.label)].filter(Boolean).join(" · ")}</h2>
      <button type="button" onClick=${close}>${tell("panel.close")}</button></header>
    <h3>${tell("panel.help.pages")}</h3>
    <ul class="ways">${pages.map((one) => html`<li key=${one}><a class="button" target="_blank" href=${`/guide/${one}?language=${language.value}`}>${tell(PAGES[one])}</a></li>`)}</ul>
    <h3>${tell("panel.help.keys")}</h3>
    <dl class="facts">${[...(ON[screen.path] ?? []), ...EVERYWHERE].map(([key, does]) => html`<div key=${key}><dt><kbd>${key}</kbd></dt><dd>${tell(does)}</dd></div>`)}</dl>
    <label class="choice"><input type="checkbox" checked=${byKey} onChange=${choose} /><span>${tell("panel.help.by_key")}</span></label>`;
}
