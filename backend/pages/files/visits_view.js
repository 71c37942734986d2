// My visits: how each went, in two taps, or a complaint in one; what became of complaints, with their clock.

import { act, copy, day, moment, named, part, tell } from "./views.js";

const SHOWN = 20;
const USED = new Set(["redeemed", "partly-reversed", "reversed"]);
const STATES = {
  filed: "已提交，等待受理", accepted: "已受理，办理中", answered: "已答复", refused: "不予受理", withdrawn: "已撤回",
};

/** The visits of the person who is signed in, and what they said of them. */
export class Visits {
  #session;
  #visit = null;

  constructor(session) {
    this.#session = session;
    part("review-form").addEventListener("submit", (event) => {
      event.preventDefault();
      act(part("review-send"), () => this.#review(new FormData(part("review-form"))));
    });
    for (const button of document.querySelectorAll("[data-about]")) {
      button.addEventListener("click", () => act(button, () => this.#complain(button.dataset.about)));
    }
  }

  /** Reads and draws them. */
  async load() {
    const [{ verifications }, { reviews }, { complaints }] = await Promise.all([
      this.#session.get(`/v1/me/verifications?limit=${SHOWN}`),
      this.#session.get("/v1/me/reviews?limit=200"),
      this.#session.get("/v1/me/complaints?limit=50"),
    ]);
    const reviewed = new Map(reviews.map((review) => [review.verification_id, review]));
    const open = new Set(complaints.filter((one) => one.clock.due_day).map((one) => one.verification_id));
    part("visits").replaceChildren(...verifications.map((visit) => this.#line(visit, reviewed.get(visit.id), open.has(visit.id))));
    part("visits-empty").hidden = verifications.length > 0;
    part("complaints").replaceChildren(...complaints.map((complaint) => this.#complaint(complaint)));
    part("complaints-part").hidden = complaints.length === 0;
  }

  #line(visit, review, complained) {
    const element = copy("visit-template", {
      partner: visit.partner,
      detail: `${moment(visit.answered_at)} · ${visit.benefit.zh}`,
      said: review ? `已评 ${review.stars} 星 · 撤回` : "评议",
    });
    const said = named(element, "said").closest("button");
    const complain = named(element, "complain");
    said.hidden = !review && !reviewable(visit);
    complain.hidden = complained;
    said.addEventListener("click", () => act(said, () => (review ? this.#withdraw(review) : this.#ask(visit))));
    complain.addEventListener("click", () => this.#open(visit, "complain"));
    return element;
  }

  #complaint(complaint) {
    const clock = complaint.clock;
    const due = clock.due_day ? `${clock.accepted_on ? "书面答复" : "受理"}期限 ${clock.due_day}，还有 ${clock.working_days_left} 个工作日` : "";
    const element = copy("complaint-template", {
      partner: complaint.partner,
      state: `${STATES[complaint.state]}${clock.overdue && clock.due_day ? "，已逾期" : ""}`,
      due,
      told: complaint.substance ? `转达商户：${complaint.substance}` : "",
      reply: complaint.partner_reply ? `商户答复：${complaint.partner_reply}` : "",
      answer: complaint.answer ?? complaint.reason ?? "",
    });
    const button = named(element, "withdraw");
    button.hidden = !clock.due_day;
    button.addEventListener("click", () => act(button, () => this.#takeBack(complaint)));
    return element;
  }

  // What was given is honoured or otherwise; what was never given was refused.
  async #ask(visit) {
    const used = USED.has(visit.state);
    part("review-form").reset();
    for (const option of part("review-kept").options) option.hidden = (option.value === "refused") === used;
    part("review-kept").value = used ? "honoured" : "refused";
    this.#open(visit, "review");
  }

  #open(visit, dialog) {
    this.#visit = visit;
    part(`${dialog}-partner`).textContent = visit.partner;
    part(dialog).showModal();
  }

  async #review(fields) {
    const words = fields.get("words").trim();
    await this.#session.post("/v1/me/reviews", {
      verification_id: this.#visit.id, stars: Number(fields.get("stars")), kept: fields.get("kept"), waiting: fields.get("waiting"),
      ...(words ? { words } : {}),
    });
    await this.#done("review", "已评议，商户不知道是您。Reviewed; the shop does not know who.");
  }

  async #complain(about) {
    const words = part("complain-words").value.trim();
    await this.#session.post("/v1/me/complaints", { verification_id: this.#visit.id, about, ...(words ? { words } : {}) });
    part("complain-words").value = "";
    await this.#done("complain", "已投诉，期限见“我的投诉”。Filed; see its clock below.");
  }

  async #withdraw(review) {
    await this.#session.delete(`/v1/me/reviews/${review.id}`);
    await this.load();
    tell("已撤回，下月起不再计入。Withdrawn.");
  }

  async #takeBack(complaint) {
    await this.#session.post(`/v1/me/complaints/${complaint.id}/withdrawal`);
    await this.load();
    tell("投诉已撤回。The complaint is withdrawn.");
  }

  async #done(dialog, sentence) {
    part(dialog).close();
    await this.load();
    tell(sentence);
  }
}

// Whether it is too late, the server says: phones' clocks differ.
const reviewable = (visit) => USED.has(visit.state) || (visit.state === "lapsed" && visit.result === "eligible");
