// My access: where I am signed in, how to end it, and another password. Administrators see where everybody is.

import { html } from "./html.js";
import { Code, Problem, Secret } from "./password.js";
import { usePolled } from "./polled.js";
import { SecondFactor } from "./second_factor.js";
import { put, remove } from "./server.js";
import { session } from "./session.js";
import { useState } from "./vendor/preact_hooks.js";
import { ageWords, tell } from "./words.js";

const EVERY_MS = 10000;

export function Access() {
  const { news, problem, ask } = usePolled("sessions", EVERY_MS);
  return html`<div class="screen access">
    <h1>${tell("panel.access")}</h1>
    <${Problem} problem=${problem} />
    <section class="card wide"><h2>${tell("panel.access.sessions")}</h2>
      <ul class="stack">${(news?.sessions ?? []).map((one) => html`<${Open} key=${one.id} one=${one} ask=${ask} />`)}</ul>
    </section>
    ${session.value.account && html`<${OwnPassword} /><${SecondFactor} />`}
  </div>`;
}

function Open({ one, ask }) {
  const [problem, setProblem] = useState(null);
  const when = tell("panel.access.session", { from: one.from_address, opened: ageWords(one.opened_s * 1000), used: ageWords(one.used_s * 1000) });
  return html`<li class="user">
    <p><b>${one.who}</b> <span class="slot">${tell(`panel.role.${one.role}`)}</span> <span class="soft">${when}</span></p>
    <${Problem} problem=${problem} />
    ${one.this ? html`<p class="hint">${tell("panel.access.this")}</p>` : html`<div class="choices">
      <button onClick=${() => remove(`sessions/${one.id}`).then(ask, setProblem)}>${tell("panel.access.end")}</button></div>`}
  </li>`;
}

function OwnPassword() {
  const [told, setTold] = useState(null);
  async function change(event) {
    event.preventDefault();
    const form = event.target;
    const { password, wanted, again, code } = form.elements;
    if (wanted.value !== again.value) {
      setTold({ key: "panel.set_up.differ" });
      return;
    }
    try {
      await put("session/password", { password: password.value, new_password: wanted.value, ...(code ? { code: code.value } : {}) });
      form.reset();
      setTold({ good: true });
    } catch (caught) {
      setTold(caught);
    }
  }
  return html`<form class="card wide" onSubmit=${change}><h2>${tell("panel.access.new_password")}</h2>
    ${told?.good ? html`<p class="notice good" role="status">${tell("panel.access.new_password.done")}</p>` : html`<${Problem} problem=${told} />`}
    <div class="fields">
      <${Secret} name="password" label=${tell("panel.access.password")} complete="current-password" />
      ${session.value.second_factor && html`<${Code} required=${true} />`}
      <${Secret} name="wanted" label=${tell("panel.set_up.password")} complete="new-password" />
      <${Secret} name="again" label=${tell("panel.set_up.again")} complete="new-password" />
    </div>
    <p class="hint">${tell("panel.set_up.password_rules")}</p>
    <div class="choices"><button type="submit" class="strong">${tell("panel.access.new_password.go")}</button></div>
  </form>`;
}
