// A benefit's value in the words of its unit.

import { yuan } from "./money.js";

export const SCENES = {
  travel: "游", transit: "行", rental: "租", medical: "医", shopping: "购", library: "借", parking: "停", approvals: "批", insurance: "保",
};

const COUNTED = { minutes: "分钟", books: "册", days: "天", places: "位" };

const WEEKDAYS = "一二三四五六日";

/** Where and when a benefit is valid, in a sentence; empty where it always is. */
export function conditions({ where, when }) {
  const said = [];
  if (when) {
    const days = when.weekdays.length === 7 ? "每天" : `每周${when.weekdays.map((day) => WEEKDAYS[day - 1]).join("、")}`;
    said.push(`${days} ${when.opens}–${when.closes ?? "24:00"}`);
    if (when.except_on.length) said.push(`${when.except_on.join("、")} 除外`);
  }
  if (where) said.push("限公布的门店");
  return said.length ? `适用：${said.join("，")}` : "";
}

/** What `value` of `unit` means to the person, for example 优惠 25%, or 免押 ¥500. */
export function offer(kind, unit, value) {
  if (unit === "permille") return `优惠 ${value % 10 ? `${Math.trunc(value / 10)}.${value % 10}` : value / 10}%`;
  if (unit === "fen") return `${kind === "deposit-waiver" ? "免押金" : "抵用"} ${yuan(value)}`;
  return `${value} ${COUNTED[unit] ?? unit}`;
}
