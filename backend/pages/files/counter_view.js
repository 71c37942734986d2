// The shop's printed sign: its QR opens this page with a token behind the `#`. Shows whose it is and for what, then asks.

import { offer as offered } from "./offers.js";
import { randomId } from "./random_id.js";
import { act, copy, moment, part, sentenceOf, tell } from "./views.js";

const TOKEN = /^#counter=([A-Za-z0-9_-]{22})$/;

export class Counter {
  #session;
  #device;
  #accountId;
  #token = null;
  #offer = null;
  #wish = null;

  /** `accountId` gives the id of whoever is signed in. */
  constructor(session, device, accountId) {
    this.#session = session;
    this.#device = device;
    this.#accountId = accountId;
    part("counter-yes").addEventListener("click", () => act(part("counter-yes"), () => this.#confirm()));
    addEventListener("hashchange", () => this.arrive() && session.signedIn && this.look());
  }

  /** Takes the token out of the address, so that it is shown once; true if there was one. */
  arrive() {
    const found = TOKEN.exec(location.hash);
    if (!found) return false;
    this.#token = found[1];
    history.replaceState(null, "", location.pathname);
    return true;
  }

  /** Shows what the sign offers, if one was scanned. */
  async look() {
    const token = this.#token;
    this.#token = null;
    if (!token) return;
    try {
      this.#show(await this.#session.get(`/v1/counter-codes/${token}`));
    } catch (problem) {
      tell(sentenceOf(problem));
    }
  }

  #show(offer) {
    this.#offer = { ...offer, seenAt: performance.now() };
    this.#wish = null;
    part("counter-partner").textContent = `${offer.partner} · ${offer.store}`;
    part("counter-name").textContent = offer.name.zh;
    part("counter-name-en").textContent = offer.name.en;
    part("counter-terms").textContent = offer.description.zh;
    part("counter-basis").textContent = `依据：${offer.legal_basis}`;
    part("counter-ask").hidden = false;
    part("counter-told").hidden = true;
    part("counter-no").hidden = true;
    part("counter").showModal();
    part("counter-title").focus();
  }

  async #confirm() {
    try {
      this.#wish ??= await this.#signed();
      this.#tell(await this.#session.post("/v1/me/counter-uses", this.#wish));
    } catch (problem) {
      // Without an answer the same wish is sent again: it has one effect. Refused, the next one is made anew.
      if (problem.code !== "offline") this.#wish = null;
      throw problem;
    }
  }

  async #signed() {
    const { token, benefit, benefit_version, server_time, seenAt } = this.#offer;
    const use = randomId();
    const created = Math.floor((Date.parse(server_time) + performance.now() - seenAt) / 1000);
    const lines = [use, token, benefit, benefit_version, created];
    return { use, token, benefit_version, created, ...(await this.#device.sign(await this.#accountId(), "xinyi-counter-1", ...lines)) };
  }

  #tell(answer) {
    const eligible = answer.result === "eligible";
    part("counter-ask").hidden = true;
    part("counter-told").hidden = !eligible;
    part("counter-no").hidden = eligible;
    part("counter-reasons").replaceChildren(
      ...answer.reasons.map((reason) => copy("reason-template", { reason: reason.zh, "reason-en": reason.en })),
    );
    if (!eligible) return;
    const given = offered(this.#offer.kind, answer.tier.unit, Number(answer.tier.value));
    part("counter-digits").textContent = answer.shown_as;
    part("counter-offer").textContent = `${given} · ${moment(answer.expires_at)} 前有效`;
  }
}
