// What is yours now, what a commitment or the next level opens, and the rest with the reason.

import { conditions, offer, SCENES } from "./offers.js";
import { copy, part, sentenceOf, tell } from "./views.js";

const GROUPS = [
  ["yours", "现在可用", "Yours now"],
  ["by-commitment", "作出承诺即可用", "Yours if you commit"],
  ["next-level", "下一等级可用", "With the next level"],
  ["not-now", "暂不可用", "Not now"],
];

/** Reads the benefits as they stand for the person and draws them by standing. */
export async function loadBenefits(session) {
  const { benefits } = await session.get("/v1/me/benefits");
  const drawn = GROUPS.flatMap(([standing, title, titleEn]) => {
    const members = benefits.filter((benefit) => benefit.standing === standing);
    if (!members.length) return [];
    return [copy("benefits-heading-template", { title, "title-en": titleEn }), ...members.map((each) => card(session, each))];
  });
  part("benefits").replaceChildren(...drawn);
  const count = benefits.filter((benefit) => benefit.standing === "yours").length;
  part("benefits-lead").textContent = count ? `${count} 项现在就可以用，出示诚信码即可。` : "暂时没有可用的便利。";
}

function card(session, benefit) {
  const yours = benefit.standing === "yours";
  const element = copy("benefit-template", {
    scene: SCENES[benefit.scene] ?? "信",
    name: benefit.name.zh,
    "name-en": benefit.name.en,
    description: benefit.reasons.map((reason) => reason.zh).join("；"),
    offer: offerOf(benefit),
    conditions: conditions(benefit),
  });
  element.classList.toggle("later", !yours);
  if (benefit.commitment) addCommitment(session, benefit, element);
  return element;
}

/** What is promised and what it opens, and the button that makes the commitment or takes it back. */
function addCommitment(session, { id, version, kind, unit, commitment }, element) {
  const promise = document.createElement("p");
  promise.className = "promise";
  promise.textContent = `“${commitment.promise.zh}”：${commitment.tier.zh} ${offer(kind, unit, commitment.value)}`;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "plain small";
  button.textContent = commitment.made ? "撤回承诺 Take it back" : "作出承诺 Commit";
  button.addEventListener("click", async () => {
    button.disabled = true;
    const path = `/v1/me/benefits/${id}/commitment`;
    try {
      if (commitment.made) await session.delete(path);
      else await session.put(path, { version });
      await loadBenefits(session);
    } catch (failure) {
      tell(sentenceOf(failure));
      button.disabled = false;
    }
  });
  element.querySelector("div").append(promise, button);
}

function offerOf({ standing, kind, unit, value, next_value, next_tier }) {
  const next = next_value === null ? "" : `${next_tier?.zh ?? "下一等级"}：${offer(kind, unit, next_value)}`;
  if (standing !== "yours") return next;
  return offer(kind, unit, value) + (next ? `（${next}）` : "");
}
