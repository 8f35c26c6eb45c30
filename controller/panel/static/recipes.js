// What runs in a facility's zones: the recipe, its stage, and how far that is.

import { html } from "./html.js";
import { zoneWord } from "./places.js";
import { get } from "./server.js";
import { useEffect, useState } from "./vendor/preact_hooks.js";
import { called, tell } from "./words.js";

const EVERY_MS = 60000;

export function RecipeList({ facility }) {
  const [running, setRunning] = useState({});
  useEffect(() => {
    let over = false;
    let timer;
    async function look() {
      const found = await get("recipes").catch(() => null);
      if (over) return;
      if (found) setRunning(found.running);
      timer = setTimeout(look, EVERY_MS);
    }
    look();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, []);
  const zones = Object.keys(running).filter((zone) => zone.startsWith(`${facility.id}.`));
  if (!zones.length) return null;
  return html`<section class="card"><h2>${tell("panel.recipes")}</h2>
    <ul class="recipes">${zones.map((zone) => html`<${Running} key=${zone} zone=${zoneWord(facility, zone.split(".")[1])} now=${running[zone]} />`)}</ul>
  </section>`;
}

function Running({ zone, now }) {
  const stage = now.stages.find((one) => one.id === now.stage);
  const values = { stage: called(stage.name), day: now.day, days: stage.days };
  return html`<li><span class="name">${called(now.name)}${zone && html`<small>${zone}</small>`}</span>
    <span class="by">${tell(now.over ? "panel.recipe.over" : "panel.recipe.runs", values)}</span></li>`;
}
