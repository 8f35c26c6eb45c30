// What belongs to this device and this person: language, theme, and the way out.

import { site } from "./farm.js";
import { html } from "./html.js";
import { nextTheme, theme } from "./look.js";
import { signOut } from "./session.js";
import { CHOSEN, chooseNext } from "./units.js";
import { language, speak, tell, unitWord } from "./words.js";

/** The button to the site's other language; nothing where there is one only. */
export function LanguageButton() {
  const other = site.value.site.languages.find((one) => one !== language.value);
  return other && html`<button class="language" lang=${other} onClick=${() => speak(other, { remember: true })}>${tell(`panel.language.${other.split("-")[0]}`)}</button>`;
}

export function Tools() {
  return html`<span class="tools">
    ${CHOSEN.map((unit) => html`<button key=${unit} onClick=${() => chooseNext(unit)}>${tell(`panel.unit.${unit}`, { unit: unitWord(unit) })}</button>`)}
    <button onClick=${nextTheme}>${tell(`panel.theme.${theme.value}`)}</button>
    <button onClick=${signOut}>${tell("panel.sign_out")}</button>
  </span>`;
}
