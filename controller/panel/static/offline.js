// The page in place of the panel while the box does not answer: asks again until it does, then shows what was asked for.

import { applyTheme } from "./look.js";

const EVERY_MS = 5000;

async function ask() {
  const answer = await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(EVERY_MS) }).catch(() => null);
  if (answer?.ok) location.reload();
}

applyTheme();
for (const button of document.querySelectorAll("button")) button.addEventListener("click", ask);
setInterval(ask, EVERY_MS);
