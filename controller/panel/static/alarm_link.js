// What a message's link opens: shows its alarms, and acknowledges them when somebody presses the button.

const token = location.hash.slice(1);
const button = document.querySelector("#acknowledge");
const list = document.querySelector("#alarms");

/** Shows the one notice that fits, none for "". */
function say(what) {
  for (const notice of document.querySelectorAll("[data-when]")) notice.hidden = notice.dataset.when !== what;
}

async function ask(what) {
  say("working");
  let reply;
  try {
    reply = await fetch(`/api/v1/alarm-links/${what}`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-farmloop": "1" },
      body: JSON.stringify({ token }),
    });
  } catch {
    say("unreachable");
    return null;
  }
  if (reply.ok) return reply.json();
  say(reply.status === 429 ? "many" : "over");
  return null;
}

function line(kind, text) {
  const made = document.createElement(kind);
  made.textContent = text;
  return made;
}

function show(found) {
  list.replaceChildren();
  for (const alarm of found.alarms) {
    list.append(line("h2", alarm.name), line("p", alarm.cause));
    for (const text of [alarm.time_to_damage, alarm.consequence, `→ ${alarm.response}`]) if (text) list.append(line("p", text));
  }
}

async function open() {
  const found = token ? await ask("show") : (say("over"), null);
  if (!found) return;
  show(found);
  const waits = found.alarms.some((alarm) => !alarm.acknowledged_by);
  button.hidden = found.used || !waits;
  say(found.alarms.length === 0 ? "gone" : waits ? (found.used ? "over" : "") : "done");
}

button.addEventListener("click", async () => {
  button.disabled = true;
  const found = await ask("acknowledge");
  button.disabled = false;
  if (!found) return;
  button.hidden = true;
  say("done");
});

open();
