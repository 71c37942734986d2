// The score with its level, and why it is what it is: the base and one line for each contributing record, which sum to
// the score exactly.

import { act, copy, day, named, part, shown } from "./views.js";

const RETRY_MS = 1500;

let retry;

/** Draws the score, or that there is none and why. */
export async function loadScore(session, consented) {
  clearTimeout(retry);
  const score = consented ? await readScore(session) : null;
  part("score-card").hidden = !score;
  part("score-closed").hidden = Boolean(score) || consented;
  part("score-coming").hidden = Boolean(score) || !consented;
  if (consented && (!score || score.pending)) retry = setTimeout(() => loadScore(session, true).catch(() => null), RETRY_MS);
  if (!score) return;
  part("score-level").textContent = score.level.name;
  part("score-level-en").textContent = score.level.name_en;
  part("score-value").textContent = shown(score.points);
  part("score-as-of").textContent = score.pending
    ? "有新的变化，正在重新计算 Recomputing"
    : `截至 ${day(score.as_of)}，规则 ${score.version} 版`;
  await drawLevels(session, score);
}

/** Stops looking for a score that is being computed. */
export const leaveScore = () => clearTimeout(retry);

/** Makes the "why" sheet work. */
export function prepareWhy(session) {
  part("why-open").addEventListener("click", () => act(part("why-open"), async () => {
    const explanation = await session.get("/v1/me/score/explanation");
    const [rules, items] = await Promise.all([rulesOf(session, explanation.score), itemNames(session)]);
    drawWhy(explanation, rules, items);
    part("why").showModal();
  }));
}

async function readScore(session) {
  try {
    return await session.get("/v1/me/score");
  } catch (problem) {
    if (problem.code === "score-not-ready") return null;
    throw problem;
  }
}

async function drawLevels(session, score) {
  const { levels } = await session.get(`/v1/rule-sets/${score.rule_set}?version=${score.version}`);
  part("levels").replaceChildren(
    ...[...levels].sort((one, other) => one.rank - other.rank).map((level) => {
      const element = copy("level-template", { name: level.names.zh });
      element.classList.toggle("reached", level.rank <= score.level.rank);
      if (level.rank === score.level.rank) element.setAttribute("aria-current", "true");
      return element;
    }),
  );
}

/** The rules by id, of the version that computed this score. */
async function rulesOf(session, score) {
  const { rules } = await session.get(`/v1/rule-sets/${score.rule_set}?version=${score.version}`);
  return new Map(rules.map((rule) => [rule.id, rule]));
}

/** The Chinese names of the catalogue's items by code. */
async function itemNames(session) {
  const items = await session.get("/v1/catalogue");
  return new Map(items.map((item) => [item.code, item.name]));
}

function drawWhy({ score, base, lines, not_counted: others }, rules, items) {
  const reason = (one) => rules.get(one.rule)?.reason.zh ?? one.text;
  part("why-lines").replaceChildren(
    line("基础分", "每个人都从这里开始 Everybody starts here", base, 0),
    ...lines.map((one) => line(reason(one), origin(one), one.points, one.millipoints)),
  );
  part("why-sum").textContent = shown(score.points);

  part("why-others-part").hidden = !others.length;
  part("why-others").replaceChildren(...others.map((one) => line(items.get(one.item) ?? one.item, `${one.text} · ${one.source}`, "不计分", null)));
  part("why-rules").textContent = `依据公开的评价规则 ${score.version} 版，截至 ${day(score.as_of)}。认为有误可以提出异议。`;
}

function origin({ source, occurred_on, until, capped_millipoints: capped }) {
  return [
    source,
    occurred_on && day(occurred_on),
    until && `计至 ${day(until)}前`,
    capped ? "已达上限，部分不计" : null,
  ].filter(Boolean).join(" · ");
}

function line(title, detail, points, millipoints) {
  const element = copy("line-template", { title, detail, points: shown(points) });
  const kind = millipoints === null ? "none" : millipoints < 0 ? "minus" : millipoints > 0 ? "plus" : "base";
  named(element, "points").classList.add(kind);
  return element;
}
