// The chart of a trend: asks for its bands, draws them with uPlot, and goes on with what the stream brings.

import { farmNow, onReadings, site } from "./farm.js";
import { html } from "./html.js";
import { clockTime } from "./numbers.js";
import { get } from "./server.js";
import { handle, handleKeys } from "./trend_hands.js";
import { savePicture } from "./trend_picture.js";
import { chartSettings } from "./trend_settings.js";
import { DAY_MS, drawable, endOf, setpointsOf, startOf } from "./trend_view.js";
import { useEffect, useRef, useState } from "./vendor/preact_hooks.js";
import { called, quantity, tell } from "./words.js";

/** A picture that a finger is on is not changed under it: looked again after so long. */
const HELD_MS = 300;
/** What follows the farm is asked for again after so long: bands move on, and marks come. */
const AGAIN_MS = 60000;

const asked = (tags, start, end) => `trends?${new URLSearchParams([...tags.map((tag) => ["tag", tag]), ["start", String(Math.round(start))], ["end", String(Math.round(end))]])}`;

/** One line as uPlot takes it: seconds, values, and what lies around them. */
function lineOf(pen, shift = 0) {
  return { t: pen.t.map((at) => (at + shift) / 1000), mean: pen.mean, low: pen.low, high: pen.high, bad: pen.bad.map(([from, to]) => [(from + shift) / 1000, (to + shift) / 1000]) };
}

async function fetched(view) {
  const [start, end] = [startOf(view), endOf(view)];
  const [now, before, marks] = await Promise.all([
    get(asked([...view.pens, ...setpointsOf(view)], start, end)),
    view.yesterday ? get(asked(view.pens, start - DAY_MS, end - DAY_MS)) : null,
    view.marks ? get(`trends/marks?start=${Math.round(start)}&end=${Math.round(end)}`) : null,
  ]);
  return {
    pens: view.pens.map((pen) => lineOf(now.pens[pen])),
    setpoints: setpointsOf(view).map((name) => ({ name, ...lineOf(now.pens[name]) })),
    yesterday: before ? view.pens.map((pen) => lineOf(before.pens[pen], DAY_MS)) : [],
    marks,
  };
}

export function TrendChart({ view, look, onMarks, chart }) {
  const box = useRef(null);
  const seen = useRef(view);
  const [problem, setProblem] = useState(null);
  const [empty, setEmpty] = useState(false);
  const [pointed, setPointed] = useState(null);
  /** What is drawn now: it stays, moved, until what is asked for has come. */
  const drawn = useRef({ plot: null, stops: [], held: () => false });
  seen.current = view;
  const asks = JSON.stringify([view.pens, view.span, view.to, view.yesterday, view.setpoints, view.marks]);

  useEffect(() => {
    let over = false;
    let again;
    async function draw() {
      try {
        const [{ default: uPlot }, lines] = await Promise.all([import("./vendor/uplot.js"), fetched(view)]);
        if (over || !box.current) return;
        if (drawn.current.held()) {
          again = setTimeout(draw, HELD_MS);
          return;
        }
        takeOff(drawn.current);
        onMarks(lines.marks);
        const all = [...lines.pens, ...lines.setpoints, ...lines.yesterday];
        // the same columns in the same order as the series of the settings
        const tables = all.map((line) => (line.low ? [line.t, line.mean, line.low, line.high] : [line.t, line.mean]));
        const joined = () => uPlot.join(tables, tables.map((table) => table.map((_, place) => (place ? 2 : 0))));
        const point = ({ cursor, posToVal }) => {
          const at = cursor.left >= 0 ? posToVal(cursor.left, "x") : null;
          setPointed(at && { at, values: view.pens.map((pen, place) => [pen, ...valueAt(lines.pens[place], at)]) });
        };
        const settings = chartSettings(uPlot, view, lines, sizeOf(box.current));
        const plot = new uPlot({ ...settings, hooks: { ...settings.hooks, setCursor: [point] } }, joined(), box.current);
        const watcher = new ResizeObserver(() => box.current && plot.setSize(sizeOf(box.current)));
        watcher.observe(box.current);
        const { stop, held } = handle(plot, () => seen.current, look);
        const stops = [() => watcher.disconnect(), stop];
        drawn.current = { plot, stops, held };
        chart.current = { save: () => savePicture(plot, seen.current) };
        setEmpty(!lines.pens.some((line) => line.mean.some((value) => value !== null)));
        fit(plot, seen.current);
        if (view.to === null) {
          stops.push(onReadings((readings) => [...view.pens, ...setpointsOf(view)].forEach((name, place) => append(all[place], readings[name]))));
          const timer = setInterval(() => {
            if (held()) return;
            setEmpty(!lines.pens.some((line) => line.mean.some((value) => value !== null)));
            plot.setData(joined(), false);
            fit(plot, seen.current);
          }, 1000);
          stops.push(() => clearInterval(timer));
          again = setTimeout(draw, AGAIN_MS);
        }
        setProblem(null);
      } catch (caught) {
        if (over) return;
        setProblem(caught);
        again = setTimeout(draw, 5000);
      }
    }
    if (drawn.current.plot) fit(drawn.current.plot, view);
    // a drag or a wheel asks once it rests
    const begun = setTimeout(draw, drawn.current.plot ? 150 : 0);
    return () => {
      over = true;
      clearTimeout(begun);
      clearTimeout(again);
    };
  }, [asks]);
  useEffect(() => {
    const stop = handleKeys(box.current, () => seen.current, look);
    return () => {
      stop();
      takeOff(drawn.current);
    };
  }, []);

  return html`<${Readout} pointed=${pointed} /><div class="chart" ref=${box} tabindex="0" role="group" aria-label=${tell("panel.trend.keys")}>
    ${problem && html`<p class="notice bad" role="alert">${tell(problem.key ?? "panel.error.broken", problem.values)}</p>`}
    ${empty && html`<p class="empty within">${tell("panel.trend.empty")}</p>`}
  </div>`;
}

