// The panel's frame: header, alarms, the screen that the address names, and the bar that tells when nothing is live.

import { AlarmStrip, standing } from "./alarms.js";
import { Devices } from "./devices.js";
import { Facility } from "./facility.js";
import { farmNow, follow, link, site } from "./farm.js";
import { html } from "./html.js";
import { clockTime } from "./numbers.js";
import { Overview } from "./overview.js";
import { remove } from "./server.js";
import { Trend } from "./trend.js";
import { render } from "./vendor/preact.js";
import { useEffect } from "./vendor/preact_hooks.js";
import { signal } from "./vendor/signals.js";
import { called, language, preferred, speak, tell } from "./words.js";

const THEME = "farmloop.theme";
const THEMES = ["auto", "light", "dark"];
const theme = signal(localStorage.getItem(THEME) ?? "auto");
const address = signal(location.hash);
addEventListener("hashchange", () => {
  address.value = location.hash;
  scrollTo(0, 0);
});

function applyTheme() {
  if (theme.value === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
}

function nextTheme() {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length];
  localStorage.setItem(THEME, theme.value);
  applyTheme();
}

/** The parts of `#/screen/id`. */
const parts = () => address.value.replace(/^#\/?/, "").split("/");

const SCREENS = {
  "": () => html`<${Overview} />`,
  facility: (id) => html`<${Facility} key=${id} id=${id} />`,
  trend: (id) => html`<${Trend} key=${`${id} ${theme.value}`} id=${id} />`,
  devices: () => html`<${Devices} />`,
};

function Tools() {
  return html`<span class="tools">
    <button onClick=${nextTheme}>${tell(`panel.theme.${theme.value}`)}</button>
    <button onClick=${() => remove("session").then(() => location.replace("/sign-in"))}>${tell("panel.sign_out")}</button>
  </span>`;
}

function Header() {
  const [screen] = parts();
  const { name, languages, timezone } = site.value.site;
  const tab = (to, key, here) => html`<a href=${`#/${to}`} aria-current=${screen === here ? "page" : undefined}>${tell(key)}</a>`;
  const other = languages.find((one) => one !== language.value);
  return html`<header class="top">
    <a class="brand" href="#/"><img src="/static/icon.svg" alt="" width="32" height="32" /><span>${called(name)}</span></a>
    <nav class="tabs" aria-label=${tell("panel.screens")}>${tab("", "panel.overview", "")}${tab("trend", "panel.trend", "trend")}${tab("devices", "panel.devices", "devices")}</nav>
    <span class=${`link ${link.value}`}><span class="lamp" aria-hidden="true"></span><span class="word">${tell(`panel.link.${link.value}`)}</span></span>
    <time class="clock" title=${timezone}>${farmNow.value ? clockTime(farmNow.value, timezone, true) : "–"}</time>
    ${other && html`<button class="language" lang=${other} onClick=${() => speak(other, true)}>${tell(`panel.language.${other.split("-")[0]}`)}</button>`}
    <${Tools} />
  </header>`;
}

function Panel() {
  const [screen, id] = parts();
  const count = standing().length;
  useEffect(() => {
    document.title = `${count ? `(${count}) ` : ""}${called(site.value.site.name)}`;
  });
  return html`
    ${link.value === "silent" && html`<div class="offline" role="alert">${tell("panel.offline")}</div>`}
    <${Header} />
    <${AlarmStrip} />
    <main class=${link.value === "live" ? "" : "not-live"}>${(SCREENS[screen] ?? SCREENS[""])(id)}</main>
    <footer class="bottom"><${Tools} /></footer>`;
}

async function start() {
  applyTheme();
  await follow();
  await speak(preferred(site.value.site.languages));
  render(html`<${Panel} />`, document.getElementById("panel"));
}

// Without messages there are no words yet: a page that cannot start tries again until it can.
start().catch(() => setTimeout(() => location.reload(), 5000));
