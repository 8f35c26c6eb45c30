// The sign-in page: trades the one-time token of the link's fragment, or one typed in, for a session.

const form = document.querySelector("form");

/** Shows the one notice that fits, none for "". */
function say(what) {
  for (const notice of document.querySelectorAll("[data-when]")) notice.hidden = notice.dataset.when !== what;
}

async function trade(token) {
  say("working");
  let reply;
  try {
    reply = await fetch("/api/v1/session", {
      method: "POST",
      headers: { "content-type": "application/json", "x-farmloop": "1" },
      body: JSON.stringify({ token }),
    });
  } catch {
    say("unreachable");
    return;
  }
  if (reply.ok) location.replace("/");
  else say(reply.status === 429 ? "many" : "refused");
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  // A whole link may be pasted as well as the token alone.
  const typed = form.elements.token.value.trim();
  const token = typed.slice(typed.lastIndexOf("token=") + 1 ? typed.lastIndexOf("token=") + "token=".length : 0);
  if (token) trade(token);
});

/** Acts on the link's fragment, and takes it out of the address and the history at once. */
function readFragment() {
  const fragment = location.hash.slice(1);
  if (!fragment) return;
  history.replaceState(null, "", location.pathname + location.search);
  const token = new URLSearchParams(fragment).get("token");
  if (token) trade(token);
  else if (fragment === "ended") say("ended");
}

addEventListener("hashchange", readFragment);
readFragment();
