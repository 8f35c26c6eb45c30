// The live trend: up to eight values of a facility over the last hours, with gaps where a value was not good.

import { onReadings, farmNow, link, reading, site } from "./farm.js";
import { html } from "./html.js";
import { clockTime, dayOfYear, number } from "./numbers.js";
import { ofFacility, zoneWord } from "./places.js";
import { get } from "./server.js";
import { useEffect, useRef, useState } from "./vendor/preact_hooks.js";
import { called, language, quantity, tell, unitWord } from "./words.js";

const HOURS = [1, 6, 24, 168, 720, 8760];
const MOST_PENS = 8;
/** Colours that the colour-blind can tell apart, each with a dash of its own. */
const PENS = [
  ["#0b5cab", []], ["#b3400b", [8, 4]], ["#00735c", [2, 3]], ["#7b3fa0", [10, 3, 2, 3]],
  ["#8a6d00", [5, 5]], ["#a0205f", [12, 4]], ["#33658a", [3, 6]], ["#4d4d4d", [6, 2, 2, 2]],
];
const PENS_IN_THE_DARK = ["#6fb3ff", "#ff9a63", "#4fd1b3", "#c79af0", "#e0c04a", "#f283b6", "#9fc3e0", "#cfcfcf"];

/** Whether the screen is dark now, by choice or by the system. */
const isDark = () => {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
};

export function Trend({ id }) {
  const facility = site.value.facilities.find((one) => one.id === id) ?? site.value.facilities[0];
  const { tags } = site.value;
  const choice = ofFacility(tags, facility).filter((name) => !["bool", "text"].includes(tags[name].unit));
  const [hours, setHours] = useState(1);
  const [pens, setPens] = useState(() => {
    const watched = choice.filter((name) => tags[name].watched);
    return (watched.length ? watched : choice).slice(0, 2);
  });
  const toggle = (name) => setPens(pens.includes(name) ? pens.filter((one) => one !== name) : [...pens, name].slice(0, MOST_PENS));
  return html`<div class="trend">
    <h1>${tell("panel.trend")}</h1>
    <nav class="pick" aria-label=${tell("panel.facilities")}>${site.value.facilities.map(
      (one) => html`<a class="button" aria-current=${one === facility ? "page" : undefined} href=${`#/trend/${one.id}`}>${called(one.name)}</a>`,
    )}</nav>
    <section class="card wide">
      <div class="pick hours" role="group" aria-label=${tell("panel.trend.span")}>${HOURS.map(
        (one) => html`<button aria-pressed=${one === hours} onClick=${() => setHours(one)}>${one > 24 ? tell("panel.trend.days", { days: String(one / 24) }) : tell("panel.trend.hours", { hours: String(one) })}</button>`,
      )}</div>
      <${Chart} key=${language.value} pens=${pens} hours=${hours} />
      <div class="pens" role="group" aria-label=${tell("panel.trend.values")}>${choice.map((name) => {
        const place = pens.indexOf(name);
        const now = reading(name);
        const zone = zoneWord(facility, tags[name].zone);
        return html`<button key=${name} aria-pressed=${place >= 0} onClick=${() => toggle(name)} disabled=${place < 0 && pens.length >= MOST_PENS}>
          <${Sample} place=${place} /><span class="name">${called(tags[name].name)}${zone && html`<small>${zone}</small>`}</span>
          <span class=${`number ${link.value === "live" && now?.v !== null ? "" : "old"}`}>${typeof now?.v === "number" ? quantity(now.v, tags[name].unit) : "—"}</span>
        </button>`;
      })}</div>
    </section>
  </div>`;
}

/** A pen's line as in the chart; an empty box if it is not drawn. */
function Sample({ place }) {
  if (place < 0) return html`<svg class="sample" aria-hidden="true"><rect x="1" y="1" width="26" height="12" /></svg>`;
  const [colour, dash] = PENS[place];
  return html`<svg class="sample" aria-hidden="true"><line x1="0" x2="28" y1="7" y2="7" stroke=${isDark() ? PENS_IN_THE_DARK[place] : colour} stroke-dasharray=${dash.join(" ")} /></svg>`;
}

