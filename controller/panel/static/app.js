// The panel as an app: has its files kept by the worker, and tells when the box has newer ones. It comes after the first
// values of the farm: nothing that is for later may hold those up.

import { wholes } from "./farm.js";
import { effect } from "./vendor/signals.js";
import { allWords } from "./words.js";

const WORKER = "/worker.js";
/** So long the first screen has the line to itself; whoever opens another one has its words at once. */
const WORDS_AFTER_MS = 3000;

/** Registers the worker where a browser allows one (https, or this very computer). `told(load)` is called once newer
 *  files wait; nothing is loaded before `load` is. `wrong(path)`: a file is not what it must be, and was not taken. */
export async function install(told, wrong) {
  await new Promise((resolve) => effect(() => wholes.value > 0 && resolve()));
  setTimeout(() => allWords().catch(() => {}), WORDS_AFTER_MS);
  const { serviceWorker } = navigator;
  if (!serviceWorker) return;
  serviceWorker.addEventListener("message", ({ data }) => data.spoiled && wrong(data.spoiled));
  const policy = globalThis.trustedTypes?.createPolicy("farmloop-worker", { createScriptURL: () => WORKER });
  const registration = await serviceWorker.register(policy ? policy.createScriptURL(WORKER) : WORKER).catch(() => null);
  if (!registration) return;
  let controlled = Boolean(serviceWorker.controller);
  let asked = false;

  function load() {
    asked = true;
    if (registration.waiting) registration.waiting.postMessage("take over");
    else location.reload();
  }
  // nobody touches the screen on the wall
  const tell = () => (location.hash.startsWith("#/kiosk") ? load() : told(load));
  const look = () => controlled && registration.waiting && tell();
  const watch = (worker) => worker?.addEventListener("statechange", look);

  serviceWorker.addEventListener("controllerchange", () => {
    if (asked) location.reload();
    else if (controlled) tell(); // another tab has loaded them
    controlled = true;
  });
  registration.addEventListener("updatefound", () => watch(registration.installing));
  watch(registration.installing);
  look();
  // a stream that begins anew may be that of a box with newer files
  effect(() => wholes.value > 0 && registration.update().catch(() => {}));
}
