// The till: choose the benefit, read the code, show yes or no at full size, redeem.

import { fenOf, worth, yuan } from "./money.js";
import { offer, SCENES } from "./offers.js";
import { randomId } from "./random_id.js";
import { hasCamera, Scanner } from "./scanner.js";
import { Session } from "./session.js";
import { askForPhone, prepareSignIn } from "./sign_in.js";
import { prepareSigns, watchVisits } from "./till_counter.js";
import { act, correction, moment, part, prepareDialogs, sentenceOf, show } from "./views.js";

const CLERK = "clerk";
// These two end with a bill: they begin with an order, and nothing is taken off a price at the till.
const CONTRACTS = new Set(["deposit-waiver", "pay-after-use"]);
// Refusals that say "this code, no": they fill the screen. Any other problem stands beside the form.
const CODE_REFUSED = new Set(["code-unusable", "code-stale", "code-malformed"]);

const session = new Session("xinyi.till", signedOut);
const scanner = new Scanner(session);
let benefits = new Map();
let verification = null;

async function proceed() {
  if (!session.roles.includes(CLERK)) {
    refuse("这个手机号不是任何门店的收银员。请让商户管理员添加您，或换一个账户。This account is no clerk of any store.");
    return;
  }
  try {
    drawTill(await session.get("/v1/till"));
  } catch (problem) {
    if (session.signedIn) refuse(sentenceOf(problem));
  }
}

function drawTill(till) {
  part("till-title").textContent = till.partner;
  part("till-store").textContent = [till.store, till.terminal].filter(Boolean).join(" · ");
  benefits = new Map(till.benefits.map((benefit) => [benefit.id, benefit]));
  part("benefit").replaceChildren(
    ...till.benefits.map((benefit) => new Option(`${SCENES[benefit.scene] ?? ""} · ${benefit.name.zh}`, benefit.id)),
  );
  part("scan").hidden = !hasCamera();
  part("photo-part").hidden = hasCamera();
  drawBenefit();
  show("till");
  watchVisits(session, benefits, serve);
}

function drawBenefit() {
  const benefit = benefits.get(part("benefit").value);
  part("benefit-terms").textContent = benefit ? `${benefit.description.zh} ${benefit.name.en}` : "本店暂无可核验的便利。";
  part("amount-part").hidden = !benefit || !takesAmount(benefit);
  for (const id of ["scan", "digits"]) part(id).disabled = !benefit;
}

const takesAmount = (benefit) => benefit.unit === "permille" || benefit.unit === "fen";

/** The typed amount in fen, null where the benefit takes none; undefined if it is missing or cannot be understood. */
function typedAmount() {
  part("amount-problem").textContent = "";
  if (part("amount-part").hidden) return null;
  const fen = fenOf(part("amount").value);
  if (fen !== null) return fen;
  part("amount-problem").textContent = "请填写金额，例如 12.50。For example 12.50";
  part("amount").focus();
  return undefined;
}

async function verify(code) {
  const amount = typedAmount();
  if (amount === undefined) return;
  const benefit = benefits.get(part("benefit").value);
  const order = { code, benefit: benefit.id };
  // Only a deposit is part of the question; a price is the till's own business.
  if (CONTRACTS.has(benefit.kind)) order.amount_fen = amount;
  try {
    present(await answered(await once("/v1/till/verifications", order), benefit), benefit, amount);
  } catch (problem) {
    if (!CODE_REFUSED.has(problem.code)) throw problem;
    showResult({ kind: "refused", word: problem.message, wordEn: problem.titleEn, hint: problem.detail });
  }
}

/** A customer who scanned the sign: as if their code had just been verified, with the amount in the form. */
function serve(visit) {
  const benefit = benefits.get(visit.benefit);
  part("benefit").value = benefit.id;
  drawBenefit();
  const amount = typedAmount();
  if (amount === undefined) return;
  present(visit, benefit, amount);
}

function present(answer, benefit, amount) {
  // Twelve digits, so that a no is as long as a yes.
  const value = Number(answer.tier.value);
  const taken = amount === null ? 0 : worth(answer.tier.unit, value, amount, benefit.cap_fen);
  verification = { result: "eligible", ...answer, value, benefit, amount, taken, redeemKey: randomId() };
  showAnswer();
}

