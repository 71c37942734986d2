// Me: the two consents, who looked, signing out and leaving.

import { act, copy, day, moment, named, part, tell } from "./views.js";

// The consents in plain words; the full text that is agreed to comes from the server.
const PLAIN = {
  compute: {
    title: "计算我的信用分",
    plain: "同意后，信易按公开规则，用目录内的记录为您算分。分数只用来打开便利，不用于贷款。",
    give: ["同意计算", "Agree"],
    withdraw: ["撤回，诚信码同时停用", "Withdraw"],
  },
  show: {
    title: "出示诚信码",
    plain: "同意后，您出示诚信码时，商户会得到“符合”或“不符合”的答复；没有姓名、分数、等级和原因。",
    give: ["同意出示", "Agree"],
    withdraw: ["撤回", "Withdraw"],
  },
};

const ACTORS = { self: "本人", staff: "工作人员", partner: "商户", source: "数据来源单位", enterprise: "企业", system: "系统" };
const GROUNDS = {
  "own-request": "本人请求", "consent-compute": "您同意计算", "consent-show": "您同意出示", "legal-duty": "法定职责", contract: "合同",
};

/** The consents, wherever the page shows them. */
export class Consents {
  #session;
  #texts = null;
  #inForce = new Map();
  #onChange;

  constructor(session, onChange) {
    this.#session = session;
    this.#onChange = onChange;
  }

  /** Whether a consent is in force, as last read. */
  has(kind) {
    return this.#inForce.has(kind);
  }

  /** Reads the consents and draws them in every place that shows them. */
  async load() {
    this.#texts ??= await this.#session.get("/v1/consent-texts");
    const mine = await this.#session.get("/v1/me/consents");
    this.#inForce = new Map(mine.filter((consent) => consent.in_force).map((consent) => [consent.kind, consent]));
    for (const place of document.querySelectorAll("[data-consents]")) {
      place.replaceChildren(...Object.keys(PLAIN).map((kind) => this.#card(kind)));
    }
  }

  #card(kind) {
    const words = PLAIN[kind];
    const given = this.#inForce.get(kind);
    const text = this.#texts.filter((one) => one.kind === kind).reduce((one, other) => (one.version > other.version ? one : other));
    const [label, labelEn] = given ? words.withdraw : words.give;
    const card = copy("consent-template", {
      title: words.title,
      plain: words.plain,
      state: given ? "已同意" : "未同意",
      text: text.text,
      "text-en": text.text_en,
      until: given ? `有效至 ${day(given.expires_at)}，到期自动失效` : `有效期 ${text.months} 个月，到期自动失效`,
      button: label,
      "button-en": labelEn,
    });
    card.dataset.kind = kind;
    named(card, "state").classList.toggle("given", Boolean(given));
    const button = card.querySelector("button");
    button.className = given ? "secondary" : "primary";
    button.addEventListener("click", () => act(button, () => (given ? this.#withdraw(kind) : this.#give(kind, text.version))));
    return card;
  }

  async #give(kind, version) {
    await this.#session.post("/v1/me/consents", { kind, text_version: version });
    await this.#changed(`${PLAIN[kind].title}：已同意，可随时撤回。`);
  }

  async #withdraw(kind) {
    await this.#session.delete(`/v1/me/consents/${kind}`);
    await this.#changed(`${PLAIN[kind].title}：已撤回。`);
  }

  async #changed(sentence) {
    await this.load();
    tell(sentence);
    this.#onChange();
  }
}

/** Who looked at the person's data, newest first. */
export class AccessLog {
  #session;
  #next = null;
  #who = "others";

  constructor(session) {
    this.#session = session;
    part("log-more").addEventListener("click", () => act(part("log-more"), () => this.#more()));
    for (const button of document.querySelectorAll("[data-log]")) {
      button.addEventListener("click", () => act(button, () => this.#choose(button.dataset.log)));
    }
  }

  async load() {
    part("log").replaceChildren();
    this.#next = null;
    await this.#more();
  }

  async #choose(who) {
    this.#who = who;
    for (const button of document.querySelectorAll("[data-log]")) {
      button.setAttribute("aria-pressed", String(button.dataset.log === who));
    }
    await this.load();
  }

  async #more() {
    const cursor = this.#next ? `&cursor=${encodeURIComponent(this.#next)}` : "";
    const page = await this.#session.get(`/v1/me/access-log?limit=50${cursor}`);
    const shown = page.entries.filter((entry) => this.#who === "all" || entry.actor_kind !== "self");
    part("log").append(...shown.map((entry) => this.#line(entry)));
    this.#next = page.next;
    part("log-more").hidden = !page.next;
    part("log-empty").hidden = Boolean(page.next) || part("log").childElementCount > 0;
  }

  #line(entry) {
    const failed = entry.outcome === "ok" ? "" : " · 未成功";
    return copy("log-template", {
      actor: entry.actor_kind === "self" ? ACTORS.self : `${entry.actor_name}（${ACTORS[entry.actor_kind] ?? entry.actor_kind}）`,
      action: entry.action,
      detail: `${moment(entry.at)} · ${entry.purpose} · 依据：${GROUNDS[entry.ground] ?? entry.ground}${failed}`,
    });
  }
}

/** Name and phone, masked; signing out and leaving. */
export class Account {
  #session;
  #onGone;

  constructor(session, onGone) {
    this.#session = session;
    this.#onGone = onGone;
    part("sign-out").addEventListener("click", () => act(part("sign-out"), () => this.#end("/v1/me/sessions", "已在全部设备退出登录。")));
    part("leave-open").addEventListener("click", () => part("leave").showModal());
    part("leave-confirm").addEventListener("click", () =>
      act(part("leave-confirm"), () => this.#end("/v1/me", "已注销，个人信息已删除。")),
    );
  }

  /** Draws the account; gives it. */
  async load() {
    const me = await this.#session.get("/v1/me");
    part("person-name").textContent = me.name ?? "未实名";
    part("person-phone").textContent = [me.phone, me.identity_number].filter(Boolean).join(" · ");
    return me;
  }

  async #end(path, sentence) {
    await this.#session.delete(path);
    this.#session.keep(null);
    this.#onGone();
    tell(sentence);
  }
}
