// Where the codes on the screen come from.
//
// With WebCrypto (https, or localhost) the phone fetches tickets and computes its codes itself, so that it keeps showing
// codes without a signal. Without WebCrypto (plain http in a local network) it asks the server for each code.

import { codeAt } from "./ic1.js";
import { ServerClock } from "./server_clock.js";

const TICKETS = 32;
const FEW_TICKETS = 8;

/** Codes computed on the phone from one-time tickets. */
class TicketSource {
  #session;
  #clock = new ServerClock();
  #tickets = [];
  #stepMs = 30_000;
  #topUp = null;
  online = true;

  constructor(session) {
    this.#session = session;
  }

  /** The code of this moment: text, digits, and the milliseconds it has left. Raises Problem. */
  async current(scene) {
    if (!this.#clock.known || !this.#live()) await this.#fetch();
    else if (this.#tickets.length < FEW_TICKETS && this.online) this.#fetch().catch(() => null);
    const now = this.#clock.now;
    const step = Math.floor(now / this.#stepMs);
    return { ...(await codeAt(this.#live(), scene, step)), leftMs: (step + 1) * this.#stepMs - now };
  }

  /** Puts the present ticket away: the next display takes another. */
  discard() {
    this.#tickets.shift();
  }

  /** Sets the clock again, after the phone slept. */
  async synchronise() {
    await this.#fetch();
  }

  /** Puts every ticket away: they end with the consent and the sign-in they came from. */
  forget() {
    this.#tickets = [];
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
    try {
      const batch = await this.#session.post("/v1/me/code-tickets", { count });
      this.#clock.set(batch.server_time, askedAt);
      this.#stepMs = batch.step_seconds * 1000;
      this.#tickets.push(...batch.tickets);
      this.online = true;
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
      this.#shown = { scene, text, digits, endsAt: Date.parse(expires_at) };
      this.online = true;
    } catch (problem) {
      this.online = problem.code !== "offline";
      throw problem;
    }
  }
}

/** The best source that this browser allows. */
export const codeSource = (session) => (globalThis.crypto?.subtle ? new TicketSource(session) : new ServerSource(session));
