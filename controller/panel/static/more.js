// Behind "More": the screens that have no room in a phone's bar, and what belongs to this device and this person.

import { html } from "./html.js";
import { Sign } from "./nav.js";
import { listed } from "./screens.js";
import { session } from "./session.js";
import { Tools } from "./tools.js";
import { tell } from "./words.js";

export function More() {
  const rest = listed().filter((one) => !one.main);
  return html`<div class="more-screens">
    <h1>${tell("panel.more")}</h1>
    <ul class="ways">${rest.map(({ path, label }) => html`<li key=${path}><a class="button" href=${`#/${path}`}><${Sign} path=${path} /><span>${tell(label)}</span></a></li>`)}</ul>
    <p class="who">${tell("panel.signed_in", { who: session.value.who })}</p>
    <${Tools} />
  </div>`;
}
