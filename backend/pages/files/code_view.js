// The code on the screen: it turns every 30 seconds, and a new ticket is taken each time it is shown again or was used.

import { bars } from "./code128.js";
import { codeSource } from "./code_source.js";
import { SCENES } from "./offers.js";
import { qr } from "./qr.js";
import { copy, moment, paint, part, sentenceOf, tell } from "./views.js";

const SCENE_NAMES = {
  travel: "游 travel", transit: "行 transit", rental: "租 rental", medical: "医 medical",
  shopping: "购 shopping", library: "借 library", parking: "停 parking", approvals: "批 approvals", insurance: "保 insurance",
};
const RETRY_MS = 5000;
const USE_CHECK_MS = 3000;
const STEP_MS = 30_000;

export class CodeView {
  #session;
  #onAsked;
  #source;
  #scene = "shopping";
  #round = 0;
  #endsAt = 0;
  #timer;
  #ticking;
  #checking;
  #lastUse;
  open = false;

  /** `onAsked` is called when a shop waits for this person's confirmation. */
  constructor(session, onAsked) {
    this.#session = session;
    this.#onAsked = onAsked;
    this.#source = codeSource(session);
    this.#chooseScenes();
    part("another-code").addEventListener("click", () => this.#renew());
    document.addEventListener("visibilitychange", () => this.#onVisibility());
    addEventListener("online", () => this.open && this.#turn());
    addEventListener("offline", () => this.open && this.#showConnection(false));
  }

  /** Starts showing codes. */
  start() {
    if (this.open) return;
    this.open = true;
    this.#turn();
    this.#ticking = setInterval(() => this.#tick(), 1000);
    this.#checking = setInterval(() => this.#checkUse(), USE_CHECK_MS);
    this.#checkUse();
  }

  /** Stops, and clears the screen: the next time shows another ticket. */
  stop() {
    if (!this.open) return;
    this.open = false;
    this.#round += 1;
    clearTimeout(this.#timer);
    clearInterval(this.#ticking);
    clearInterval(this.#checking);
    this.#source.discard();
    this.#clear();
  }

  /** Stops, and forgets every ticket and whose they were. */
  forget() {
    this.stop();
    this.#source.forget();
    this.#lastUse = undefined;
  }

  #chooseScenes() {
    for (const [scene, name] of Object.entries(SCENES)) {
      const choice = copy("scene-template", { name });
      const input = choice.querySelector("input");
      input.value = scene;
      input.setAttribute("aria-label", SCENE_NAMES[scene]);
      input.checked = scene === this.#scene;
      input.addEventListener("change", () => {
        this.#scene = scene;
        this.#renew();
      });
      part("scenes").append(choice);
    }
  }

  #renew() {
    this.#source.discard();
    this.#turn();
  }

  async #onVisibility() {
    if (!this.open || document.hidden) return;
    this.#source.discard();
    await this.#source.synchronise().catch(() => null);
    this.#turn();
  }

  async #turn() {
    clearTimeout(this.#timer);
    this.#round += 1;
    const round = this.#round;
    let again = RETRY_MS;
    try {
      const code = await this.#source.current(this.#scene);
      if (round !== this.#round) return;
      this.#draw(code);
      again = code.leftMs;
    } catch (problem) {
      if (round !== this.#round) return;
      this.#clear();
      if (problem.code !== "offline") tell(sentenceOf(problem));
    }
    this.#showConnection(this.#source.online);
    this.#timer = setTimeout(() => this.#turn(), again);
  }

  #draw(code) {
    this.#endsAt = performance.now() + code.leftMs;
    paint("qr", qr(code.text));
    // Ten modules of quiet zone on either side (ISO/IEC 15417).
    paint("bars", bars(code.digits), 10);
    part("digits").textContent = code.digits.replaceAll(/\d{4}(?=\d)/g, "$& ");
    this.#tick();
  }

  #clear() {
    for (const symbol of ["qr", "bars"]) paint(symbol, null);
    part("digits").textContent = "";
    this.#endsAt = 0;
  }

  #tick() {
    const left = Math.max(0, this.#endsAt - performance.now());
    part("seconds").textContent = Math.ceil(left / 1000);
    part("ring").style.strokeDashoffset = 100 - (left / STEP_MS) * 100;
    part("ring").classList.toggle("soon", left <= 5000);
  }

  #showConnection(online) {
    part("connection").hidden = online && navigator.onLine;
  }

  // The shop learns yes or no; the holder's own phone says why, and turns to a fresh code.
  async #checkUse() {
    if (document.hidden || !navigator.onLine) return;
    const page = await this.#session.get("/v1/me/verifications?limit=1").catch(() => null);
    if (!page || !this.open) return;
    const [use] = page.verifications;
    const before = this.#lastUse;
    this.#lastUse = use ?? null;
    if (before === undefined || !use || (before?.id === use.id && before.state === use.state)) return;
    if (before?.id !== use.id) this.#renew();
    if (use.state === "pending-confirmation") this.#onAsked();
    else this.#showUse(use);
  }

  #showUse(use) {
    const eligible = use.result === "eligible";
    part("used").dataset.result = use.result;
    part("used-word").textContent = use.state === "redeemed" ? "已核销" : eligible ? "符合" : "不符合";
    part("used-word-en").textContent = use.state === "redeemed" ? "Redeemed" : eligible ? "Eligible" : "Not eligible";
    part("used-benefit").textContent = `${use.partner} · ${use.benefit.zh}`;
    part("used-reasons").replaceChildren(
      ...use.reasons.map((reason) => copy("reason-template", { reason: reason.zh, "reason-en": reason.en })),
    );
    part("used-at").textContent = moment(use.redeemed_at ?? use.answered_at);
    if (!part("used").open) part("used").showModal();
  }
}
