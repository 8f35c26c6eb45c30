// Photos of a note: taken with the telephone's camera or chosen, made small before they are sent, shown small.

import { html } from "./html.js";
import { send } from "./server.js";
import { useState } from "./vendor/preact_hooks.js";
import { tell } from "./words.js";

const MOST = 4;
const LONGEST_PX = 1600;

/** Small enough for a telephone's network, upright, and nothing in it but the picture. */
async function small(file) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, LONGEST_PX / Math.max(picture.width, picture.height));
  const sheet = new OffscreenCanvas(Math.round(picture.width * scale), Math.round(picture.height * scale));
  sheet.getContext("2d").drawImage(picture, 0, 0, sheet.width, sheet.height);
  picture.close();
  return sheet.convertToBlob({ type: "image/jpeg", quality: 0.85 });
}

/** Photos to go with a note: `names` as the server gave them. */
export function PhotoField({ names, setNames }) {
  const [deal, setDeal] = useState({ stage: "choose" });
  async function take(event) {
    const [file] = event.target.files;
    event.target.value = "";
    if (!file) return;
    setDeal({ stage: "pending" });
    try {
      const blob = await small(file).catch(() => file); // what the browser cannot draw, the server judges
      const { name } = await send("photos", blob);
      setNames((known) => [...new Set([...known, name])]);
      setDeal({ stage: "choose" });
    } catch (problem) {
      setDeal({ stage: "failed", problem });
    }
  }
  const field = (key, more) => html`<label class="field"><span>${tell(key)}</span>
    <input type="file" accept="image/jpeg,image/png,image/webp" disabled=${deal.stage === "pending"} onChange=${take} ...${more} /></label>`;
  return html`
    ${names.length < MOST && html`<div class="fields">${field("panel.photos.take", { capture: "environment" })}${field("panel.photos.choose", {})}</div>`}
    ${deal.stage === "pending" && html`<p class="notice" role="status">${tell("panel.photos.pending")}</p>`}
    ${deal.stage === "failed" && html`<p class="notice bad" role="alert">${tell(deal.problem.key, deal.problem.values)}</p>`}
    <${Photos} names=${names} onDrop=${(name) => setNames((known) => known.filter((one) => one !== name))} />`;
}

/** Photos, small; a touch opens one. With `onDrop` each can be left out again. */
export const Photos = ({ names, onDrop }) => names.length > 0 && html`<ul class="photos">${names.map((name, place) => html`<li key=${name}>
  <a href=${`/api/v1/photos/${name}`} target="_blank" rel="noopener"><img src=${`/api/v1/photos/${name}`} loading="lazy" alt=${tell("panel.photos.one", { number: place + 1 })} /></a>
  ${onDrop && html`<button type="button" onClick=${() => onDrop(name)}>${tell("panel.photos.drop", { number: place + 1 })}</button>`}</li>`)}</ul>`;
