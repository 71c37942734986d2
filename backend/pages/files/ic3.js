// IC3, the offline code, as the phone makes it: docs/protocol.md, section 8. The server's twin is partners/codes/ic3.py; a test
// compares the two.

import { base45, fromBase64Url } from "./encodings.js";

const SIGNATURE = { name: "ECDSA", hash: "SHA-256" };
const SIGNED_BYTES = 45;
const CHALLENGE_BYTES = 8;
const CHALLENGE = /^IC3C:(?<body>[0-9A-Z $%*+./:-]{12})$/;
// SEC 2, section 2.4.2: of two signatures that hold, only the one with the smaller s is a code.
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** The text of a pass at a step of 30 seconds: its attestation (base64url), signed by its own key for a terminal's challenge. */
export async function offlineCode(attestation, privateKey, step, challenge = new Uint8Array(CHALLENGE_BYTES)) {
  const attested = fromBase64Url(attestation);
  const use = new Uint8Array(await crypto.subtle.digest("SHA-256", attested.subarray(0, SIGNED_BYTES)));
  const moment = new Uint8Array(4);
  new DataView(moment.buffer).setUint32(0, step);
  const message = joined(new TextEncoder().encode("ic3p"), use, moment, challenge);
  const signature = lowS(new Uint8Array(await crypto.subtle.sign(SIGNATURE, privateKey, message)));
  return `IC3:${base45(joined(attested, moment, challenge, signature))}`;
}

function lowS(signature) {
  const s = signature.slice(32).reduce((value, byte) => value * 256n + BigInt(byte), 0n);
  if (s <= ORDER / 2n) return signature;
  const low = (ORDER - s).toString(16).padStart(64, "0");
  return joined(signature.slice(0, 32), Uint8Array.from(low.match(/../g), (byte) => parseInt(byte, 16)));
}

function joined(...parts) {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
