// What a trend shows, as its address says it: values, from when to when, and what lies over them.

import { farmNow, site } from "./farm.js";
import { keyValues } from "./places.js";
import { parted } from "./screens.js";

export const MOST_PENS = 8;
export const SPANS_S = [3600, 6 * 3600, 86400, 7 * 86400, 30 * 86400, 365 * 86400];
export const LEAST_S = 60;
export const LONGEST_S = 366 * 86400;
export const DAY_MS = 86400000;

/** Everything that can be drawn, by name: `{ name, facility, zone, unit }`. Texts cannot. */
export function drawable() {
  const { tags, outputs, setpoints } = site.value;
  const all = { ...tags, ...setpoints };
  for (const [name, one] of Object.entries(outputs)) all[name] = { ...one, unit: "%" };
  return Object.fromEntries(Object.entries(all).filter(([, one]) => one.unit !== "text"));
}

/** The view of the present address; what it does not say is as a facility's usual values of the last hour. */
export function viewOf(id) {
  const { query } = parted(location.hash);
  const known = drawable();
  const facility = site.value.facilities.find((one) => one.id === id) ?? site.value.facilities[0];
  const named = (query.get("pens") ?? "").split(",").filter((name) => name in known);
  const span = Number(query.get("span"));
  const to = Number(query.get("to"));
  return {
    pens: [...new Set(named.length ? named : keyValues(facility, facility.zones[0], 2, 2).filter((name) => name in known))].slice(0, MOST_PENS),
    span: span >= LEAST_S && span <= LONGEST_S ? span : SPANS_S[0],
    /** Milliseconds; null follows the farm. */
    to: to > 0 ? to : null,
    yesterday: query.get("yesterday") === "1",
    setpoints: query.get("setpoints") !== "0",
    marks: query.get("marks") !== "0",
  };
}

/** The address that shows this view again, fixed in time: whoever opens it sees the same. */
export function addressOf(id, view) {
  const query = new URLSearchParams({ pens: view.pens.join(","), span: String(Math.round(view.span)) });
  if (view.to !== null) query.set("to", String(Math.round(view.to)));
  if (view.yesterday) query.set("yesterday", "1");
  if (!view.setpoints) query.set("setpoints", "0");
  if (!view.marks) query.set("marks", "0");
  return `#/trend/${id}?${query}`.replaceAll("%2C", ",");
}

export const endOf = (view) => view.to ?? farmNow.value;
export const startOf = (view) => endOf(view) - view.span * 1000;

/** Within what can be asked for: a minute to a year, and nothing that is still to come; at the end it follows. */
export function within(view, start, end) {
  const span = Math.min(LONGEST_S, Math.max(LEAST_S, (end - start) / 1000));
  const now = farmNow.value;
  const middle = (start + end) / 2;
  const to = middle + span * 500;
  return { ...view, span, to: to >= now - span * 10 ? null : to };
}

/** The setpoints that are drawn beside the pens. */
export const setpointsOf = (view) => (view.setpoints ? [...new Set(view.pens.flatMap((pen) => site.value.tags[pen]?.setpoints ?? []))].filter((name) => !view.pens.includes(name)) : []);
