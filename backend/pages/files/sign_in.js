// Signing in by phone and one-time code, for both pages.

import { onSubmit, part, show } from "./views.js";

/** Makes the two forms work; `onSignedIn` is called with tokens kept. */
export function prepareSignIn(session, onSignedIn) {
  let phone = "";

  onSubmit(part("phone-form"), { other: "phone-problem" }, async (fields) => {
    phone = fields.get("phone").replaceAll(/[\s-]/g, "");
    await session.post("/v1/sign-in/codes", { phone });
    part("phone-form").hidden = true;
    part("code-form").hidden = false;
    part("code-sent").textContent = `验证码已发送至 ${phone}，五分钟内有效。`;
    part("code").focus();
  });

  onSubmit(part("code-form"), { other: "code-problem" }, async (fields) => {
    session.keep(await session.post("/v1/sign-in", { phone, code: fields.get("code").trim() }));
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
