// Deposit orders: what waits for the person's consent, what is in use or to be paid, and what has ended.

import { yuan } from "./money.js";
import { act, copy, correction, day, moment, named, part, tell } from "./views.js";

const ENDED = new Set(["done", "revoked", "expired"]);

// A bill can be disputed once, until it is paid or the guarantee has stepped in.
const DISPUTABLE = new Set(["payment-due", "in-arrears"]);

const STATES = {
  "in-use": "使用中", "payment-due": "待支付", "in-arrears": "逾期未付", disputed: "有异议，待裁定", guaranteed: "逾期未付", done: "已完成", revoked: "已取消", expired: "已失效",
};

/** The person's deposit orders; `changed` is called when one was agreed to or revoked. */
export class Orders {
  #session;
  #changed;

  constructor(session, changed) {
    this.#session = session;
    this.#changed = changed;
  }

  /** Reads and draws them. */
  async load() {
    const { orders } = await this.#session.get("/v1/me/orders");
    const open = orders.filter((order) => !ENDED.has(order.state));
    const ended = orders.filter((order) => ENDED.has(order.state));
    part("orders-part").hidden = !orders.length;
    part("orders").replaceChildren(...open.map((order) => this.#card(order)));
    part("orders-ended").hidden = !ended.length;
    part("orders-ended-count").textContent = ended.length;
    part("orders-ended-list").replaceChildren(...ended.map((order) => this.#card(order)));
  }

  #card(order) {
    const element = copy("order-template", {
      name: order.benefit_name,
      "name-en": order.benefit_name_en,
      state: stateOf(order),
      partner: order.partner,
      money: moneyOf(order),
      last: lastOf(order),
    });
    const actions = named(element, "actions");
    actions.hidden = order.state !== "created";
    const [agree, revoke] = actions.children;
    agree.hidden = order.agreed_at !== null;
    agree.addEventListener("click", () => this.#send(agree, order, "agreement", "已同意，请告诉商户。You agreed: tell the shop."));
    revoke.addEventListener("click", () => this.#send(revoke, order, "revocation", "已取消，没有产生任何费用。Revoked, at no cost."));
    this.#prepareDispute(element, order);
    return element;
  }

  #prepareDispute(element, order) {
    named(element, "dispute").hidden = !DISPUTABLE.has(order.state) || order.dispute !== null;
    const file = named(element, "file");
    file.addEventListener("click", () => act(file, () => this.#dispute(order, named(element, "statement").value.trim())));
    const withdraw = named(element, "withdraw");
    withdraw.hidden = order.state !== "disputed";
    withdraw.addEventListener("click", () => this.#send(withdraw, order, "dispute/withdrawal", "已撤回，账单恢复计时。Withdrawn: the clock runs again."));
    const reasons = order.dispute?.reasons;
    named(element, "decision").hidden = !reasons;
    named(element, "decision").textContent = reasons ? `异议决定：应付 ${yuan(order.dispute.owed_fen)}。${reasons}` : "";
  }

  async #dispute(order, statement) {
    if (!statement) throw correction("请写明哪里不对。Say what is wrong with it.");
    await this.#session.post(`/v1/me/orders/${order.order_id}/dispute`, { statement });
    await this.#changed();
    tell("已提出，等待核实期间不催收、不逾期。Filed: no reminder and no arrears meanwhile.");
  }

  #send(button, order, what, done) {
    return act(button, async () => {
      await this.#session.call("POST", `/v1/me/orders/${order.order_id}/${what}`);
      await this.#changed();
      tell(done);
    });
  }
}

function stateOf(order) {
  if (order.state === "created") return order.agreed_at ? "已同意，待开始" : "待您同意";
  return STATES[order.state];
}

function moneyOf({ agreed_fen, total_fen, state, due_at }) {
  const agreed = `免押金 ${yuan(agreed_fen)}`;
  if (total_fen === null) return agreed;
  const due = state === "payment-due" ? `，请在 ${day(due_at)}前付给商户` : "";
  return `${agreed}，${state === "done" ? "已付" : "应付"} ${yuan(total_fen)}${due}`;
}

function lastOf({ history }) {
  const { at, text } = history.at(-1);
  return `${moment(at)} ${text}`;
}
