// The counter code at the till: the signs of the store, and who scanned one and waits to be served.

import { act, copy, part } from "./views.js";

const LOOK_MS = 3000;
let looking;

/** Shows who waits for as long as somebody is signed in; `serve` is called with the visit that was tapped. */
export function watchVisits(session, benefits, serve) {
  clearInterval(looking);
  looking = setInterval(() => look(session, benefits, serve), LOOK_MS);
  look(session, benefits, serve);
}

async function look(session, benefits, serve) {
  if (!session.signedIn) {
    clearInterval(looking);
    return;
  }
  if (document.hidden) return;
  const found = await session.get("/v1/till/counter-visits").catch(() => null);
  if (found) draw(found.visits.filter((visit) => benefits.has(visit.benefit)), benefits, serve);
}

function draw(visits, benefits, serve) {
  const shown = visits.map((visit) => visit.verification_id).join();
  if (part("visits").dataset.shown === shown) return;
  part("visits").dataset.shown = shown;
  part("visits-part").hidden = !visits.length;
  part("visits").replaceChildren(
    ...visits.map((visit) => {
      const line = copy("visit-template", { digits: visit.shown_as, name: benefits.get(visit.benefit).name.zh });
      line.querySelector("button").addEventListener("click", () => serve(visit));
      return line;
    }),
  );
}

/** Makes the button that shows the store's signs work; `benefits` gives the benefits of the till by id. */
export function prepareSigns(session, benefits) {
  part("signs-open").addEventListener("click", () => act(part("signs-open"), () => open(session, benefits())));
}

async function open(session, benefits) {
  const { signs } = await session.get("/v1/till/counter-codes");
  part("signs-list").replaceChildren(
    ...signs.map(({ benefit, drawing: { size, path } }) => {
      const name = benefits.get(benefit)?.name.zh ?? benefit;
      const figure = copy("sign-template", { name });
      const picture = figure.querySelector("svg");
      picture.setAttribute("viewBox", `-4 -4 ${size + 8} ${size + 8}`);
      picture.setAttribute("aria-label", `台码：${name}`);
      picture.querySelector("path").setAttribute("d", path);
      return figure;
    }),
  );
  if (!signs.length) part("signs-list").textContent = "本店还没有台码，请商户管理员生成。No signs yet: the partner puts them up.";
  part("signs").showModal();
}
