// How a trend is drawn: a series for each pen with its band, setpoints as steps, yesterday fainter, marks and doubts.

import { site } from "./farm.js";
import { clockTime, dayOfYear, number } from "./numbers.js";
import { penColour, penDash } from "./trend_pens.js";
import { drawable, setpointsOf } from "./trend_view.js";
import { toShown } from "./units.js";
import { called, unitWord } from "./words.js";

const FONT = "13px system-ui, sans-serif";
const STRIP = 5;
const SHAPES = {
  critical: (draw, x, y) => draw.rect(x - 6, y, 12, 12),
  high: (draw, x, y) => [[x, y], [x + 7, y + 12], [x - 7, y + 12]].forEach(([a, b], place) => (place ? draw.lineTo(a, b) : draw.moveTo(a, b))),
  medium: (draw, x, y) => [[x, y], [x + 7, y + 7], [x, y + 14], [x - 7, y + 7]].forEach(([a, b], place) => (place ? draw.lineTo(a, b) : draw.moveTo(a, b))),
  low: (draw, x, y) => draw.arc(x, y + 6, 6, 0, 2 * Math.PI),
};
const VARIABLE = { critical: "--p1", high: "--p2", medium: "--p3", low: "--p4" };

export function chartSettings(uPlot, view, lines, size) {
  const { timezone } = site.value.site;
  const known = drawable();
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const grid = { stroke: colour("--line"), width: 1 };
  const ink = colour("--soft");
  const shown = [...view.pens, ...setpointsOf(view)];
  const units = [...new Set(shown.map((name) => known[name].unit))];
  const series = [{}];
  const bands = [];
  const add = (line, unit, more) => {
    series.push({ scale: unit, spanGaps: false, points: { show: false }, ...more });
    if (!line.low) return;
    const edge = { scale: unit, spanGaps: false, points: { show: false }, stroke: "transparent", width: 0 };
    series.push({ ...edge }, { ...edge });
    bands.push({ series: [series.length - 1, series.length - 2], fill: `${more.stroke}33` });
  };
  lines.pens.forEach((line, place) => add(line, known[view.pens[place]].unit, { label: called(known[view.pens[place]].name), stroke: penColour(place), dash: penDash(place), width: 2, value: (_, value) => (value === null ? "" : number(value, known[view.pens[place]].unit)) }));
  for (const line of lines.setpoints) {
    const place = Math.max(0, view.pens.findIndex((pen) => site.value.tags[pen]?.setpoints.includes(line.name)));
    add({ ...line, low: null }, known[line.name].unit, { stroke: penColour(place), width: 1, dash: [6, 6], paths: uPlot.paths.stepped({ align: 1 }) });
    if (line.low) series.push({ scale: known[line.name].unit, show: false }, { scale: known[line.name].unit, show: false });
  }
  lines.yesterday.forEach((line, place) => {
    add({ ...line, low: null }, known[view.pens[place]].unit, { stroke: `${penColour(place)}99`, width: 1.5, dash: [1, 4] });
    if (line.low) series.push({ scale: known[view.pens[place]].unit, show: false }, { scale: known[view.pens[place]].unit, show: false });
  });
  return {
    ...size,
    tzDate: (at) => uPlot.tzDate(new Date(at * 1000), timezone),
    legend: { show: false },
    cursor: { drag: { x: false, y: false, setScale: false }, points: { size: 7 } },
    scales: { x: { time: true, auto: false }, ...Object.fromEntries(units.map((unit) => [unit, { range: (_, low, high) => roomy(low, high) }])) },
    axes: [
      { stroke: ink, font: FONT, grid, ticks: grid, space: 64, values: (_, splits) => splits.map((at) => timeWords(at * 1000, view.span, timezone)) },
      ...units.slice(0, 2).map((unit, place) => ({
        scale: unit, side: place === 0 ? 3 : 1, stroke: ink, font: FONT, size: 58, ticks: grid, grid: { ...grid, show: place === 0 },
        label: unitWord(unit), labelFont: FONT, labelSize: 18, values: (_, splits) => splits.map((value) => toShown(value, unit)).map((value, _, all) => shortest(value, all)),
      })),
    ],
    series,
    bands,
    hooks: { draw: [(chart) => doubts(chart, lines.pens), (chart) => happenings(chart, lines.marks?.marks ?? [], colour)] },
  };
}

/** At the bottom, a strip for each pen where what came could not be relied on. */
function doubts(chart, pens) {
  const { ctx: draw, bbox } = chart;
  const ratio = devicePixelRatio;
  draw.save();
  pens.forEach((line, place) => {
    draw.fillStyle = penColour(place);
    for (const [from, to] of line.bad) {
      const left = Math.max(bbox.left, chart.valToPos(from, "x", true));
      const right = Math.min(bbox.left + bbox.width, Math.max(chart.valToPos(to, "x", true), left + 2 * ratio));
      if (right > left) draw.fillRect(left, bbox.top + bbox.height - (place + 1) * STRIP * ratio, right - left, (STRIP - 1) * ratio);
    }
  });
  draw.restore();
}

/** At the top, a sign for each alarm that came, in the shape of its priority, and a short line for what people did. */
function happenings(chart, marks, colour) {
  const { ctx: draw, bbox } = chart;
  const ratio = devicePixelRatio;
  draw.save();
  draw.lineWidth = ratio;
  for (const one of marks) {
    const x = chart.valToPos(one.at / 1000, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    draw.strokeStyle = colour(one.kind === "alarm" ? "--ink" : "--soft");
    draw.setLineDash(one.kind === "alarm" ? [] : [3 * ratio, 3 * ratio]);
    draw.beginPath();
    draw.moveTo(x, bbox.top);
    draw.lineTo(x, bbox.top + (one.kind === "alarm" ? bbox.height : 18 * ratio));
    draw.stroke();
    if (one.kind !== "alarm") continue;
    draw.save();
    draw.translate(x, bbox.top);
    draw.scale(ratio, ratio);
    draw.beginPath();
    SHAPES[one.priority](draw, 0, 0);
    draw.closePath();
    draw.fillStyle = colour(VARIABLE[one.priority]);
    draw.fill();
    draw.stroke();
    draw.restore();
  }
  draw.restore();
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
  const digits = [0, 1, 2].find((one) => Math.abs(distance * 10 ** one - Math.round(distance * 10 ** one)) < 1e-6) ?? 3;
  return value.toFixed(digits).replace("-", "\u2212");
}

/** A range with some air, also where a line is flat. */
function roomy(low, high) {
  if (low === null || high === null || low === undefined) return [0, 1];
  const margin = Math.max((high - low) * 0.1, Math.abs(high) * 0.01, 0.05);
  return [low - margin, high + margin];
}
