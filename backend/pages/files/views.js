// Showing one view of a page at a time, filling templates, opening sheets, and telling what happened.

/** The element with this id. */
export const part = (id) => document.getElementById(id);

/** Shows one view and hides the others; the heading is read out. */
export function show(name) {
  for (const view of document.querySelectorAll(".view")) view.hidden = view.id !== `view-${name}`;
  part("toast").classList.remove("shown");
  scrollTo(0, 0);
  part("main").focus({ preventScroll: true });
}

/** A copy of a template; `texts` fills the elements named by data-part. Text is always text, never markup. */
export function copy(template, texts) {
  const element = part(template).content.firstElementChild.cloneNode(true);
  for (const [name, text] of Object.entries(texts)) named(element, name).textContent = text;
  return element;
}

/** The element inside a template's copy that data-part names. */
export const named = (element, name) =>
  element.dataset.part === name ? element : element.querySelector(`[data-part="${name}"]`);

/** Shows a symbol in the SVG of this id, with so many modules of quiet zone at its sides; null clears and hides it. */
export function paint(id, symbol, quiet = 0) {
  const element = part(id);
  element.firstElementChild.setAttribute("d", symbol?.path ?? "");
  if (symbol) element.setAttribute("viewBox", `${-quiet} 0 ${symbol.width + 2 * quiet} ${symbol.height}`);
  element.toggleAttribute("hidden", !symbol);
}

let toastTimer;

/** Tells in one sentence at the foot of the page. */
export function tell(sentence) {
  const toast = part("toast");
  toast.textContent = sentence;
  toast.classList.add("shown");
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => toast.classList.remove("shown"), 4000);
}

/** Runs an act that a button starts: the button waits, a refusal is told. */
export async function act(button, work) {
  button.disabled = true;
  try {
    await work();
  } catch (problem) {
    tell(sentenceOf(problem));
  } finally {
    button.disabled = false;
  }
}

/** Sends a form when it is submitted; a refusal stands at its field. `fields` names the field of each problem element. */
export function onSubmit(form, problems, work) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("[type=submit]");
    for (const id of Object.values(problems)) part(id).textContent = "";
    button.disabled = true;
    try {
      await work(new FormData(form));
    } catch (problem) {
      const field = problem.errors?.find((error) => problems[error.field])?.field;
      part(problems[field] ?? problems.other).textContent = sentenceOf(problem);
    } finally {
      button.disabled = false;
    }
  });
}

/** What the person has to correct before anything is sent; it stands at `field`. */
export const correction = (sentence, field) => Object.assign(new Error(sentence), { sentence, errors: field ? [{ field }] : [] });

/** What to tell of an error: a refusal in its own words; a defect of the page is left to the console. */
export function sentenceOf(problem) {
  if (problem.sentence) return problem.sentence;
  console.error(problem);
  return "页面出错，请刷新后重试。Something went wrong: reload the page.";
}

/** Makes the close buttons of dialogs work, and a tap beside a sheet. */
export function prepareDialogs() {
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog && dialog.classList.contains("sheet")) dialog.close();
    });
    for (const button of dialog.querySelectorAll("[data-close]")) button.addEventListener("click", () => dialog.close());
  }
}

const WHEN = new Intl.DateTimeFormat("zh-CN", { dateStyle: "long", timeStyle: "short", timeZone: "Asia/Shanghai" });
const DAY = new Intl.DateTimeFormat("zh-CN", { dateStyle: "long", timeZone: "Asia/Shanghai" });

/** An instant (ISO 8601) as date and time in Shanghai. */
export const moment = (text) => WHEN.format(new Date(text));

/** An instant, or a plain date, as a day in Shanghai. */
export const day = (text) => DAY.format(new Date(text.length === 10 ? `${text}T00:00:00+08:00` : text));

/** Points as they are read: with a minus sign, not a hyphen. */
export const shown = (points) => points.replace("-", "−");
