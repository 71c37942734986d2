// Where the codes on the screen come from.
//
// With WebCrypto (https, or localhost) the phone fetches tickets, computes its codes itself and has the next ten minutes
// drawn in advance, so that it keeps showing codes without a signal. Without WebCrypto (plain http in a local network)
// it asks the server for each code.

import { codeAt } from "./ic1.js";

const TICKETS = 32;
const FEW_TICKETS = 8;
const DRAWN_AHEAD = 20;
const FEW_DRAWINGS = 8;

/** Server time plus what has elapsed on a clock that only moves forward: a phone's own clock is often wrong. */
class ServerClock {
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

const NOT_DRAWN = { drawing: null, bars: null };

/** The QR of each code's text and the bar code of its digits. */
async function draw(session, codes) {
  const texts = codes.flatMap((code) => [code.text, code.digits]);
  const { drawings } = await session.post("/v1/me/code-drawings", { texts });
  return codes.map((_, index) => ({ drawing: drawings[2 * index], bars: drawings[2 * index + 1] }));
}

/** Codes computed on the phone from one-time tickets. */
class TicketSource {
  #session;
  #clock = new ServerClock();
  #tickets = [];
  #drawings = new Map();
  #stepMs = 30_000;
  #topUp = null;
  #wanted = null;
  online = true;

  constructor(session) {
    this.#session = session;
  }

  /** The code of this moment: text, digits, drawing or null, and the milliseconds it has left. Raises Problem. */
  async current(scene) {
    if (!this.#clock.known || !this.#live()) await this.#fetch();
    const now = this.#clock.now;
    const step = Math.floor(now / this.#stepMs);
    const code = await codeAt(this.#live(), scene, step);
    await this.#prepare(scene, step, code.text);
    return { ...code, ...(this.#drawings.get(code.text) ?? NOT_DRAWN), leftMs: (step + 1) * this.#stepMs - now };
  }

  /** Puts the present ticket away: the next display takes another. */
  discard() {
    this.#tickets.shift();
    this.#drawings.clear();
  }

  /** Sets the clock again, after the phone slept. */
  async synchronise() {
    await this.#fetch();
  }

  /** Puts every ticket away: they end with the consent and the sign-in they came from. */
  forget() {
    this.#tickets = [];
    this.#drawings.clear();
  }

  #live() {
    while (this.#tickets.length && Date.parse(this.#tickets[0].exp) <= this.#clock.now) this.#tickets.shift();
    return this.#tickets[0];
  }

  #fetch() {
    this.#topUp ??= this.#ask(Math.max(1, TICKETS - this.#tickets.length)).finally(() => { this.#topUp = null; });
    return this.#topUp;
  }

  async #ask(count) {
    const askedAt = performance.now();
    const batch = await this.#reach(() => this.#session.post("/v1/me/code-tickets", { count }));
    this.#clock.set(batch.server_time, askedAt);
    this.#stepMs = batch.step_seconds * 1000;
    this.#tickets.push(...batch.tickets);
  }

  // The first drawing is waited for; those of the next minutes come behind it, and a lost signal is not an error.
  async #prepare(scene, step, text) {
    for (const drawn of this.#drawings.keys()) {
      if (drawn === text) break;
      this.#drawings.delete(drawn);
    }
    if (this.#drawings.size < FEW_DRAWINGS) {
      const drawn = this.#drawAhead(scene, step).catch(() => null);
      if (!this.#drawings.size) await drawn;
    }
    if (this.#tickets.length < FEW_TICKETS && this.online) this.#fetch().catch(() => null);
  }

  async #drawAhead(scene, step) {
    const ticket = this.#tickets[0];
    const wanted = `${ticket.tid} ${scene}`;
    this.#wanted = wanted;
    const steps = Array.from({ length: DRAWN_AHEAD }, (_, ahead) => step + ahead);
    const codes = await Promise.all(steps.map((one) => codeAt(ticket, scene, one)));
    const drawn = await this.#reach(() => draw(this.#session, codes));
    // Meanwhile another ticket or scene may have been chosen.
    if (this.#wanted === wanted) this.#drawings = new Map(codes.map((code, index) => [code.text, drawn[index]]));
  }

  async #reach(question) {
    try {
      const answer = await question();
      this.online = true;
      return answer;
    } catch (problem) {
      this.online = problem.code !== "offline";
      throw problem;
    }
  }
}

/** Codes computed by the server, one at a time. */
class ServerSource {
  #session;
  #clock = new ServerClock();
  #shown = null;
  online = true;

  constructor(session) {
    this.#session = session;
  }

  async current(scene) {
    if (this.#shown?.scene !== scene || this.#shown.endsAt <= this.#clock.now) await this.#fetch(scene);
    return { ...this.#shown, leftMs: this.#shown.endsAt - this.#clock.now };
  }

  discard() {
    this.#shown = null;
  }

  async synchronise() {
    this.#shown = null;
  }

  forget() {
    this.#shown = null;
  }

  async #fetch(scene) {
    const askedAt = performance.now();
    try {
      const { text, digits, server_time, expires_at } = await this.#session.get(`/v1/me/code?scene=${scene}`);
      this.#clock.set(server_time, askedAt);
      const [drawn] = await draw(this.#session, [{ text, digits }]);
      this.#shown = { scene, text, digits, ...drawn, endsAt: Date.parse(expires_at) };
      this.online = true;
    } catch (problem) {
      this.online = problem.code !== "offline";
      throw problem;
    }
  }
}

/** The best source that this browser allows. */
export const codeSource = (session) => (globalThis.crypto?.subtle ? new TicketSource(session) : new ServerSource(session));
