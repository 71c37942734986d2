// What the person saved: in all, this year, this month, by benefit and by month. Deposits stand apart: they would have come back.

import { yuan } from "./money.js";
import { copy, part } from "./views.js";

/** Reads and draws it. */
export async function loadSavings(session) {
  const savings = await session.get("/v1/me/savings");
  part("savings-sum").textContent = yuan(savings.saved_fen);
  part("savings-when").textContent = `今年 ${yuan(savings.year_fen)}，本月 ${yuan(savings.month_fen)} This year, this month`;
  part("savings-none").hidden = savings.uses > 0;
  part("savings-when").hidden = savings.uses === 0;
  part("savings-more").hidden = !savings.benefits.length;
  part("savings-benefits").replaceChildren(...savings.benefits.map((each) => line(each.name.zh, each.name.en, each)));
  part("savings-months").replaceChildren(...savings.months.map((each) => line(each.month, "", each)));
  part("savings-deposits").hidden = !savings.deposits_waived_fen;
  part("savings-deposits").textContent =
    `另外免交押金 ${yuan(savings.deposits_waived_fen)}，不计入节省 Deposits not paid, which are no money saved`;
}

function line(title, english, { uses, saved_fen }) {
  return copy("line-template", { title, detail: `${english ? `${english} · ` : ""}${uses} 次 times`, points: yuan(saved_fen) });
}
