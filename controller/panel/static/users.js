// Users: who may sign in and as what, and which programs may ask by themselves.

import { Deal } from "./deal.js";
import { farmNow, site } from "./farm.js";
import { html } from "./html.js";
import { dayOfYear } from "./numbers.js";
import { Problem, Secret, useConfirmed } from "./password.js";
import { usePolled } from "./polled.js";
import { post, put, remove } from "./server.js";
import { useState } from "./vendor/preact_hooks.js";
import { ageWords, tell } from "./words.js";

const EVERY_MS = 10000;
const ROLES = ["viewer", "operator", "technician", "admin"];

export function Users() {
  const users = usePolled("users", EVERY_MS);
  const tokens = usePolled("tokens", EVERY_MS);
  const { may, card } = useConfirmed();
  return html`<div class="screen users">
    <h1>${tell("panel.users")}</h1>
    <${Problem} problem=${users.problem} />
    ${card}
    <section class="card wide"><h2>${tell("panel.users.people")}</h2>
      <ul class="stack">${(users.news?.users ?? []).map((one) => html`<${User} key=${one.name} one=${one} may=${may} ask=${users.ask} />`)}</ul>
    </section>
    <${NewUser} may=${may} ask=${users.ask} />
    <section class="card wide"><h2>${tell("panel.users.tokens")}</h2>
      <p class="hint">${tell("panel.users.tokens.hint")}</p>
      <ul class="stack">${(tokens.news?.tokens ?? []).map((one) => html`<${Token} key=${one.id} one=${one} ask=${tokens.ask} />`)}</ul>
      ${tokens.news?.tokens.length === 0 && html`<p class="empty">${tell("panel.users.tokens.none")}</p>`}
    </section>
    <${NewToken} may=${may} ask=${tokens.ask} />
  </div>`;
}

const roleWord = (role) => tell(`panel.role.${role}`);

const RoleField = ({ value }) => html`<label class="field"><span>${tell("panel.users.role")}</span>
  <select name="role">${ROLES.map((role) => html`<option key=${role} value=${role} selected=${role === value}>${roleWord(role)}</option>`)}</select></label>`;

function User({ one, may, ask }) {
  const [open, setOpen] = useState("");
  const close = () => {
    setOpen("");
    ask();
  };
  return html`<li class="user">
    <p><b>${one.name}</b> <span class="slot">${roleWord(one.role)}</span> <span class="soft">${tell("panel.users.sessions", { count: one.sessions })}${one.second_factor && ` · ${tell("panel.factor")}`}</span></p>
    ${!open && html`<div class="choices">
      <button disabled=${!may} onClick=${() => setOpen("change")}>${tell("panel.users.change")}</button>
      ${one.second_factor && html`<button disabled=${!may} onClick=${() => setOpen("factor")}>${tell("panel.users.factor")}</button>`}
      <button disabled=${!may} onClick=${() => setOpen("remove")}>${tell("panel.users.remove")}</button>
    </div>`}
    ${open === "change" && html`<${Deal} onClose=${close}
      choose=${(review) => html`<${ChangeForm} one=${one} review=${review} onClose=${close} />`}
      told=${(change) => html`<p class="old-new">${one.name}${tell("panel.colon")}<span>${roleWord(one.role)}</span><span aria-hidden="true">→</span><b>${roleWord(change.role ?? one.role)}</b></p>
        ${change.password && html`<p class="hint">${tell("panel.users.new_password")}</p>`}<p class="hint">${tell("panel.users.ends")}</p>`}
      version=${one.version} refresh=${ask}
      send=${(id, change, seen) => put(`users/${encodeURIComponent(one.name)}`, change, seen)} />`}
    ${open === "factor" && html`<${Deal} onClose=${close}
      choose=${(review) => html`<p>${tell("panel.users.factor.told", { name: one.name })}</p><div class="choices">
        <button type="button" onClick=${close}>${tell("panel.cancel")}</button>
        <button type="button" class="strong" onClick=${() => review({})}>${tell("panel.setpoint.review")}</button></div>`}
      told=${() => html`<p>${tell("panel.users.factor.told", { name: one.name })}</p>`}
      send=${() => remove(`users/${encodeURIComponent(one.name)}/second-factor`)} />`}
    ${open === "remove" && html`<${Deal} onClose=${close}
      choose=${(review) => html`<p>${tell("panel.users.remove.told", { name: one.name })}</p><div class="choices">
        <button type="button" onClick=${close}>${tell("panel.cancel")}</button>
        <button type="button" class="strong" onClick=${() => review({})}>${tell("panel.setpoint.review")}</button></div>`}
      told=${() => html`<p>${tell("panel.users.remove.told", { name: one.name })}</p>`}
      version=${one.version} refresh=${ask}
      send=${(id, change, seen) => remove(`users/${encodeURIComponent(one.name)}`, seen)} />`}
  </li>`;
}

