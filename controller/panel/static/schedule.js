// Schedule and recipes of a zone: its setpoints in the next day, its recipe and where that is, what is planned, sequences.

import { DayChart } from "./day_chart.js";
import { Opener } from "./deal.js";
import { thing } from "./deeds.js";
import { site } from "./farm.js";
import { html } from "./html.js";
import { clockTime, dayOfYear, number } from "./numbers.js";
import { placeWord } from "./places.js";
import { usePolled } from "./polled.js";
import { ChangeForm, changeWords, EditForm, StageForm, StartForm, StopForm, TakeBackForm } from "./recipe_forms.js";
import { ranks } from "./screens.js";
import { SequenceList } from "./sequences.js";
import { called, tell, unitWord } from "./words.js";

const DAY_MS = 60000;
const RECIPE_MS = 10000;

/** Zones that have a setpoint to follow. */
const zones = () => [...new Set(Object.values(site.value.setpoints).map((one) => `${one.facility}.${one.zone}`))];

const placeName = (zone) => {
  const [facility, room] = zone.split(".");
  return placeWord(site.value.facilities.find((one) => one.id === facility), room);
};

export function Schedule({ id }) {
  const all = zones();
  const zone = all.includes(id) ? id : all[0];
  if (!zone) return html`<div class="screen"><h1>${tell("panel.schedule")}</h1><p class="empty">${tell("panel.schedule.none")}</p></div>`;
  return html`<div class="screen schedule">
    <h1>${tell("panel.schedule")}</h1>
    ${all.length > 1 && html`<nav class="pick" aria-label=${tell("panel.schedule.zones")}>${all.map((one) => html`<a key=${one} class="button" href=${`#/schedule/${one}`} aria-current=${one === zone ? "page" : undefined}>${placeName(one)}</a>`)}</nav>`}
    <${Zone} key=${zone} zone=${zone} />
  </div>`;
}

function Zone({ zone }) {
  const { news: recipes, problem, ask } = usePolled("recipes", RECIPE_MS);
  const { news: schedule, problem: unread, ask: redraw } = usePolled(`schedule/${zone}`, DAY_MS);
  function changed() {
    ask();
    redraw();
  }
  const wrong = problem ?? unread;
  return html`
    ${wrong && html`<p class="notice bad" role="alert">${tell(wrong.key, wrong.values)}</p>`}
    ${recipes && html`<${Recipe} zone=${zone} recipes=${recipes} onChanged=${changed} />`}
    ${schedule && html`<div class="cards">${Object.entries(schedule.setpoints).map(([name, day]) => html`<${Setpoint} key=${name} name=${name} day=${day} schedule=${schedule} />`)}</div>`}
    <${SequenceList} facility=${zone.split(".")[0]} />
    <p><a class="button" href=${`#/logbook?place=${zone}`}>${tell("panel.schedule.changes")}</a></p>`;
}

function Setpoint({ name, day, schedule }) {
  const by = ["program", "recipe"].includes(day.by) ? tell(`panel.schedule.by.${day.by}`) : tell("panel.schedule.by.person", { by: day.by });
  return html`<section class="card" aria-label=${thing(name)}>
    <header><h2>${thing(name)}</h2><span class="kind">${by}</span></header>
    <${DayChart} name=${name} day=${day} schedule=${schedule} />
    ${day.periods.length > 0 && html`<ul class="periods">${day.periods.map((one) => html`<li key=${one.begins}>${tell("panel.schedule.period", { begins: momentWords(one.begins) })} <b>${number(one.value, day.unit)} ${unitWord(day.unit)}</b></li>`)}</ul>`}
    ${day.light && html`<p class="hint">${tell("panel.schedule.light")}</p>`}
    ${day.moved && html`<p class="hint">${tell("panel.schedule.moved")}</p>`}
  </section>`;
}

/** `sunrise - 90 min` in words; a time of the clock as it is. */
export function momentWords(begins) {
  const [anchor, sign, minutes] = begins.split(" ");
  if (!["sunrise", "sunset"].includes(anchor)) return begins;
  if (!sign) return tell(`panel.schedule.${anchor}`);
  return tell(`panel.schedule.${anchor}.${sign === "-" ? "before" : "after"}`, { minutes });
}

function Recipe({ zone, recipes, onChanged }) {
  const running = recipes.running[zone];
  const known = Object.keys(recipes.known).filter((name) => recipes.known[name].includes(zone));
  const planned = recipes.planned.filter((one) => one.zone === zone && !one.outcome);
  const past = recipes.planned.filter((one) => one.zone === zone && one.outcome && !["done", "cancelled"].includes(one.outcome));
  if (!running && known.length === 0) return null;
  const form = (Form) => (close) => html`<${ChangeForm} zone=${zone} recipes=${recipes} form=${Form} onChanged=${onChanged} onClose=${close} />`;
  return html`<section class="card recipe" aria-labelledby="recipe">
    <header><h2 id="recipe">${running ? called(running.name) : tell("panel.recipe.none")}</h2>${running && html`<span class="kind">${tell("panel.recipe.started", { day: day(running.started), by: running.by })}</span>`}</header>
    ${running && html`<${Stages} running=${running} now=${recipes.now} />`}
    ${running && running.edits.length > 0 && html`<details><summary>${tell("panel.recipe.edits", { count: running.edits.length })}</summary><ul>${running.edits.map((one) => html`<li key=${one.at}>${moment(one.at)} · ${one.by} · ${changeWords({ ...one, action: "edit" }, running.stages, recipes)}</li>`)}</ul></details>`}
    ${past.map((one) => html`<p key=${one.id} class="notice bad">${tell("panel.recipe.plan_refused", { at: moment(one.at), what: changeWords(one, running?.stages ?? [], recipes), why: tell(`refused.${one.outcome}`) })}</p>`)}
    ${planned.length > 0 && html`<h3>${tell("panel.recipe.planned")}</h3><ul class="planned">${planned.map((one) => html`<li key=${one.id}>
      <p><b>${moment(one.at)}</b> ${changeWords(one, running?.stages ?? [], recipes)}</p><p class="soft">${one.by}${one.why && ` · ${one.why}`}</p>
      ${ranks("operator") && html`<${Opener} label=${tell("panel.recipe.take_back")} form=${(close) => html`<${TakeBackForm} plan=${one} what=${changeWords(one, running?.stages ?? [], recipes)} onChanged=${onChanged} onClose=${close} />`} />`}
    </li>`)}</ul>`}
    ${ranks("operator") && html`<footer>
      ${running && html`<${Opener} label=${tell("panel.recipe.edit")} form=${form(EditForm)} /><${Opener} label=${tell("panel.recipe.move")} form=${form(StageForm)} /><${Opener} label=${tell("panel.recipe.stop")} form=${form(StopForm)} />`}
      ${known.length > 0 && html`<${Opener} label=${tell(running ? "panel.recipe.start_other" : "panel.recipe.start")} form=${form(StartForm)} />`}
    </footer>`}
  </section>`;
}

const day = (at) => dayOfYear(at, site.value.site.timezone);
const moment = (at) => `${day(at)} ${clockTime(at, site.value.site.timezone)}`;

/** The stages beside each other, as long as they last; the present one framed, with how far it is. */
function Stages({ running, now }) {
  const index = running.stages.findIndex((one) => one.id === running.stage);
  const present = running.stages[index];
  const share = Math.min(1, (now - running.begun) / (running.ends - running.begun));
  const values = { stage: called(present.name), day: running.day, days: present.days };
  return html`<p>${tell(running.over ? "panel.recipe.over" : "panel.recipe.runs", values)}${!running.over && ` · ${tell("panel.recipe.until", { day: day(running.ends) })}`}</p>
    <ol class="stages">${running.stages.map((one, number_) => html`<li key=${one.id} class=${number_ === index ? "present" : number_ < index ? "past" : ""} aria-current=${number_ === index ? "step" : undefined}>
      <b>${called(one.name)}</b><small>${tell("panel.recipe.days", { days: one.days })}</small>
      ${number_ === index && html`<progress max="1" value=${share} aria-label=${called(one.name)}></progress>`}
      <ul>${Object.entries(one.setpoints).map(([name, setting]) => html`<li key=${name}>${thing(name)} <b>${settingWords(setting, site.value.setpoints[name]?.unit ?? "")}</b></li>`)}</ul>
      <small>${tell("panel.recipe.hand_over", { hours: Number((one.hand_over_s / 3600).toFixed(1)) })}</small>
    </li>`)}</ol>`;
}

function settingWords(setting, unit) {
  if (setting.value !== null) return `${number(setting.value, unit)} ${unitWord(unit)}`;
  return setting.periods.map((one) => `${momentWords(one.begins)} ${number(one.value, unit)} ${unitWord(unit)}`).join(", ");
}
