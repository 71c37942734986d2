// The resident's page: sign in, real name, consents, then code, score, benefits and account.

import { AccessLog, Account, Consents } from "./account_view.js";
import { loadBenefits } from "./benefits_view.js";
import { CodeView } from "./code_view.js";
import { Confirmations } from "./confirmation_view.js";
import { Counter } from "./counter_view.js";
import { Device } from "./device.js";
import { Devices } from "./devices_view.js";
import { Orders } from "./orders_view.js";
import { prepareOutlook } from "./outlook_view.js";
import { PassesView } from "./passes_view.js";
import { loadSavings } from "./savings_view.js";
import { leaveScore, loadScore, prepareWhy } from "./score_view.js";
import { Session } from "./session.js";
import { askForPhone, prepareSignIn } from "./sign_in.js";
import { Visits } from "./visits_view.js";
import { act, correction, onSubmit, part, prepareDialogs, sentenceOf, show, tell } from "./views.js";

const session = new Session("xinyi.resident", signedOut);
const consents = new Consents(session, consentsChanged);
const accessLog = new AccessLog(session);
const account = new Account(session, signedOut);
const device = new Device(session);
// Known once it was read: what is kept under it on this phone is shown without a signal.
let whose = null;
const accountId = async () => (whose ??= (await session.get("/v1/me")).account_id);
const confirmations = new Confirmations(session, device, accountId);
const counter = new Counter(session, device, accountId);
const devices = new Devices(session, device, accountId);
new PassesView(session, device, accountId);
const visits = new Visits(session);
const code = new CodeView(session, () => confirmations.look());
const orders = new Orders(session, () => TABS.benefits());
let tab = null;

const TABS = {
  code: async () => showConsentEffects(),
  score: () => loadScore(session, consents.has("compute")),
  benefits: () => Promise.all([loadSavings(session), orders.load(), loadBenefits(session)]),
  account: () => Promise.all([account.load(), consents.load(), devices.load(), visits.load(), accessLog.load()]),
};

/** The next step this person has to take, or the page's tabs. */
async function proceed() {
  const me = await account.load();
  whose = me.account_id;
  if (!me.proven) {
    show("identity");
    return;
  }
  await consents.load();
  if (consents.has("compute") || consents.has("show")) await go("code");
  else show("consents");
  if (consents.has("show")) await counter.look();
}

async function go(name) {
  tab = name;
  part("tabs").hidden = false;
  for (const button of part("tabs").children) {
    if (button.dataset.go === name) button.setAttribute("aria-current", "page");
    else button.removeAttribute("aria-current");
  }
  if (name !== "code") code.stop();
  leaveScore();
  show(name);
  try {
    await TABS[name]();
  } catch (problem) {
    tell(sentenceOf(problem));
  }
}

function showConsentEffects() {
  const usable = consents.has("compute") && consents.has("show");
  part("code-card").hidden = !usable;
  part("code-closed").hidden = usable;
  part("offline-open").hidden = !usable;
  if (usable && tab === "code") code.start();
  else code.stop();
}

// Tickets end with the consent they were issued under, so a changed consent means new ones.
function consentsChanged() {
  code.forget();
  showConsentEffects();
}

function signedOut() {
  tab = null;
  code.forget();
  whose = null;
  leaveScore();
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  part("tabs").hidden = true;
  askForPhone();
}

prepareDialogs();
prepareWhy(session);
prepareOutlook(session);
prepareSignIn(session, proceed);
onSubmit(
  part("identity-form"),
  { name: "name-problem", identity_number: "identity-problem", other: "identity-problem" },
  async (fields) => {
    const proof = { name: fields.get("name").trim(), identity_number: fields.get("identity_number").trim().toUpperCase() };
    if (proof.name.length < 2) throw correction("请填写证件上的姓名。The name as on the document.", "name");
    if (proof.identity_number.length !== 18) throw correction("公民身份号码有 18 位。It has 18 characters.", "identity_number");
    session.keep(await session.post("/v1/me/identity", proof));
    part("identity-form").reset();
    await proceed();
  },
);
part("consents-done").addEventListener("click", async () => {
  await go("code");
  if (consents.has("show")) await counter.look();
});
for (const button of document.querySelectorAll("[data-go]")) {
  button.addEventListener("click", () => act(button, () => go(button.dataset.go)));
}

counter.arrive();
if (session.signedIn) {
  proceed().catch((problem) => {
    tell(sentenceOf(problem));
    if (session.signedIn && problem.code !== "offline") signedOut();
  });
} else {
  askForPhone();
}
