// Signing in by phone and one-time code, for both pages.

import { correction, onSubmit, part, show } from "./views.js";

/** Makes the two forms work; `onSignedIn` is called with tokens kept. */
export function prepareSignIn(session, onSignedIn) {
  let phone = "";

  onSubmit(part("phone-form"), { other: "phone-problem" }, async (fields) => {
    phone = fields.get("phone").replaceAll(/[\s-]/g, "");
    if (!/^(\+?86)?1\d{10}$/.test(phone)) throw correction("请填写 11 位手机号。Give an 11-digit mobile number.");
    await session.post("/v1/sign-in/codes", { phone });
    part("phone-form").hidden = true;
    part("code-form").hidden = false;
    part("code-sent").textContent = `验证码已发送至 ${phone}，五分钟内有效。`;
    part("code").focus();
  });

  onSubmit(part("code-form"), { other: "code-problem" }, async (fields) => {
    const code = fields.get("code").trim();
    if (!/^\d{6}$/.test(code)) throw correction("请填写 6 位验证码。The code has 6 digits.");
    session.keep(await session.post("/v1/sign-in", { phone, code }));
    await onSignedIn();
  });

  part("other-phone").addEventListener("click", askForPhone);
}

/** Shows the first step again, with nothing of the last person left on the screen. */
export function askForPhone() {
  part("phone-form").reset();
  part("code-form").reset();
  part("phone-form").hidden = false;
  part("code-form").hidden = true;
  for (const id of ["phone-problem", "code-problem"]) part(id).textContent = "";
  show("sign-in");
  part("phone").focus();
}
