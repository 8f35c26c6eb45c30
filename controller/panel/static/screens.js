// Every screen of the panel, in the order of the navigation. A new screen is one line here and a module of its own,
// fetched when it is first opened: the first load stays small.
//
//   path   its address, `#/path`; `#/path/ID?name=value` gives the component `id` and `query` (URLSearchParams)
//   label  message key of its name in the navigation; left out for a screen that others lead to
//   least  the lowest role that sees it (viewer, operator, technician, admin); the server decides what it may do
//   main   stands in the bottom bar of a phone; all others are behind "More"
//   style  a stylesheet of its own in static/, worn when it is first opened
//   drawn  draws on a canvas: is made anew when theme or units change
//   load   gives its component
//
// Signs for alarms, schedule, rules, energy, entries, logbook, calibration, system, users and audit stand in nav.js.

import { session } from "./session.js";

const RANKS = ["viewer", "operator", "technician", "admin"];

export const SCREENS = [
  { path: "", label: "panel.overview", least: "viewer", main: true, load: () => import("./overview.js").then((one) => one.Overview) },
  { path: "facility", least: "viewer", load: () => import("./facility.js").then((one) => one.Facility) },
  { path: "alarms", label: "panel.alarms", least: "viewer", main: true, style: "alarms.css", load: () => import("./alarm_screen.js").then((one) => one.Alarms) },
  { path: "trend", label: "panel.trend", least: "viewer", main: true, drawn: true, style: "vendor/uplot.css", load: () => import("./trend.js").then((one) => one.Trend) },
  { path: "schedule", label: "panel.schedule", least: "viewer", style: "book.css", load: () => import("./schedule.js").then((one) => one.Schedule) },
  { path: "rules", label: "panel.rules", least: "viewer", style: "book.css", load: () => import("./rules.js").then((one) => one.Rules) },
  { path: "energy", label: "panel.energy", least: "viewer", style: "book.css", load: () => import("./energy.js").then((one) => one.Energy) },
  { path: "logbook", label: "panel.logbook", least: "viewer", style: "book.css", load: () => import("./logbook.js").then((one) => one.Logbook) },
  { path: "devices", label: "panel.devices", least: "viewer", style: "service.css", load: () => import("./devices.js").then((one) => one.Devices) },
  { path: "entries", label: "panel.entries", least: "viewer", style: "service.css", load: () => import("./entries.js").then((one) => one.Entries) },
  { path: "calibration", label: "panel.calibration", least: "viewer", style: "service.css", load: () => import("./calibration.js").then((one) => one.Calibration) },
  { path: "users", label: "panel.users", least: "admin", style: "people.css", load: () => import("./users.js").then((one) => one.Users) },
  { path: "audit", label: "panel.audit", least: "admin", style: "people.css", load: () => import("./audit.js").then((one) => one.Audit) },
  { path: "system", label: "panel.system", least: "viewer", style: "people.css", load: () => import("./system.js").then((one) => one.System) },
  { path: "access", label: "panel.access", least: "viewer", style: "people.css", load: () => import("./access.js").then((one) => one.Access) },
  { path: "kiosk", label: "panel.kiosk", least: "viewer", style: "kiosk.css", load: () => import("./kiosk.js").then((one) => one.Kiosk) },
  { path: "more", least: "viewer", load: () => import("./more.js").then((one) => one.More) },
];

/** Whether whoever is signed in has this role or a higher one. */
export const ranks = (least) => RANKS.indexOf(session.value.role) >= RANKS.indexOf(least);

/** What the navigation shows. */
export const listed = () => SCREENS.filter((one) => one.label && ranks(one.least));

/** The screen of an address; the overview where there is none, or none for this role. */
export const screenOf = (path) => SCREENS.find((one) => one.path === path && ranks(one.least)) ?? SCREENS[0];

/** The parts of `#/path/ID?name=value`. */
export function parted(hash) {
  const [place, search = ""] = hash.replace(/^#\/?/, "").split("?");
  const [path, ...rest] = place.split("/");
  return { path, id: rest.map(unescaped).join("/"), query: new URLSearchParams(search) };
}

function unescaped(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Puts on a stylesheet of static/, once. */
export function wear(style) {
  const href = `/static/${style}`;
  const worn = document.querySelector(`link[href="${href}"]`);
  if (worn) return Promise.resolve();
  const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
  return new Promise((resolve, reject) => {
    link.addEventListener("load", resolve);
    link.addEventListener("error", () => reject(link.remove()));
    document.head.append(link);
  });
}