function Chart({ pens, hours }) {
  const box = useRef(null);
  const [problem, setProblem] = useState(null);
  const [empty, setEmpty] = useState(false);
  const [pointed, setPointed] = useState(null);
  const seconds = hours * 3600;
  const chosen = pens.join(" ");

  useEffect(() => {
    if (pens.length === 0) return undefined;
    let over = false;
    let chart = null;
    let stop = () => {};
    let timer;
    const watcher = new ResizeObserver(() => box.current && chart?.setSize(sizeOf(box.current)));

    async function draw() {
      try {
        const [{ default: uPlot }, news] = await Promise.all([
          import("./vendor/uplot.js"),
          get(`trend?seconds=${seconds}&${pens.map((pen) => `tag=${pen}`).join("&")}`),
        ]);
        if (over || !box.current) return;
        const lines = new Map(pens.map((pen) => [pen, [news.pens[pen]?.t.map((at) => at / 1000) ?? [], news.pens[pen]?.v ?? []]]));
        const joined = () => uPlot.join(pens.map((pen) => lines.get(pen)), pens.map(() => [0, 2]));
        const point = ({ cursor, posToVal }) => {
          const at = cursor.left >= 0 ? posToVal(cursor.left, "x") : null;
          setPointed(at && { at, values: pens.map((pen) => [pen, valueAt(lines.get(pen), at)]) });
        };
        chart = new uPlot({ ...settings(uPlot, pens, seconds, sizeOf(box.current)), hooks: { setCursor: [point] } }, joined(), box.current);
        watcher.observe(box.current);
        stop = onReadings((readings) => pens.forEach((pen) => append(lines.get(pen), readings[pen], seconds)));
        const redraw = () => {
          setEmpty(![...lines.values()].some(([, values]) => values.some((value) => value !== null)));
          chart.setData(joined(), false);
          chart.setScale("x", { min: farmNow.value / 1000 - seconds, max: farmNow.value / 1000 });
        };
        redraw();
        timer = setInterval(redraw, 1000);
        setProblem(null);
      } catch (caught) {
        if (!over) setProblem(caught);
      }
    }
    draw();
    return () => {
      over = true;
      stop();
      clearInterval(timer);
      watcher.disconnect();
      chart?.destroy();
    };
  }, [chosen, hours]);

  if (pens.length === 0) return html`<p class="empty">${tell("panel.trend.choose")}</p>`;
  return html`<${Readout} pointed=${pointed} /><div class="chart" ref=${box} role="img" aria-label=${tell("panel.trend")}>
    ${problem && html`<p class="notice bad" role="alert">${tell(problem.key ?? "panel.error.broken", problem.values)}</p>`}
    ${empty && html`<p class="empty within">${tell("panel.trend.empty")}</p>`}
  </div>`;
}

/** What the lines say where the finger or the mouse points. */
function Readout({ pointed }) {
  const { tags, site: place } = site.value;
  return html`<p class="readout">${pointed && html`<b>${clockTime(pointed.at * 1000, place.timezone, true)}</b>
    ${pointed.values.map(([pen, value]) => html`<span>${called(tags[pen].name)} <b>${value === null ? "—" : quantity(value, tags[pen].unit)}</b></span>`)}`}</p>`;
}

/** The last point of a line that is not after `at`: its value, null in a gap or before the first. */
function valueAt([times, values], at) {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= at) low = middle + 1;
    else high = middle;
  }
  return low > 0 ? values[low - 1] : null;
}

const sizeOf = (element) => ({ width: Math.max(260, element.clientWidth), height: Math.max(240, Math.min(420, innerHeight * 0.5)) });

/** Adds what came to a line, a gap where it cannot be believed, and drops what has left the screen. */
function append([times, values], now, seconds) {
  if (!now) return;
  const at = now.t / 1000;
  if (times.length && at <= times.at(-1)) {
    if (now.v !== null || values.at(-1) === null) return;
    times.push(times.at(-1) + 0.001);
  } else {
    times.push(at);
  }
  values.push(typeof now.v === "number" ? now.v : null);
  while (times.length > 2 && times[1] < at - seconds) {
    times.shift();
    values.shift();
  }
}

function settings(uPlot, pens, seconds, size) {
  const { tags, site: place } = site.value;
  const style = getComputedStyle(document.documentElement);
  const ink = style.getPropertyValue("--soft").trim();
  const grid = { stroke: style.getPropertyValue("--line").trim(), width: 1 };
  const units = [...new Set(pens.map((pen) => tags[pen].unit))];
  const font = "13px system-ui, sans-serif";
  return {
    ...size,
    tzDate: (at) => uPlot.tzDate(new Date(at * 1000), place.timezone),
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { size: 7 } },
    scales: { x: { time: true }, ...Object.fromEntries(units.map((unit) => [unit, { range: (_, low, high) => roomy(low, high) }])) },
    axes: [
      { stroke: ink, font, grid, ticks: grid, space: 64, values: (_, splits) => splits.map((at) => timeWords(at * 1000, seconds, place.timezone)) },
      ...units.slice(0, 2).map((unit, place) => ({
        scale: unit, side: place === 0 ? 3 : 1, stroke: ink, font, size: 58, ticks: grid, grid: { ...grid, show: place === 0 },
        label: unitWord(unit), labelFont: font, labelSize: 18, values: (_, splits) => splits.map((value) => shortest(value, splits)),
      })),
    ],
    series: [
      {},
      ...pens.map((pen, place) => ({
        label: called(tags[pen].name), scale: tags[pen].unit, spanGaps: false, width: 2, points: { show: false },
        stroke: isDark() ? PENS_IN_THE_DARK[place] : PENS[place][0], dash: PENS[place][1], value: (_, value) => (value === null ? "" : number(value, tags[pen].unit)),
      })),
    ],
  };
}

/** Midnight shows the day, everything else the time; over days, only days. */
function timeWords(at, seconds, timezone) {
  const time = clockTime(at, timezone);
  if (seconds > 2 * 86400) return dayOfYear(at, timezone);
  return seconds > 6 * 3600 && time === "00:00" ? dayOfYear(at, timezone) : time;
}

/** As many decimals as the distance of the ticks asks for. */
function shortest(value, splits) {
  const distance = splits.length > 1 ? Math.abs(splits[1] - splits[0]) : 1;
  return value.toFixed(Math.max(0, Math.min(3, Math.ceil(-Math.log10(distance) - 1e-9)))).replace("-", "\u2212");
}

/** A range with some air, also where a line is flat. */
function roomy(low, high) {
  if (low === null || high === null) return [0, 1];
  const margin = Math.max((high - low) * 0.1, Math.abs(high) * 0.01, 0.05);
  return [low - margin, high + margin];
}
