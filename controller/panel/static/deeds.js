// What somebody did, in words, and where: of things by their names.

import { site } from "./farm.js";
import { number } from "./numbers.js";
import { placeWord } from "./places.js";
import { called, knows, tell, unitWord } from "./words.js";

/** The name of whatever stands in the site under this id; the id itself where nothing does. */
export function thing(id) {
  const { alarms, facilities, loops, names, outputs, setpoints, tags } = site.value;
  const found = setpoints[id] ?? outputs[id] ?? tags[id] ?? loops[id] ?? facilities.find((one) => one.id === id);
  if (found) return called(found.name);
  if (names[id] ?? alarms[id]) return called(names[id] ?? alarms[id].cause);
  const [facility, zone] = id.split(".");
  const place = facilities.find((one) => one.id === facility);
  if (!place || id !== `${facility}.${zone}` || ![...place.zones, "all"].includes(zone)) return id;
  return placeWord(place, zone);
}

const unitOf = (id) => (site.value.setpoints[id] ?? site.value.tags[id])?.unit ?? (site.value.outputs[id] ? "%" : "");

/** Facilities and their zones, to choose from: `{ id, name }`. */
export const places = () => site.value.facilities.flatMap((one) => [
  { id: one.id, name: called(one.name) },
  ...(one.zones.length > 1 ? one.zones.map((zone) => ({ id: `${one.id}.${zone}`, name: placeWord(one, zone) })) : []),
]);

/** A deed of the logbook as one sentence. */
export function deedWords(line) {
  const { what, place, said } = line;
  const key = what === "override" && said.value === null ? "override_over" : what;
  const unit = said.setpoint ? unitOf(said.setpoint) : unitOf(place);
  const amount = (value) => (typeof value === "number" ? `${number(value, unit)} ${unitWord(unit)}`.trim() : value);
  const why = { refused: () => tell(`refused.${said.why}`, said, unit), sequence_aborted: () => tell(`abort.${said.why}`) }[what]?.() ?? said.why;
  const values = { ...said, why, value: amount(said.value), before: amount(said.before), name: thing(place), setpoint: said.setpoint && thing(said.setpoint) };
  const words = knows(`panel.deed.${key}`) ? tell(`panel.deed.${key}`, values) : `${thing(place)}${tell("panel.colon")}${what.replaceAll("_", " ")}`;
  return said.reason ? tell("panel.deed.because", { words, reason: said.reason }) : words;
}
