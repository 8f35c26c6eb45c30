// The worker of the installed panel: keeps the panel's own files in the browser, and nothing else. What the farm says
// and what belongs to a session never comes here. Pages come from the box; where it does not answer, one says so.
//
// Before this the server writes KEPT, what is kept: path -> what it must hold (`sha256-…`), and VERSION, a hash over it
// and this script. Files of two versions never stand in one cache.

const AWAY = "/offline";
/** A box that is off may not even refuse: after so long it is taken to be away. */
const PATIENCE_MS = 10000;

addEventListener("install", (event) => event.waitUntil(keep()));
addEventListener("activate", (event) => event.waitUntil(takeOver()));
// a newer worker waits until a person asks for what it brings: what an open page loads later is of the page's version
addEventListener("message", (event) => event.data === "take over" && skipWaiting());

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin || pathname.startsWith("/api/")) return;
  if (request.mode === "navigate") event.respondWith(soon(fetch(request)).catch(() => kept(AWAY)));
  else if (pathname in KEPT) event.respondWith(kept(pathname).then((found) => found ?? fetch(request)));
});

/** All of them or none: a version of which one file is not what it must be is never begun. */
async function keep() {
  const taken = await Promise.all(Object.entries(KEPT).map(async ([path, integrity]) => {
    const reply = await fetch(path, { integrity }).catch((error) => spoiled(path, error));
    if (!reply.ok) throw new Error(path);
    return [path, reply];
  }));
  const cache = await caches.open(VERSION);
  await Promise.all(taken.map(([path, reply]) => cache.put(path, reply)));
}

/** A file that comes, but for its digest, is another one than the box meant: every open page is told. */
async function spoiled(path, error) {
  const reply = await fetch(path, { cache: "no-store" });
  if (reply.ok) for (const page of await clients.matchAll({ includeUncontrolled: true })) page.postMessage({ spoiled: path });
  throw error;
}

async function takeOver() {
  const old = (await caches.keys()).filter((name) => name !== VERSION);
  await Promise.all(old.map((name) => caches.delete(name)));
  await clients.claim();
}

async function kept(path) {
  const cache = await caches.open(VERSION);
  return cache.match(path, { ignoreVary: true });
}

const soon = (reply) => Promise.race([reply, new Promise((_, refuse) => setTimeout(refuse, PATIENCE_MS))]);
