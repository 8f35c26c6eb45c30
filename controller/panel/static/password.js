// The password again: what changes who may come in waits for it, unless it was given within five minutes.

import { html } from "./html.js";
import { usePolled } from "./polled.js";
import { post } from "./server.js";
import { useState } from "./vendor/preact_hooks.js";
import { tell } from "./words.js";

const EVERY_MS = 15000;

/** `{ may, card }`: whether it may be changed now, and what asks for the password where it may not. */
export function useConfirmed() {
  const { news, ask } = usePolled("session", EVERY_MS);
  if (!news) return { may: false, card: null };
  return { may: news.confirmed, card: news.confirmed ? null : html`<${Again} done=${ask} withCode=${news.second_factor} />` };
}

function Again({ done, withCode }) {
  const [problem, setProblem] = useState(null);
  async function give(event) {
    event.preventDefault();
    const { password, code } = event.target.elements;
    try {
      await post("session/confirm", { password: password.value, ...(code ? { code: code.value } : {}) });
      done();
    } catch (caught) {
      setProblem(caught);
    }
    password.value = "";
  }
  return html`<form class="card password" onSubmit=${give}>
    <h2>${tell("panel.access.confirm")}</h2>
    <${Problem} problem=${problem} />
    <${Secret} name="password" label=${tell("panel.access.password")} complete="current-password" />
    ${withCode && html`<${Code} required=${true} />`}
    <div class="choices"><button class="strong" type="submit">${tell("panel.access.confirm.go")}</button></div>
  </form>`;
}

/** What a call was refused for, in words. */
export const Problem = ({ problem }) => problem && html`<p class="notice bad" role="alert">${tell(problem.key, problem.values)}</p>`;

/** A field for the code of an authenticator, or one from paper. */
export const Code = ({ required = false }) => html`<label class="field"><span>${tell("panel.sign_in.code")}</span>
  <input name="code" autocomplete="one-time-code" autocapitalize="characters" spellcheck="false" maxlength="20" required=${required} /></label>`;

/** A field for a password; the browser's keeper of passwords is told which. */
export const Secret = ({ name, label, complete }) => html`<label class="field"><span>${label}</span>
  <input name=${name} type="password" autocomplete=${complete} maxlength="200" required /></label>`;
