// A trend as a picture: the chart with the names of its lines and its time above it, saved as PNG.

import { site } from "./farm.js";
import { clockTime, dayOfYear } from "./numbers.js";
import { penColour, penDash } from "./trend_pens.js";
import { drawable, endOf, startOf } from "./trend_view.js";
import { called, unitWord } from "./words.js";

const LINE = 22;

export function savePicture(chart, view) {
  const ratio = devicePixelRatio;
  const { canvas } = chart.ctx;
  const known = drawable();
  const { timezone, name } = site.value.site;
  const heading = (view.pens.length + 1) * LINE + 12;
  const picture = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height + heading * ratio });
  const draw = picture.getContext("2d");
  const style = getComputedStyle(document.documentElement);
  draw.fillStyle = style.getPropertyValue("--sheet").trim();
  draw.fillRect(0, 0, picture.width, picture.height);
  draw.drawImage(canvas, 0, heading * ratio);
  draw.scale(ratio, ratio);
  draw.font = "15px system-ui, sans-serif";
  draw.textBaseline = "middle";
  const ink = style.getPropertyValue("--ink").trim();
  const words = (at) => `${dayOfYear(at, timezone)} ${clockTime(at, timezone)}`;
  draw.fillStyle = ink;
  draw.fillText(`${called(name)}  ${words(startOf(view))} – ${words(endOf(view))}`, 12, 6 + LINE / 2);
  view.pens.forEach((pen, place) => {
    const y = 6 + (place + 1.5) * LINE;
    draw.strokeStyle = penColour(place);
    draw.lineWidth = 3;
    draw.setLineDash(penDash(place));
    draw.beginPath();
    draw.moveTo(12, y);
    draw.lineTo(44, y);
    draw.stroke();
    draw.fillStyle = ink;
    draw.fillText(`${called(known[pen].name)} ${unitWord(known[pen].unit)}`, 54, y);
  });
  picture.toBlob((blob) => {
    const address = URL.createObjectURL(blob);
    const anchor = Object.assign(document.createElement("a"), { href: address, download: `farmloop-${words(startOf(view)).replace(/\D/g, "")}.png` });
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }, "image/png");
}
