// Signing in and calling the API.
//
// The tokens live in sessionStorage: they go with the tab, and a browser never sends them by itself, so another site
// cannot act in the person's name. Only scripts of this origin can read them, and the content security policy of these
// pages admits none but our own files.

const OFFLINE = { code: "offline", status: 0, title: "网络不通", detail: "请检查网络后重试。No connection: try again shortly." };

/** A refusal of the API (RFC 9457), or `offline` when there is no answer. */
export class Problem extends Error {
  constructor({ code, status, title, title_en, detail, errors }) {
    super(title);
    Object.assign(this, { code, status, titleEn: title_en ?? "", detail, errors: errors ?? [] });
  }

  /** What was wrong and what to do next, in one line. */
  get sentence() {
    const fields = this.errors.map((error) => error.reason).join("；");
    return `${this.message}。${fields ? `${fields}。` : this.detail}`;
  }
}

/** One signed-in person in one tab. `onSignedOut` is called when the sign-in is no longer valid. */
export class Session {
  #key;
  #tokens;
  #refreshing = null;

  constructor(key, onSignedOut) {
    this.#key = key;
    this.#tokens = JSON.parse(sessionStorage.getItem(key) ?? "null");
    this.onSignedOut = onSignedOut;
  }

  get signedIn() {
    return this.#tokens !== null;
  }

  get roles() {
    return this.#tokens?.roles ?? [];
  }

  /** Takes over the tokens of an answer, or forgets them when given null. */
  keep(tokens) {
    this.#tokens = tokens;
    if (tokens) sessionStorage.setItem(this.#key, JSON.stringify(tokens));
    else sessionStorage.removeItem(this.#key);
  }

  get(path) {
    return this.call("GET", path);
  }

  post(path, body, headers = {}) {
    return this.call("POST", path, JSON.stringify(body), { "Content-Type": "application/json", ...headers });
  }

  put(path, body) {
    return this.call("PUT", path, JSON.stringify(body), { "Content-Type": "application/json" });
  }

  delete(path) {
    return this.call("DELETE", path);
  }

  /** The JSON of an answer; raises Problem. */
  async call(method, path, body, headers = {}) {
    return content(await this.#answered(method, path, body, headers));
  }

  /** A file as the server sent it, to the byte; raises Problem. */
  async file(path) {
    const answer = await this.#answered("GET", path);
    return answer.ok ? answer.blob() : content(answer);
  }

  // An expired access token is refreshed once.
  async #answered(method, path, body, headers = {}) {
    const used = this.#tokens;
    let answer = await this.#send(method, path, body, headers);
    if (answer.status === 401 && used) {
      await this.#refresh(used);
      answer = await this.#send(method, path, body, headers);
    }
    if (answer.status === 401 && used) this.#end();
    return answer;
  }

  #send(method, path, body, headers) {
    const authorization = this.#tokens ? { Authorization: `Bearer ${this.#tokens.access_token}` } : {};
    return reach(path, { method, body, headers: { ...headers, ...authorization }, cache: "no-store", credentials: "omit" });
  }

  // A refresh token works once: calls that fail together must share one refresh, or the server takes it for stolen.
  #refresh(used) {
    if (used !== this.#tokens) return Promise.resolve();
    this.#refreshing ??= this.#newTokens(used).finally(() => { this.#refreshing = null; });
    return this.#refreshing;
  }

  async #newTokens(used) {
    const answer = await reach("/v1/sign-in/refresh", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ refresh_token: used.refresh_token }),
    });
    if (answer.status === 401) this.#end();
    this.keep(await content(answer));
  }

  #end() {
    if (!this.#tokens) return;
    this.keep(null);
    this.onSignedOut();
  }
}

async function reach(path, options) {
  try {
    return await fetch(path, options);
  } catch {
    throw new Problem(OFFLINE);
  }
}

async function content(answer) {
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  const isProblem = answer.headers.get("Content-Type")?.startsWith("application/problem+json");
  const problem = isProblem ? await answer.json() : { code: "unreadable", title: "服务器没有正常答复", detail: "请稍后重试。" };
  throw new Problem({ ...problem, status: answer.status });
}
