// IC1, the online code, computed on the phone: docs/protocol.md, section 1. The server's twin is partners/codes/ic1.py;
// a test compares the two.

import { base45, fromBase64Url } from "./encodings.js";

const SCENES = ["any", "travel", "transit", "rental", "medical", "shopping", "library", "parking", "approvals", "insurance"];
const TYPE = 0x10;
const TICKET_BYTES = 10;
const SIGNED_BYTES = 16;
const MAC_BYTES = 10;
const HANDLE_MODULUS = 10 ** 12;
const MOVING_MODULUS = 10n ** 7n;

/** The code of a ticket in a scene at a step of 30 seconds: the text of its QR, and its digits for a keypad. */
export async function codeAt(ticket, scene, step) {
  const key = await crypto.subtle.importKey(
    "raw", fromBase64Url(ticket.k), { name: "HMAC", hash: "SHA-256" }, false, ["sign"],
  );
  const ticketId = fromBase64Url(ticket.tid);
  return { text: await pictureText(key, ticket.slot, ticketId, scene, step), digits: await digits(key, ticketId, step) };
}

async function pictureText(key, slot, ticketId, scene, step) {
  const code = new Uint8Array(SIGNED_BYTES + MAC_BYTES);
  code[0] = TYPE | slot;
  code.set(ticketId, 1);
  code[1 + TICKET_BYTES] = SCENES.indexOf(scene);
  new DataView(code.buffer).setUint32(2 + TICKET_BYTES, step);
  code.set((await mac(key, code.subarray(0, SIGNED_BYTES))).subarray(0, MAC_BYTES), SIGNED_BYTES);
  return `IC1:${base45(code)}`;
}

async function digits(key, ticketId, step) {
  // Five bytes stay below 2^53, so plain numbers are exact here.
  const handle = ticketId.subarray(0, 5).reduce((value, byte) => value * 256 + byte, 0) % HANDLE_MODULUS;
  const message = new Uint8Array([...new TextEncoder().encode("ic1-digits"), 0, 0, 0, 0]);
  new DataView(message.buffer).setUint32(message.length - 4, step);
  const moving = new DataView((await mac(key, message)).buffer).getBigUint64(0) % MOVING_MODULUS;
  const body = String(handle).padStart(12, "0") + String(moving).padStart(7, "0");
  return body + luhn(body);
}

async function mac(key, message) {
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, message));
}

function luhn(body) {
  const total = [...body].reverse().reduce((sum, digit, place) => {
    const value = Number(digit) * (place % 2 === 0 ? 2 : 1);
    return sum + (value > 9 ? value - 9 : value);
  }, 0);
  return String((10 - (total % 10)) % 10);
}
