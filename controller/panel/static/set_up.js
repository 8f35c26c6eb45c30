// The first boot: the code that stands on the box makes the first administrator, who is signed in at once.

const form = document.querySelector("form");
const refused = document.getElementById("refused");

/** Shows the one notice that fits. */
function say(what) {
  for (const notice of document.querySelectorAll("[data-when]")) notice.hidden = notice.dataset.when !== what;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { code, name, password, again } = form.elements;
  if (password.value !== again.value) {
    say("differ");
    again.focus();
    return;
  }
  say("working");
  let reply;
  try {
    reply = await fetch("/api/v1/set-up", {
      method: "POST",
      headers: { "content-type": "application/json", "x-farmloop": "1", "accept-language": document.documentElement.lang },
      body: JSON.stringify({ code: code.value, name: name.value.trim(), password: password.value }),
    });
  } catch {
    say("unreachable");
    return;
  }
  if (reply.ok) {
    location.replace("/");
  } else if (reply.status === 404) {
    say("over");
  } else {
    const problem = await reply.json().catch(() => ({}));
    refused.textContent = problem.title ?? "";
    say("refused");
  }
});

// The link that the box prints brings the code along; it leaves the address at once.
const brought = new URLSearchParams(location.hash.slice(1)).get("code");
if (brought) {
  history.replaceState(null, "", location.pathname + location.search);
  form.elements.code.value = brought;
}
