// The sign-in page: trades a name and its password, or the one-time token of a link's fragment, for a session.

const account = document.getElementById("account");
const link = document.getElementById("link");

/** Shows the one notice that fits, none for "". */
function say(what) {
  for (const notice of document.querySelectorAll("[data-when]")) notice.hidden = notice.dataset.when !== what;
}

async function trade(body, refused) {
  say("working");
  let reply;
  try {
    reply = await fetch("/api/v1/session", {
      method: "POST",
      headers: { "content-type": "application/json", "x-farmloop": "1" },
      body: JSON.stringify(body),
    });
  } catch {
    say("unreachable");
    return;
  }
  if (reply.ok) location.replace("/");
  else {
    const { code } = await reply.json().catch(() => ({}));
    const asked = { second_factor: "code", second_factor_wrong: "code_wrong" }[code];
    say(reply.status === 429 ? "many" : asked ?? refused);
    // only whoever has the password learns that a code is asked for
    if (asked) {
      document.getElementById("code").hidden = false;
      account.elements.code.focus();
    } else account.elements.password.value = "";
    account.elements.code.value = "";
  }
}

account.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { name, password, code, kiosk } = account.elements;
  await trade({ name: name.value.trim(), password: password.value, kiosk: kiosk.checked, ...(code.value ? { code: code.value } : {}) }, "wrong");
});

link.addEventListener("submit", (event) => {
  event.preventDefault();
  // A whole link may be pasted as well as the token alone.
  const typed = link.elements.token.value.trim();
  const token = typed.slice(typed.lastIndexOf("token=") + 1 ? typed.lastIndexOf("token=") + "token=".length : 0);
  if (token) trade({ token }, "refused");
});

/** Acts on the link's fragment, and takes it out of the address and the history at once. */
function readFragment() {
  const fragment = location.hash.slice(1);
  if (!fragment) return;
  history.replaceState(null, "", location.pathname + location.search);
  const token = new URLSearchParams(fragment).get("token");
  if (token) trade({ token }, "refused");
  else if (fragment === "ended") say("ended");
}

addEventListener("hashchange", readFragment);
readFragment();
