// Changing a recipe: what, when and why; what it makes of the next day is shown before it is confirmed.

import { DayChart } from "./day_chart.js";
import { Deal } from "./deal.js";
import { thing } from "./deeds.js";
import { link, site } from "./farm.js";
import { html } from "./html.js";
import { number, typed } from "./numbers.js";
import { get, put, remove } from "./server.js";
import { useEffect, useState } from "./vendor/preact_hooks.js";
import { called, tell, unitWord } from "./words.js";

const stageName = (stages, id) => {
  const found = stages.find((one) => one.id === id);
  return found ? called(found.name) : id;
};

/** The name of a recipe of `recipes`, which the server told. */
export const recipeName = (recipes, id) => (recipes.names[id] ? called(recipes.names[id]) : id);

/** A change in words: "Growing: Heating 18.0 °C". */
export function changeWords(change, stages, recipes) {
  const stage = stageName(stages, change.stage);
  if (change.action === "start") return tell("panel.recipe.told.start", { recipe: recipeName(recipes, change.recipe) });
  if (change.action === "stop") return tell("panel.recipe.told.stop");
  if (change.action === "stage") return tell("panel.recipe.told.stage", { stage });
  if (!change.setpoint) return tell("panel.recipe.told.days", { stage, days: change.value });
  const unit = site.value.setpoints[change.setpoint]?.unit ?? "";
  return tell("panel.recipe.told.edit", { stage, setpoint: thing(change.setpoint), value: `${number(change.value, unit)} ${unitWord(unit)}` });
}

/** The frame of every change: its own fields, when and why, and the proposal. */
export function ChangeForm({ zone, recipes, form: Form, onChanged, onClose }) {
  const [version] = useState(recipes.versions[zone] ?? "none");
  const [when, setWhen] = useState({ at: "", why: "" });
  const running = recipes.running[zone];
  const put_ = (part) => (event) => setWhen({ ...when, [part]: event.target.value });
  async function send(id, change, seen) {
    await put(`recipes/${zone}`, { change_id: id, ...change.body, at: change.at, why: change.why }, seen);
    onChanged();
  }
  return html`<${Deal} send=${send} onClose=${onClose} version=${recipes.versions[zone] ?? "none"} refresh=${onChanged}
    told=${(change) => html`<${Proposal} zone=${zone} change=${change} stages=${running?.stages ?? []} recipes=${recipes} />`}
    choose=${(review) => html`<${Form} zone=${zone} recipes=${recipes} running=${running}>${(body, before) => html`
      <div class="fields">
        <label class="field"><span>${tell("panel.recipe.at")}</span><input type="datetime-local" value=${when.at} onInput=${put_("at")} /></label>
        <label class="field"><span>${tell("panel.recipe.why")}</span><input maxlength="200" autocomplete="off" value=${when.why} onInput=${put_("why")} /></label>
      </div>
      <div class="choices">
        <button type="button" onClick=${onClose}>${tell("panel.cancel")}</button>
        <button type="button" class="strong" disabled=${link.value !== "live" || !body} onClick=${() => review({ body, before, ...when })}>${tell("panel.setpoint.review")}</button>
      </div>`}<//>`} />`;
}

/** What a change will make of the next day, asked of the controller, which changes nothing yet. */
function Proposal({ zone, change, stages, recipes }) {
  const [found, setFound] = useState(null);
  const { action, recipe = "", stage = "", setpoint = "", period, value = 0 } = change.body;
  const asked = new URLSearchParams({ action, recipe, stage, setpoint, value, ...(period === undefined ? {} : { period }) });
  useEffect(() => void get(`schedule/${zone}?${asked}`).then(setFound).catch((problem) => setFound({ problem })), []);
  const changed = Object.entries(found?.setpoints ?? {}).filter(([, day]) => day.proposed);
  return html`<div class="proposal">
    <p><b>${changeWords(change.body, stages, recipes)}</b>${change.before && html` <span class="soft">${tell("panel.recipe.before", { before: change.before })}</span>`}</p>
    <p>${change.at ? tell("panel.recipe.told.at", { at: change.at.replace("T", " ") }) : tell("panel.recipe.told.now")}${change.why && ` · ${change.why}`}</p>
    ${found?.problem && html`<p class="notice bad" role="alert">${tell("panel.recipe.would_refuse")} ${tell(found.problem.key, found.problem.values)}</p>`}
    ${found && !found.problem && changed.length === 0 && html`<p class="hint">${tell("panel.recipe.no_difference")}</p>`}
    ${changed.length > 0 && html`<p class="hint">${tell(change.at ? "panel.recipe.difference.as_if_now" : "panel.recipe.difference")}</p>`}
    ${changed.map(([name, day]) => html`<div key=${name}><h3>${thing(name)}</h3><${DayChart} name=${name} day=${day} schedule=${found} /></div>`)}
  </div>`;
}

