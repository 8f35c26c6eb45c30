// Light, dark, or as the device has it: remembered on this device.

import { signal } from "./vendor/signals.js";

const REMEMBERED = "farmloop.theme";
const THEMES = ["auto", "light", "dark"];
const kept = localStorage.getItem(REMEMBERED);

export const theme = signal(THEMES.includes(kept) ? kept : "auto");

export function applyTheme() {
  if (theme.value === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
}

export function nextTheme() {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length];
  localStorage.setItem(REMEMBERED, theme.value);
  applyTheme();
}
