// Where things are: what belongs to a facility or one of its zones, in the order in which it is best shown.

import { alarms, order, reading, site } from "./farm.js";
import { called, knows, tell } from "./words.js";

/** Names of a facility's things zone by zone, what belongs to none after them, contacts and texts last. */
export function ofFacility(table, facility) {
  const zones = [...facility.zones, "all"];
  const place = (name) => (["bool", "text"].includes(table[name].unit) ? zones.length : zones.indexOf(table[name].zone));
  return Object.keys(table).filter((name) => table[name].facility === facility.id).sort((a, b) => place(a) - place(b));
}

/** Those of one zone; what belongs to no zone counts to the only zone there is. */
export function ofZone(table, facility, zone) {
  return ofFacility(table, facility).filter((name) => table[name].zone === zone || (facility.zones.length === 1 && table[name].zone === "all"));
}

/** The facility's zones that hold anything; `all` where there are several and something belongs to none. */
export function zonesOf(facility) {
  const { tags, outputs } = site.value;
  const zones = facility.zones.length > 1 ? [...facility.zones, "all"] : facility.zones;
  return zones.filter((zone) => ofZone(tags, facility, zone).length + ofZone(outputs, facility, zone).length > 0);
}

/** The zone's name to print beside another: none where the facility has one zone only. */
export const zoneWord = (facility, zone) => (facility.zones.length > 1 && zone !== "all" ? called(facility.zone_names[zone]) : "");

/** "RAS 1 · Tank 2". */
export const placeWord = (facility, zone) => [called(facility.name), zoneWord(facility, zone)].filter(Boolean).join(" · ");

/** The crop or species: in words if we have any, else as the site writes it. */
export const lives = (what) => (knows(`panel.lives.${what}`) ? tell(`panel.lives.${what}`) : what.replaceAll("_", " "));

/** The most telling values: what loops hold and alarms watch; others only where those are fewer than `least`. */
export function keyValues(facility, zone, least, most) {
  const { tags } = site.value;
  const all = ofZone(tags, facility, zone).filter((name) => tags[name].kind !== "status");
  const watched = all.filter((name) => tags[name].watched);
  const rest = all.filter((name) => !tags[name].watched && !["bool", "text"].includes(tags[name].unit));
  return [...watched.slice(0, most), ...rest.slice(0, Math.max(0, least - watched.length))];
}

/** The zone of an alarm: of the thing that it is about, if that can be told from its id. */
export function alarmPlace(alarm) {
  const [facility, zone] = alarm.id.slice(alarm.id.indexOf(":") + 1).split(".");
  return { facility, zone };
}

/** Alarms to show of one zone; those of the whole facility count to its first zone. */
export function alarmsOf(facility, zone) {
  const zones = zonesOf(facility);
  return alarms.value.filter((one) => {
    if (!one.shown || one.facility !== facility.id) return false;
    const place = alarmPlace(one).zone;
    return place === zone || (!zones.includes(place) && zone === zones[0]);
  });
}

const APART = ["lock_out", "manual", "trip", "life_safety"];

/** How a zone is driven: the slots other than automatic that hold its outputs, with how many each. */
export function drives(facility, zone) {
  const slots = ofZone(site.value.outputs, facility, zone).map((name) => order(name)?.slot);
  return APART.map((slot) => [slot, slots.filter((one) => one === slot).length]).filter(([, count]) => count > 0);
}

/** Of a zone's values: how many there are, and which cannot be relied on now. What nobody has entered yet is none. */
export function trusted(facility, zone) {
  const awaited = (name) => site.value.tags[name].entry && (reading(name)?.why ?? "never_seen") === "never_seen";
  const all = ofZone(site.value.tags, facility, zone).filter((name) => !awaited(name));
  return { all, lost: all.filter((name) => ["bad", "uncertain"].includes(reading(name)?.q ?? "bad")) };
}