/** A value, or a stage's days, of the present stage or one to come. */
export function EditForm({ running, children }) {
  const first = running.stages.findIndex((one) => one.id === running.stage);
  const options = running.stages.slice(first).flatMap((stage) => [
    ...Object.entries(stage.setpoints).flatMap(([name, setting]) => {
      const unit = site.value.setpoints[name]?.unit ?? "";
      const parts = setting.value !== null ? [{ value: setting.value }] : setting.periods.map((one, period) => ({ value: one.value, period, begins: one.begins }));
      return parts.map((part) => ({ stage, setpoint: name, unit, ...part, label: `${thing(name)}${part.begins ? ` ${part.begins}` : ""}` }));
    }),
    { stage, setpoint: "", unit: "", value: stage.days, label: tell("panel.recipe.length") },
  ]);
  const [chosen, setChosen] = useState(0);
  const option = options[chosen];
  const [text, setText] = useState(number(option.value, option.unit));
  const value = typed(text, option.unit);
  function choose(event) {
    const next = Number(event.target.value);
    setChosen(next);
    setText(number(options[next].value, options[next].unit));
  }
  const body = Number.isNaN(value) || value === option.value ? null : { action: "edit", stage: option.stage.id, setpoint: option.setpoint, value, ...(option.period === undefined ? {} : { period: option.period }) };
  return html`<div class="fields">
      <label class="field"><span>${tell("panel.recipe.what")}</span><select value=${chosen} onChange=${choose}>${running.stages.slice(first).map((stage) => html`<optgroup key=${stage.id} label=${called(stage.name)}>${options.map((one, index) => one.stage === stage && html`<option key=${index} value=${index}>${one.label}</option>`)}</optgroup>`)}</select></label>
      <label class="field"><span>${tell("panel.recipe.value", { unit: unitWord(option.unit) })}</span><input inputmode="decimal" autocomplete="off" value=${text} onInput=${(event) => setText(event.target.value)} /></label>
    </div>${children(body, `${number(option.value, option.unit)} ${unitWord(option.unit)}`.trim())}`;
}

export function StageForm({ running, children }) {
  const others = running.stages.filter((one) => one.id !== running.stage);
  const [stage, setStage] = useState(others[0]?.id ?? "");
  return html`<label class="field"><span>${tell("panel.recipe.stage")}</span><select value=${stage} onChange=${(event) => setStage(event.target.value)}>${others.map((one) => html`<option key=${one.id} value=${one.id}>${called(one.name)}</option>`)}</select></label>
    ${children(stage ? { action: "stage", stage } : null)}`;
}

export const StopForm = ({ children }) => html`<p>${tell("panel.recipe.stop.hint")}</p>${children({ action: "stop" })}`;

export function StartForm({ zone, recipes, children }) {
  const known = Object.keys(recipes.known).filter((name) => recipes.known[name].includes(zone));
  const [recipe, setRecipe] = useState(known[0]);
  const [on, setOn] = useState("");
  return html`<div class="fields">
      <label class="field"><span>${tell("panel.recipe")}</span><select value=${recipe} onChange=${(event) => setRecipe(event.target.value)}>${known.map((one) => html`<option key=${one} value=${one}>${recipeName(recipes, one)}</option>`)}</select></label>
      <label class="field"><span>${tell("panel.recipe.on")}</span><input type="date" value=${on} onInput=${(event) => setOn(event.target.value)} /></label>
    </div>${children({ action: "start", recipe, on })}`;
}

/** A plan that is taken back before its moment. */
export function TakeBackForm({ plan, what, onChanged, onClose }) {
  const told = () => html`<p>${tell("panel.recipe.take_back.told", { what })}</p>`;
  async function send(id) {
    await remove(`planned-recipes/${plan.id}?change_id=${id}`);
    onChanged();
  }
  return html`<${Deal} told=${told} send=${send} onClose=${onClose} choose=${(review, live) => html`${told()}<div class="choices">
    <button type="button" onClick=${onClose}>${tell("panel.cancel")}</button><button type="button" class="strong" disabled=${!live} onClick=${() => review({})}>${tell("panel.setpoint.review")}</button></div>`} />`;
}
