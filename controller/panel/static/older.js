// A list that grows: its newest rows are asked for again and again, older ones a page at a time, on a touch.

import { html } from "./html.js";
import { usePolled } from "./polled.js";
import { get } from "./server.js";
import { useEffect, useState } from "./vendor/preact_hooks.js";
import { tell } from "./words.js";

/** `{ news, problem, ask, rows, older }`: as `usePolled`, with all rows so far (those of `name` in each answer), each once
 *  by its `keyOf`, and the button to those before them; nothing where there are none. `path` has a query already. */
export function useOlder(path, name, everyMs, keyOf = (one) => one.id) {
  const { news, problem, ask } = usePolled(path, everyMs);
  const [kept, setKept] = useState({ rows: [], next: undefined });
  const [failed, setFailed] = useState(null);
  useEffect(() => setKept({ rows: [], next: undefined }), [path]);
  const seen = new Set();
  const rows = [...(news?.[name] ?? []), ...kept.rows].filter((one) => !seen.has(keyOf(one)) && seen.add(keyOf(one)));
  const next = kept.next === undefined ? news?.next : kept.next;
  async function more() {
    try {
      const found = await get(`${path}&before=${encodeURIComponent(next)}`);
      // with what is shown now: new rows push others out of the newest page
      setKept({ rows: [...rows, ...found[name]], next: found.next });
      setFailed(null);
    } catch (refusal) {
      setFailed(refusal);
    }
  }
  const older = next != null && html`<div class="choices"><button type="button" onClick=${more}>${tell("panel.older")}</button></div>
    ${failed && html`<p class="notice bad" role="alert">${tell(failed.key, failed.values)}</p>`}`;
  return { news, problem, ask, rows, older };
}