function ChangeForm({ one, review, onClose }) {
  function look(event) {
    event.preventDefault();
    const { role, password, reason } = event.target.elements;
    review({
      ...(role.value === one.role ? {} : { role: role.value }),
      ...(password.value ? { password: password.value } : {}),
      reason: reason.value.trim(),
    });
  }
  return html`<form onSubmit=${look}>
    <div class="fields"><${RoleField} value=${one.role} />
      <label class="field"><span>${tell("panel.users.new_password.or_none")}</span><input name="password" type="password" autocomplete="new-password" maxlength="200" /></label>
      <label class="field"><span>${tell("panel.users.reason")}</span><input name="reason" maxlength="200" /></label></div>
    <div class="choices"><button type="button" onClick=${onClose}>${tell("panel.cancel")}</button>
      <button type="submit" class="strong">${tell("panel.setpoint.review")}</button></div>
  </form>`;
}

function NewUser({ may, ask }) {
  const [problem, setProblem] = useState(null);
  async function add(event) {
    event.preventDefault();
    const form = event.target;
    const { name, role, password } = form.elements;
    try {
      await post("users", { name: name.value.trim(), role: role.value, password: password.value });
      form.reset();
      setProblem(null);
      ask();
    } catch (caught) {
      setProblem(caught);
    }
  }
  return html`<form class="card wide" onSubmit=${add}><h2>${tell("panel.users.new")}</h2>
    <${Problem} problem=${problem} />
    <div class="fields">
      <label class="field"><span>${tell("panel.sign_in.name")}</span><input name="name" autocomplete="off" maxlength="40" required /></label>
      <${RoleField} value="operator" />
      <${Secret} name="password" label=${tell("panel.set_up.password")} complete="new-password" />
    </div>
    <p class="hint">${tell("panel.set_up.password_rules")}</p>
    <div class="choices"><button type="submit" class="strong" disabled=${!may}>${tell("panel.users.new.go")}</button></div>
  </form>`;
}

function Token({ one, ask }) {
  const [problem, setProblem] = useState(null);
  const day = (time) => dayOfYear(time, site.value.site.timezone);
  const used = one.used === null ? tell("panel.users.token.never") : tell("panel.users.token.used", { age: ageWords(farmNow.value - one.used) });
  return html`<li class="user">
    <p><b>${one.name}</b> <span class="slot">${roleWord(one.role)}</span> <span class="soft">${tell("panel.users.token.made", { id: one.id, by: one.made_by, day: day(one.made) })} ${one.ends === null ? tell("panel.users.token.lasts") : tell("panel.users.token.ends", { day: day(one.ends) })} ${used}</span></p>
    <${Problem} problem=${problem} />
    <div class="choices"><button onClick=${() => remove(`tokens/${one.id}`).then(ask, setProblem)}>${tell("panel.users.token.revoke")}</button></div>
  </li>`;
}

function NewToken({ may, ask }) {
  const [made, setMade] = useState(null);
  const [problem, setProblem] = useState(null);
  async function make(event) {
    event.preventDefault();
    const { name, role, days } = event.target.elements;
    try {
      setMade(await post("tokens", { name: name.value.trim(), role: role.value, days: Number(days.value) }));
      setProblem(null);
      ask();
    } catch (caught) {
      setProblem(caught);
    }
  }
  return html`<form class="card wide" onSubmit=${make}><h2>${tell("panel.users.token.new")}</h2>
    <${Problem} problem=${problem} />
    ${made && html`<p class="notice good" role="status">${tell("panel.users.token.once")}</p>
      <label class="field"><span>${made.token.name}</span><input class="token" readonly value=${made.text} onFocus=${(event) => event.target.select()} /></label>`}
    <div class="fields">
      <label class="field"><span>${tell("panel.users.token.name")}</span><input name="name" autocomplete="off" maxlength="40" required /></label>
      <${RoleField} value="viewer" />
      <label class="field"><span>${tell("panel.users.token.days")}</span><input name="days" type="number" min="1" max="3653" value="365" required /></label>
    </div>
    <div class="choices"><button type="submit" class="strong" disabled=${!may}>${tell("panel.users.token.go")}</button></div>
  </form>`;
}
