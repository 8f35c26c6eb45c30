// The navigation: a bar at the bottom of a phone, a list at the side of a wide screen, both from the table of screens.

import { alarms, site } from "./farm.js";
import { html } from "./html.js";
import { listed } from "./screens.js";
import { called, tell } from "./words.js";

const SIGNS = {
  "": "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
  alarms: "M6 17V11a6 6 0 0 1 12 0v6l2 2H4zM10 21h4",
  trend: "M4 4v16h16M7 15l4-5 3 3 5-7",
  schedule: "M4 6h16v14H4zM4 10h16M8 3v5M16 3v5M8 14h3",
  rules: "M5 5h6v5H5zM13 14h6v5h-6zM8 10v6.500h5",
  energy: "M13 3 5 14h6l-1 7 8-11h-6z",
  entries: "M4 20l1-5L16 4l4 4L9 19zM13 7l4 4",
  logbook: "M6 3h13v18H6zM6 3v18M10 8h6M10 12h6",
  devices: "M8 3v5M16 3v5M6 8h12v4a6 6 0 0 1-12 0zM12 18v3",
  calibration: "M12 3v5M12 16v5M3 12h5M16 12h5M12 7a5 5 0 1 0 .01 0z",
  system: "M4 5h16v11H4zM9 20h6M12 16v4",
  users: "M12 4a4 4 0 1 0 .01 0zM4 20c1-5 4-6 8-6s7 1 8 6",
  audit: "M5 3h14v18H5zM8 8l2 2 3-3M8 15h8",
  access: "M12 3l7 3v6c0 5-3 8-7 9-4-1-7-4-7-9V6z",
  kiosk: "M3 5h18v12H3zM8 21h8M12 17v4",
  more: "M5 12h.01M12 12h.01M19 12h.01",
};

/** The drawn sign of a screen; a dot where there is none of its own. */
export function Sign({ path }) {
  return html`<svg class="sign" viewBox="0 0 24 24" aria-hidden="true"><path d=${SIGNS[path] ?? "M12 12h.01"} /></svg>`;
}

export function Navigation({ here, id }) {
  const all = listed();
  const count = alarms.value.filter((one) => one.shown && one.state === "unacknowledged").length;
  const entry = ({ path, label, main }) => html`<li key=${path} class=${main ? "main" : "rest"}>
    <a href=${`#/${path}`} aria-current=${here === path ? "page" : undefined}><${Sign} path=${path} /><span>${tell(label)}</span>
      ${path === "alarms" && count > 0 && html`<b class="tally">${count}</b>`}</a>
    ${path === "" && html`<ul class="places">${site.value.facilities.map((one) => html`<li key=${one.id}>
      <a href=${`#/facility/${one.id}`} aria-current=${here === "facility" && id === one.id ? "page" : undefined}><span>${called(one.name)}</span></a></li>`)}</ul>`}
  </li>`;
  const behind = all.some((one) => one.path === here && !one.main);
  return html`<nav class="navigation" aria-label=${tell("panel.screens")}><ul>
    ${all.map(entry)}
    <li class="main more"><a href="#/more" aria-current=${here === "more" || behind ? "page" : undefined}><${Sign} path="more" /><span>${tell("panel.more")}</span></a></li>
  </ul></nav>`;
}
