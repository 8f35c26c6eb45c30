// What belongs to this device and this person: help, units, language, theme, and the way out.

import { site } from "./farm.js";
import { html } from "./html.js";
import { nextTheme, theme } from "./look.js";
import { parted } from "./screens.js";
import { signOut } from "./session.js";
import { CHOSEN, chooseNext } from "./units.js";
import { language, speak, tell, unitWord } from "./words.js";

const HELP_KEY = "farmloop.help_key";

/** Whether the key of its own opens the help: who dictates, or types with a stick, may not want that. */
export const keyHelps = () => localStorage.getItem(HELP_KEY) !== "off";
export const rememberKey = (helps) => localStorage.setItem(HELP_KEY, helps ? "on" : "off");

export const help = () => import("./help.js").then((one) => one.openHelp(parted(location.hash).path)).catch(() => {});

/** The button to the site's other language; nothing where there is one only. */
export function LanguageButton() {
  const other = site.value.site.languages.find((one) => one !== language.value);
  return other && html`<button class="language" lang=${other} onClick=${() => speak(other, { remember: true })}>${tell(`panel.language.${other.split("-")[0]}`)}</button>`;
}

export function Tools() {
  return html`<span class="tools">
    <button aria-keyshortcuts="?" onClick=${help}>${tell("panel.help")}</button>
    ${CHOSEN.map((unit) => html`<button key=${unit} onClick=${() => chooseNext(unit)}>${tell(`panel.unit.${unit}`, { unit: unitWord(unit) })}</button>`)}
    <button onClick=${nextTheme}>${tell(`panel.theme.${theme.value}`)}</button>
    <button onClick=${signOut}>${tell("panel.sign_out")}</button>
  </span>`;
}
