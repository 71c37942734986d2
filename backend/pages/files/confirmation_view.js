// What a shop asks and this phone has to confirm: who, for what, how much, and a minute to answer.

import { yuan } from "./money.js";
import { act, copy, part, sentenceOf, tell } from "./views.js";

const CONTRACTS = new Set(["deposit-waiver", "pay-after-use"]);

export class Confirmations {
  #session;
  #device;
  #accountId;
  #question = null;
  #endsAt = 0;
  #ticking;

  /** `accountId` gives the id of whoever is signed in. */
  constructor(session, device, accountId) {
    this.#session = session;
    this.#device = device;
    this.#accountId = accountId;
    part("confirm-yes").addEventListener("click", () => act(part("confirm-yes"), () => this.#confirm()));
    part("confirm-no").addEventListener("click", () => act(part("confirm-no"), () => this.#refuse()));
    // Put aside without an answer, it says no by itself when its minute is over.
    part("confirm").addEventListener("close", () => clearInterval(this.#ticking));
  }

  /** Looks whether a shop asks, and shows the oldest question. */
  async look() {
    if (part("confirm").open) return;
    const asked = this.#session.get("/v1/me/confirmations");
    const { server_time, questions } = await asked.catch((problem) => (tell(sentenceOf(problem)), { questions: [] }));
    if (questions.length) this.#show(questions[0], Date.parse(server_time));
  }

  #show(question, serverMs) {
    this.#question = question;
    this.#endsAt = performance.now() + Date.parse(question.confirm_by) - serverMs;
    part("confirm-partner").textContent = question.partner;
    part("confirm-name").textContent = question.name.zh;
    part("confirm-name-en").textContent = question.name.en;
    part("confirm-amount").textContent = question.amount_fen === null ? "" : yuan(question.amount_fen);
    part("confirm-amount").hidden = question.amount_fen === null;
    part("confirm-contract").hidden = !CONTRACTS.has(question.kind) || question.amount_fen === null;
    part("confirm-declined").hidden = question.result === "eligible";
    part("confirm-reasons").replaceChildren(
      ...question.reasons.map((reason) => copy("reason-template", { reason: reason.zh, "reason-en": reason.en })),
    );
    clearInterval(this.#ticking);
    this.#ticking = setInterval(() => this.#tick(), 500);
    this.#tick();
    part("confirm").showModal();
    part("confirm-title").focus();
  }

  #tick() {
    const left = Math.ceil((this.#endsAt - performance.now()) / 1000);
    part("confirm-seconds").textContent = Math.max(0, left);
    if (left > 0) return;
    part("confirm").close();
    tell("确认时间已过，商户得到“不符合”；需要时请重新出示诚信码。Time is over: show your code again if you need it.");
  }

  async #confirm() {
    const { id, partner_id, benefit, benefit_version, amount_fen } = this.#question;
    const lines = [id, partner_id, benefit, benefit_version, amount_fen ?? "-"];
    const yes = await this.#device.sign(await this.#accountId(), "xinyi-confirm-1", ...lines);
    await this.#answer("confirm", yes);
  }

  #refuse() {
    return this.#answer("refuse", {});
  }

  async #answer(word, body) {
    try {
      await this.#session.post(`/v1/me/confirmations/${this.#question.id}/${word}`, body);
    } catch (problem) {
      if (problem.code === "confirmation-over") part("confirm").close();
      throw problem;
    }
    part("confirm").close();
  }
}
