// Amounts are whole fen; what people type and read is yuan. No floating point is near either.

/** The fen of a typed amount such as 12, 12.5 or 12.50; null if it is not one. */
export function fenOf(text) {
  const match = /^(\d{1,8})(?:[.。](\d{1,2}))?$/.exec(text.trim().replaceAll(/[¥￥,，\s]/g, ""));
  return match ? Number(match[1]) * 100 + Number((match[2] ?? "").padEnd(2, "0")) : null;
}

/** Fen as yuan, for example ¥12.50, and ¥12 for whole yuan. */
export function yuan(fen) {
  const rest = fen % 100;
  return `¥${Math.trunc(fen / 100).toLocaleString("zh-CN")}${rest ? `.${String(rest).padStart(2, "0")}` : ""}`;
}

/** What a benefit takes off a price in fen, rounded down to the fen and bounded by its cap; 0 where it is no money. */
export function worth(unit, value, price, cap) {
  const taken = unit === "permille" ? Math.trunc((price * value) / 1000) : unit === "fen" ? Math.min(price, value) : 0;
  return cap === null ? taken : Math.min(taken, cap);
}
