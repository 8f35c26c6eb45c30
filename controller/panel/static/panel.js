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

function Header() {
  const [screen] = parts();
  const tab = (name, to, key) => html`<a href=${to} aria-current=${screen === name ? "page" : undefined}>${tell(key)}</a>`;
  const other = site.value.site.languages.find((one) => one !== language.value);
  return html`<header class="top">
    <a class="brand" href="#/"><img src="/static/icon.svg" alt="" width="32" height="32" /><span>${called(site.value.site.name)}</span></a>
    <nav class="tabs" aria-label=${tell("panel.screens")}>${tab("", "#/", "panel.overview")}${tab("trend", "#/trend", "panel.trend")}${tab("devices", "#/devices", "panel.devices")}</nav>
    <span class=${`link ${link.value}`}><span class="lamp" aria-hidden="true"></span>${tell(`panel.link.${link.value}`)}</span>
    <time class="clock" title=${site.value.site.timezone}>${farmNow.value ? clockTime(farmNow.value, site.value.site.timezone, true) : "–"}</time>
    <span class="tools">
      ${other && html`<button lang=${other} onClick=${() => speak(other, true)}>${tell(`panel.language.${other.split("-")[0]}`)}</button>`}
      <button onClick=${nextTheme} aria-label=${tell("panel.theme")}>${tell(`panel.theme.${theme.value}`)}</button>
      <button onClick=${() => remove("session").then(() => location.replace("/sign-in"))}>${tell("panel.sign_out")}</button>
    </span>
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
    <main class=${link.value === "live" ? "" : "not-live"}>${(SCREENS[screen] ?? SCREENS[""])(id)}</main>`;
}

async function start() {
  applyTheme();
  await follow();
  await speak(preferred(site.value.site.languages));
  render(html`<${Panel} />`, document.getElementById("panel"));
}

// Without messages there are no words yet: a page that cannot start tries again until it can.
start().catch(() => setTimeout(() => location.reload(), 5000));
