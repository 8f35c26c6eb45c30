// Messages that were sent: to whom, by which channel, and whether they arrived.

import { html } from "./html.js";
import { AlarmMark } from "./marks.js";
import { clockTime, dayOfYear } from "./numbers.js";
import { site } from "./farm.js";
import { useOlder } from "./older.js";
import { tell } from "./words.js";

const EVERY_MS = 10000;
const MOST = 50;
const PRIORITIES = ["critical", "high", "medium", "low"];

export function Sent() {
  const { news, problem, rows, older } = useOlder(`messages-sent?most=${MOST}`, "receipts", EVERY_MS, (one) => `${one.id}/${one.person}/${one.channel}`);
  const { timezone } = site.value.site;
  const moment = (at) => `${dayOfYear(at, timezone)} ${clockTime(at, timezone, true)}`;
  return html`
    ${problem && html`<p class="notice bad" role="alert">${tell(problem.key, problem.values)}</p>`}
    ${news && rows.length === 0 && html`<p class="empty">${tell("panel.alarms.sent.none")}</p>`}
    ${rows.length > 0 && html`<div class="scroll" tabindex="0" role="region" aria-label=${tell("panel.alarms.part.sent")}><table class="table">
      <thead><tr>${["made", "to", "title", "state"].map((one) => html`<th key=${one} scope="col">${tell(`panel.alarms.sent.${one}`)}</th>`)}</tr></thead>
      <tbody>${rows.map((one) => html`<tr key=${`${one.id}/${one.person}/${one.channel}`}>
        <td>${moment(one.made)}</td><td>${one.person} · ${one.channel}</td>
        <td><span class="count">${PRIORITIES.includes(one.priority) && html`<${AlarmMark} priority=${one.priority} />`}${one.title}</span></td>
        <td>${tell(`panel.alarms.sent.state.${one.state}`, { attempts: one.attempts })}${one.at !== null && one.state === "delivered" && ` ${clockTime(one.at, timezone, true)}`}${one.answer && one.state !== "delivered" && ` · ${one.answer}`}</td></tr>`)}</tbody>
    </table></div>`}
    ${older}`;
}
