// The sheet of offline codes: for a shop without a network. What was fetched before is shown without a signal, too.

import { Passes } from "./passes.js";
import { qr } from "./qr.js";
import { act, copy, moment, named, paint, part, sentenceOf, tell } from "./views.js";

export class PassesView {
  #session;
  #passes;
  #shown = null;
  #endsAt = 0;
  #timer;
  #ticking;

  /** `accountId` gives the id of whoever is signed in. */
  constructor(session, device, accountId) {
    this.#session = session;
    this.#passes = new Passes(session, device, accountId);
    part("offline-open").addEventListener("click", () => act(part("offline-open"), () => this.#open()));
    part("pass-used").addEventListener("click", () => act(part("pass-used"), () => this.#used()));
    part("pass-back").addEventListener("click", () => act(part("pass-back"), () => this.#list()));
    part("offline").addEventListener("close", () => this.#stop());
  }

  async #open() {
    await this.#list();
    part("offline").showModal();
    part("offline-title").focus();
  }

  // What is on the phone comes first, what the server adds comes behind it: there may be no server.
  async #list() {
    this.#stop();
    await this.#draw([]);
    const offered = await this.#offered().catch((problem) => {
      if (problem.code !== "offline") tell(sentenceOf(problem));
      return null;
    });
    part("offline-none").hidden = offered === null || offered.length > 0;
    if (offered) await this.#draw(offered);
  }

  async #offered() {
    await this.#passes.compare();
    const offered = [];
    let cursor = "";
    do {
      const page = await this.#session.get(`/v1/benefits?limit=100${cursor}`);
      offered.push(...page.benefits.filter((benefit) => benefit.offline && benefit.state === "published"));
      cursor = page.next ? `&cursor=${encodeURIComponent(page.next)}` : null;
    } while (cursor);
    return offered;
  }

  async #draw(offered) {
    const ready = await this.#passes.ready();
    const benefits = new Map(ready.map((pass) => [pass.benefit, { id: pass.benefit, name: pass.name }]));
    for (const { id, name } of offered) benefits.set(id, { id, name });
    const known = new Set(offered.map((benefit) => benefit.id));
    part("passes").replaceChildren(
      ...[...benefits.values()].map((benefit) =>
        this.#line(benefit, ready.filter((pass) => pass.benefit === benefit.id), known.has(benefit.id))),
    );
  }

  #line(benefit, ready, mayFetch) {
    const [first] = ready;
    const detail = first ? `有 ${ready.length} 张，可用到 ${moment(first.usableUntil)}` : "还没有凭证，有网络时领取";
    const element = copy("pass-template", { name: benefit.name.zh, "name-en": benefit.name.en, detail });
    const show = named(element, "show");
    show.hidden = !first;
    show.addEventListener("click", () => act(show, () => this.#show(first)));
    const fetch = named(element, "fetch");
    fetch.hidden = !mayFetch;
    fetch.addEventListener("click", () => act(fetch, () => this.#fetch(benefit)));
    return element;
  }

  async #fetch(benefit) {
    const { count, reasons } = await this.#passes.fetch(benefit);
    await this.#list();
    const why = reasons.map((reason) => reason.zh).join("；");
    tell(count ? `已领取 ${count} 张，断网时也能出示。${why}` : why);
  }

  async #show(pass) {
    if (pass.needsChallenge) {
      tell("这项便利须先扫描商户终端的挑战码，本页尚不能扫描，请使用联网的诚信码。This one needs the terminal's challenge.");
      return;
    }
    this.#shown = pass;
    part("pass-name").textContent = pass.name.zh;
    part("pass-name-en").textContent = pass.name.en;
    part("pass-until").textContent = `凭证可用到 ${moment(pass.usableUntil)}`;
    part("offline-list").hidden = true;
    part("pass").hidden = false;
    this.#ticking = setInterval(() => this.#tick(), 1000);
    await this.#turn();
  }

  async #turn() {
    clearTimeout(this.#timer);
    const pass = this.#shown;
    const { text, leftMs } = await this.#passes.code(pass);
    if (this.#shown !== pass) return;
    this.#endsAt = performance.now() + leftMs;
    paint("pass-qr", qr(text));
    this.#tick();
    this.#timer = setTimeout(() => this.#turn(), leftMs);
  }

  #tick() {
    part("pass-seconds").textContent = Math.ceil(Math.max(0, this.#endsAt - performance.now()) / 1000);
  }

  async #used() {
    await this.#passes.used(this.#shown);
    await this.#list();
  }

  #stop() {
    this.#shown = null;
    clearTimeout(this.#timer);
    clearInterval(this.#ticking);
    paint("pass-qr", null);
    part("offline-list").hidden = false;
    part("pass").hidden = true;
  }
}
