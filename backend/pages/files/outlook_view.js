// What comes by itself, the nearest ways to a higher level, and everything the score is made of, to take along and recompute.

import { act, copy, day, named, part, shown, tell } from "./views.js";

const CHANGES = 5;

/** Makes the "ahead" sheet work. */
export function prepareOutlook(session) {
  part("ahead-open").addEventListener("click", () => act(part("ahead-open"), async () => {
    draw(await session.get("/v1/me/score/outlook"));
    part("ahead").showModal();
  }));
  part("bundle").addEventListener("click", () => act(part("bundle"), async () => {
    save(await session.file("/v1/me/score/bundle"), "xinyi-score.json");
    tell("自证包已下载。Saved.");
  }));
}

function draw({ as_of: today, changes, ways }) {
  part("ahead-none").hidden = changes.length > 0;
  part("ahead-changes").replaceChildren(
    ...changes.slice(0, CHANGES).map((one) => line(`${day(one.day)}起`, `${withoutHead(one.text)} · 届时 ${one.after} 分`, one.points)),
  );
  part("ways-none").hidden = ways.length > 0;
  part("ahead-ways").replaceChildren(...ways.map((one) => line(withoutTail(one.text), wayDetail(one, today), one.points)));
}

// A sentence of the API with the part before its first colon, or behind its last, left out: that stands in another place here.
const withoutHead = (text) => text.replace(/^[^：]*：/, "");
const withoutTail = (text) => text.replace(/：[^：]*$/, "");

const wayDetail = (one, today) =>
  `升至“${one.level.name}” ${one.level.name_en}${one.day === today ? "" : ` · ${day(one.day)}起`}`;

function line(title, detail, points) {
  const element = copy("line-template", { title, detail, points: shown(points) });
  named(element, "points").classList.add(points.startsWith("-") ? "minus" : "plus");
  return element;
}

function save(file, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
