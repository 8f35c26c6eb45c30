// The screen on the wall: the overview in large type, without anything to touch but the way out.

import { html } from "./html.js";
import { Overview } from "./overview.js";
import { session, signOut } from "./session.js";
import { useEffect } from "./vendor/preact_hooks.js";
import { tell } from "./words.js";

export function Kiosk() {
  useEffect(() => {
    document.documentElement.dataset.kiosk = "";
    return () => delete document.documentElement.dataset.kiosk;
  }, []);
  // who only sees has to sign in as somebody who may operate
  return html`<div class="kiosk"><${Overview} />
    <p class="kiosk-out">${session.value.role === "viewer"
      ? html`<button type="button" onClick=${signOut}>${tell("panel.kiosk.operate")}</button>`
      : html`<a class="button" href="#/">${tell("panel.kiosk.end")}</a>`}</p>
  </div>`;
}
