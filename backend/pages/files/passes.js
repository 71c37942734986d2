// Offline passes 离线凭证 on this phone: fetched while there is a signal, each with a key of its own, shown without one.

import { freshKey } from "./device.js";
import { offlineCode } from "./ic3.js";
import { KeyStore, PASSES } from "./key_store.js";
import { ServerClock } from "./server_clock.js";

const AT_ONCE = 2;
const STEP_MS = 30_000;

export class Passes {
  #session;
  #device;
  #accountId;
  #clock = new ServerClock();
  #kept = new KeyStore(PASSES);

  /** `accountId` gives the id of whoever is signed in. */
  constructor(session, device, accountId) {
    this.#session = session;
    this.#device = device;
    this.#accountId = accountId;
  }

  /** The passes of whoever is signed in, and of nobody else, that can still be shown. Needs no signal. */
  async ready() {
    const now = this.#now();
    const owner = await this.#accountId();
    const mine = (await this.#kept.all()).filter((each) => each.accountId === owner);
    const over = mine.filter((each) => Date.parse(each.usableUntil) <= now);
    await Promise.all(over.map((each) => this.#kept.remove(each.id)));
    return mine.filter((each) => !over.includes(each));
  }

  /** Takes out what was used, revoked or has lapsed meanwhile, as the server says. Raises Problem. */
  async compare() {
    const { passes } = await this.#session.get("/v1/me/passes");
    const ended = passes.filter((each) => each.state !== "usable");
    await Promise.all(ended.map((each) => this.#kept.remove(each.id)));
  }

  /** Fetches passes of a benefit; gives how many there are of these keys, and why there are no more, in words. Raises Problem. */
  async fetch(benefit) {
    const owner = await this.#accountId();
    const fresh = new Map();
    const keys = [];
    let deviceId;
    for (let count = 0; count < AT_ONCE; count += 1) {
      const { pair, publicKey } = await freshKey();
      // The phone vouches for the key of each pass; at the first one it registers itself.
      const { device_id, signature } = await this.#device.signPassKey(owner, benefit.id, publicKey);
      deviceId = device_id;
      fresh.set(publicKey, pair);
      keys.push({ key: publicKey, signature });
    }
    const askedAt = performance.now();
    const issued = await this.#session.post("/v1/me/passes", { benefit: benefit.id, device_id: deviceId, keys });
    this.#clock.set(issued.server_time, askedAt);
    for (const each of issued.passes) {
      await this.#kept.put(each.id, {
        id: each.id, accountId: owner, benefit: benefit.id, name: benefit.name, attestation: each.attestation,
        usableUntil: each.usable_until, needsChallenge: each.needs_challenge, privateKey: fresh.get(each.key).privateKey,
      });
    }
    return { count: issued.passes.length, reasons: issued.reasons };
  }

  /** The code of a pass at this moment and the milliseconds it has left. Needs no signal. */
  async code(pass) {
    const now = this.#now();
    const step = Math.floor(now / STEP_MS);
    return { text: await offlineCode(pass.attestation, pass.privateKey, step), leftMs: (step + 1) * STEP_MS - now };
  }

  /** Puts a pass away that a shop accepted. */
  used(pass) {
    return this.#kept.remove(pass.id);
  }

  #now() {
    return this.#clock.known ? this.#clock.now : Date.now();
  }
}
