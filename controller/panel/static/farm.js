// The farm as the browser knows it: what the stream said last, and how long ago. Nothing here is ever guessed ahead.

import { get } from "./server.js";
import { batch, computed, signal } from "./vendor/signals.js";

/** After so long without a word from the controller nothing shown is live any more. */
const SILENT_MS = 12000;
/** The same where the server speaks and the controller behind it has not looked at its farm, or its clock stands. */
const HALTED_MS = 30000;

/** What the farm is made of (`/api/v1/site`). */
export const site = signal(null);
export const alarms = signal([]);
/** `waiting` until the first whole state, then `live`, or `silent`. */
export const link = signal("waiting");
/** How often the stream has begun, each time with the whole state. */
export const wholes = signal(0);
/** Farm time now, in milliseconds: as told, carried on by the browser's clock. */
export const farmNow = signal(0);
/** The same in whole seconds: what shows ages is drawn once a second, not with every word of the stream. */
export const farmSecond = computed(() => Math.floor(farmNow.value / 1000) * 1000);

const tables = { readings: new Map(), orders: new Map(), setpoints: new Map() };
const listeners = new Set();
let told = { now: 0, at: 0, speed: 1 };
/** From where the pace of farm time is measured, and what it was until there. */
let paced = { now: 0, at: 0, pace: 1 };
/** The last scan that was heard of, and when a newer one was. */
let looked = { scanned: 0, at: 0 };

/** The signal that holds one reading, order or setpoint; null until there is one. */
function entry(table, name) {
  let found = tables[table].get(name);
  if (!found) tables[table].set(name, (found = signal(null)));
  return found;
}

export const reading = (tag) => entry("readings", tag).value;
export const order = (output) => entry("orders", output).value;
export const setpoint = (name) => entry("setpoints", name).value;

/** Calls back with every batch of changed readings; returns how to stop. */
export function onReadings(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function hear(news, whole) {
  const at = performance.now();
  let { speed } = told;
  if (whole) {
    speed = 1;
    paced = { now: news.now, at, pace: 1 };
  } else if (at - paced.at > 400) {
    // Farm time may run faster than the browser's: ages grow at the pace that messages show. A box that is told the time
    // makes one great step: so the slower of the last two.
    const pace = (news.now - paced.now) / (at - paced.at);
    const slower = Math.min(pace, paced.pace);
    speed = slower > 1.5 ? slower : 1;
    paced = { now: news.now, at, pace };
  }
  told = { now: news.now, at, speed };
  batch(() => {
    if (whole) wholes.value += 1;
    for (const table of Object.keys(tables)) {
      for (const [name, value] of Object.entries(news[table] ?? {})) entry(table, name).value = value;
    }
    if (news.alarms) alarms.value = news.alarms;
    if (news.scanned !== undefined && news.scanned !== looked.scanned) looked = { scanned: news.scanned, at };
    farmNow.value = news.now;
    link.value = at - looked.at > HALTED_MS ? "silent" : "live";
  });
  if (news.readings) for (const listener of listeners) listener(news.readings);
}

function tick() {
  const silent = performance.now() - told.at;
  if (told.now) farmNow.value = told.now + silent * told.speed;
  if (silent > SILENT_MS || (looked.at && performance.now() - looked.at > HALTED_MS)) link.value = "silent";
}

let source = null;

function open() {
  if (document.hidden) return;
  source?.close();
  source = new EventSource("/api/v1/stream");
  source.addEventListener("state", (event) => hear(JSON.parse(event.data), true));
  source.addEventListener("change", (event) => hear(JSON.parse(event.data), false));
  source.addEventListener("beat", (event) => hear(JSON.parse(event.data), false));
  source.addEventListener("error", () => {
    // The browser tries again by itself, unless the server answered with a refusal: then ask who we are.
    if (source?.readyState === EventSource.CLOSED) setTimeout(() => get("session").then(open, open), 3000);
  });
}

/** Loads the site, and follows the stream while the page is to be seen (a hidden tab holds no connection). */
export async function follow() {
  site.value = await get("site");
  told.at = performance.now();
  setInterval(tick, 1000);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      source?.close();
      source = null;
    } else {
      told.at = performance.now();
      link.value = "waiting";
      open();
    }
  });
  open();
}