function takeOff({ plot, stops }) {
  stops.forEach((stop) => stop());
  plot?.destroy();
}

const fit = (plot, view) => plot.setScale("x", { min: startOf(view) / 1000, max: endOf(view) / 1000 });
const sizeOf = (element) => ({ width: Math.max(260, element.clientWidth), height: Math.max(240, Math.min(420, innerHeight * 0.5)) });

/** What the lines say where the finger or the mouse points. */
function Readout({ pointed }) {
  const known = drawable();
  return html`<p class="readout">${pointed && html`<b>${clockTime(pointed.at * 1000, site.value.site.timezone, true)}</b>
    ${pointed.values.map(([pen, value, low, high, bad]) => html`<span key=${pen}>${called(known[pen].name)} <b>${value === null ? (bad ? tell("panel.trend.bad") : "—") : quantity(value, known[pen].unit)}</b>${low !== null && low !== high && value !== null && html` <small>${`${quantity(low, known[pen].unit)} … ${quantity(high, known[pen].unit)}`}</small>`}</span>`)}`}</p>`;
}

/** At a moment: value, lowest, highest (of the last point before it), and whether it could not be relied on. */
function valueAt(line, at) {
  let [low, high] = [0, line.t.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (line.t[middle] <= at) low = middle + 1;
    else high = middle;
  }
  const bad = line.bad.some(([from, to]) => from <= at && at < to);
  return low > 0 ? [line.mean[low - 1], line.low?.[low - 1] ?? null, line.high?.[low - 1] ?? null, bad] : [null, null, null, bad];
}

/** Adds what came to a line, a gap where it cannot be believed. */
function append(line, now) {
  if (!now || typeof now.v === "string") return;
  let at = now.t / 1000;
  const value = now.v === null ? null : Number(now.v);
  if (line.t.length && at <= line.t.at(-1)) {
    if (value !== null || line.mean.at(-1) === null) return;
    at = Math.max(line.t.at(-1) + 0.001, farmNow.value / 1000);
  }
  for (const [column, one] of [["t", at], ["mean", value], ["low", value], ["high", value]]) line[column]?.push(one);
  if (value === null) line.bad.push([at, at]);
  else if (line.bad.length && line.bad.at(-1)[0] === line.bad.at(-1)[1]) line.bad.at(-1)[1] = at;
}
