// Who is signed in, and how to be it no longer.

import { get, remove } from "./server.js";
import { signal } from "./vendor/signals.js";

/** `{ who, role }` as the server told it. */
export const session = signal({ who: "", role: "viewer" });

export async function meet() {
  session.value = await get("session");
}

export const signOut = () => remove("session").then(() => location.replace("/sign-in"));