/** The answer itself: where the holder is asked on their phone, it is waited for, however it ends. */
async function answered(found, benefit) {
  while (found.state === "pending-confirmation") {
    showResult({
      kind: "waiting",
      word: "请顾客在手机上确认",
      wordEn: "The customer confirms on their phone",
      benefit: benefit.name.zh,
      hint: "最多等待一分钟。For a minute at most.",
      open: false,
    });
    await pause(found.poll_seconds * 1000);
    found = await session.get(`/v1/till/verifications/${found.verification_id}`).catch((problem) => {
      if (problem.code === "offline") return found;
      part("result").close();
      throw problem;
    });
  }
  return found;
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

function showAnswer() {
  const { result, tier, value, benefit } = verification;
  const eligible = result === "eligible";
  showResult({
    kind: result,
    word: eligible ? "符合" : "不符合",
    wordEn: eligible ? "Eligible" : "Not eligible",
    benefit: benefit.name.zh,
    offer: eligible ? offer(benefit.kind, tier.unit, value) : "",
    hint: eligible ? hint() : "按普通顾客正常服务。Serve as usual.",
    redeemable: eligible && !CONTRACTS.has(benefit.kind),
  });
}

function hint() {
  if (CONTRACTS.has(verification.benefit.kind)) return `请在 ${moment(verification.expires_at)} 前开立免押订单。Open the order now.`;
  return verification.amount === null ? "" : bill();
}

function bill() {
  const { amount, taken } = verification;
  return `原价 ${yuan(amount)}，优惠 ${yuan(taken)}，应收 ${yuan(amount - taken)}`;
}

async function redeem() {
  part("result-problem").textContent = "";
  const { verification_id, benefit, amount, taken, redeemKey } = verification;
  try {
    await once("/v1/till/redemptions", { verification_id, amount_fen: taken }, redeemKey);
    showResult({
      kind: "redeemed",
      word: "已核销",
      wordEn: "Redeemed",
      benefit: benefit.name.zh,
      offer: amount === null ? "" : `应收 ${yuan(amount - taken)}`,
      hint: amount === null ? "" : `原价 ${yuan(amount)}，优惠 ${yuan(taken)}`,
    });
  } catch (problem) {
    part("result-problem").textContent = sentenceOf(problem);
  }
}

/** Posts with an idempotency key, and once more with the same key if the answer got lost: it has one effect. */
async function once(path, body, key = randomId()) {
  const headers = { "Idempotency-Key": key };
  try {
    return await session.post(path, body, headers);
  } catch (problem) {
    if (problem.code !== "offline") throw problem;
    return session.post(path, body, headers);
  }
}

function showResult({ kind, word, wordEn, benefit = "", offer: offered = "", hint = "", redeemable = false, open = true }) {
  part("result").dataset.kind = kind;
  part("result-word").textContent = word;
  part("result-word-en").textContent = wordEn;
  part("result-benefit").textContent = benefit;
  part("result-offer").textContent = offered;
  part("result-hint").textContent = hint;
  part("result-problem").textContent = "";
  part("redeem").hidden = !redeemable;
  part("next").disabled = !open;
  if (!part("result").open) part("result").showModal();
  if (open) (redeemable ? part("redeem") : part("next")).focus();
}

function next() {
  part("result").close();
  verification = null;
  part("digits").value = "";
  part("amount").value = "";
  part("till-problem").textContent = "";
}

async function scan() {
  if (typedAmount() === undefined) return;
  let text;
  try {
    text = await scanner.scan();
  } catch (problem) {
    part("camera").close();
    part("photo-part").hidden = false;
    part("till-problem").textContent = problem.sentence ?? "无法使用摄像头，请拍照或输入数字码。The camera is not available.";
    return;
  }
  if (text) await verify(text);
}

async function readPhoto() {
  const [file] = part("photo").files;
  part("photo").value = "";
  if (!file) return;
  const text = await scanner.readPhoto(file);
  if (text) await verify(text);
  else part("till-problem").textContent = "照片里没有找到诚信码，请靠近一些再拍。No code in the photo: go closer.";
}

/** Runs one act of the form; a refusal stands under the digits. */
async function attempt(work) {
  part("till-problem").textContent = "";
  try {
    await work();
  } catch (problem) {
    part("till-problem").textContent = sentenceOf(problem);
  }
}

function refuse(sentence) {
  part("refused-because").textContent = sentence;
  show("refused");
}

function signedOut() {
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  askForPhone();
}

prepareDialogs();
prepareSigns(session, () => benefits);
prepareSignIn(session, proceed);
part("benefit").addEventListener("change", drawBenefit);
part("scan").addEventListener("click", () => act(part("scan"), () => attempt(scan)));
part("photo").addEventListener("change", () => attempt(readPhoto));
part("redeem").addEventListener("click", () => act(part("redeem"), redeem));
part("next").addEventListener("click", next);
part("till-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const button = event.submitter;
  act(button, () => attempt(async () => {
    const typed = part("digits").value.trim();
    if (!typed) throw correction("请先输入手机屏幕上的数字码。Type the digits first.");
    await verify(typed);
  }));
});
for (const button of document.querySelectorAll("[data-sign-out]")) {
  button.addEventListener("click", () => act(button, async () => {
    await session.delete("/v1/me/sessions").catch(() => null);
    session.keep(null);
    signedOut();
  }));
}

if (session.signedIn) proceed();
else askForPhone();
