// What is not in the stream is asked for again and again, while somebody looks at it.

import { get } from "./server.js";
import { useEffect, useState } from "./vendor/preact_hooks.js";

/** `{ news, problem, ask }`: the newest answer of a GET, why there is none now, and how to ask at once. A path of null
 *  asks nothing. What was heard stays when the server is silent; `problem` says that it is old. */
export function usePolled(path, everyMs) {
  const [heard, setHeard] = useState({ news: null, problem: null, path });
  const [round, setRound] = useState(0);
  useEffect(() => {
    let over = false;
    let timer;
    async function look() {
      let next;
      try {
        const news = await get(path);
        next = () => ({ news, problem: null, path });
      } catch (problem) {
        next = (before) => ({ news: before.path === path ? before.news : null, problem, path });
      }
      if (over) return;
      setHeard(next);
      timer = setTimeout(look, everyMs);
    }
    if (path !== null) look();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [path, everyMs, round]);
  return { ...heard, ask: () => setRound((present) => present + 1) };
}
