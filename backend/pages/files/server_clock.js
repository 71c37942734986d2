/** Server time plus what has elapsed on a clock that only moves forward: a phone's own clock is often wrong. */
export class ServerClock {
  #serverMs = null;
  #at = 0;

  /** Takes over the server's time; `askedAt` is performance.now() before the question. */
  set(serverTime, askedAt) {
    this.#at = (askedAt + performance.now()) / 2;
    this.#serverMs = Date.parse(serverTime);
  }

  get known() {
    return this.#serverMs !== null;
  }

  get now() {
    return this.#serverMs + performance.now() - this.#at;
  }
}
