// Calls to the server. A session that is over leads to the sign-in page; every other refusal is a Problem.

/** What the server refused: a message key and its values. `arrived` is false if nobody answered. */
export class Problem extends Error {
  constructor(key, values = {}, arrived = true) {
    super(key);
    this.key = key;
    this.values = values;
    this.arrived = arrived;
  }
}

async function call(method, path, body, headers = {}) {
  let reply;
  try {
    reply = await fetch(`/api/v1/${path}`, {
      method,
      headers: {
        "x-farmloop": "1",
        "accept-language": document.documentElement.lang,
        ...headers,
        ...(body === undefined ? {} : { "content-type": body instanceof Blob ? "application/octet-stream" : "application/json" }),
      },
      body: body === undefined || body instanceof Blob ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(body instanceof Blob ? 120000 : 15000),
    });
  } catch {
    throw new Problem("panel.error.no_answer", {}, false);
  }
  if (reply.status === 401) {
    location.assign(`/sign-in?language=${document.documentElement.lang}#ended`);
    throw new Problem("panel.error.no_session");
  }
  if (reply.ok) return reply.status === 204 ? null : reply.json();
  const problem = await reply.json().catch(() => ({}));
  throw new Problem(problem.message ?? "panel.error.broken", problem.values ?? {});
}

export const get = (path) => call("GET", path);
export const post = (path, body, headers) => call("POST", path, body, headers);
export const send = (path, blob) => call("POST", path, blob);
export const put = (path, body, headers) => call("PUT", path, body, headers);
export const remove = (path, headers) => call("DELETE", path, undefined, headers);
/** What `If-Match` says: the edit is of this version. */
export const of = (version) => ({ "if-match": `"${version}"` });

/** An id for a change that is to happen once: 128 random bits. */
export function changeId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
