// This phone's key: made in the browser's key store, never readable, registered once for each account.

import { toBase64Url } from "./encodings.js";
import { DEVICES, KeyStore } from "./key_store.js";
import { correction } from "./views.js";

const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" };
const devices = new KeyStore(DEVICES);

/** The address that this server is published under; it is part of everything that is signed. */
const server = () => document.documentElement.dataset.server;

/** The phone in the hand of one person. */
export class Device {
  #session;

  constructor(session) {
    this.#session = session;
  }

  /** The id under which this phone is registered for an account, or null. */
  async id(accountId) {
    return (await devices.get(accountId))?.id ?? null;
  }

  /** Registers this phone under a new key; gives its id. Raises Problem. */
  async register(accountId) {
    const { pair, publicKey } = await freshKey();
    // The server's time: a phone's own clock is often wrong.
    const { server_time } = await this.#session.get("/v1/me/confirmations");
    const created = Math.floor(Date.parse(server_time) / 1000);
    const signature = await sign(pair, ["xinyi-device-1", server(), accountId, created, publicKey]);
    const registered = await this.#session.post("/v1/me/devices", { name: nameOf(), public_key: publicKey, created, signature });
    await devices.put(accountId, { id: registered.id, pair });
    return registered.id;
  }

  /** This phone's signature over lines of text, as the API takes it; registers the phone at its first one. Raises Problem. */
  async sign(accountId, context, ...lines) {
    const { id, pair } = await this.#registered(accountId);
    return { device_id: id, signature: await sign(pair, [context, server(), ...lines]) };
  }

  /** This phone's signature for the key of one pass (docs/protocol.md, section 11); registers the phone at its first one. */
  async signPassKey(accountId, benefit, publicKey) {
    const { id, pair } = await this.#registered(accountId);
    return { device_id: id, signature: await sign(pair, ["xinyi-pass-1", id, benefit, publicKey]) };
  }

  async #registered(accountId) {
    requireKeys();
    if (!(await devices.get(accountId))) await this.register(accountId);
    return devices.get(accountId);
  }
}

/** A key of its own in the browser's store, and its public point as the API takes it. Raises Problem. */
export async function freshKey() {
  requireKeys();
  const pair = await crypto.subtle.generateKey(CURVE, false, ["sign"]);
  return { pair, publicKey: toBase64Url(compressed(await crypto.subtle.exportKey("raw", pair.publicKey))) };
}

function requireKeys() {
  if (crypto.subtle) return;
  throw correction("此浏览器在当前网络下不能签名，请使用 https 打开本页。This browser signs over https only.");
}

async function sign(pair, lines) {
  const message = new TextEncoder().encode(lines.join("\n"));
  return toBase64Url(new Uint8Array(await crypto.subtle.sign(SIGNATURE, pair.privateKey, message)));
}

function compressed(point) {
  const bytes = new Uint8Array(point);
  return Uint8Array.of(2 + (bytes[64] & 1), ...bytes.slice(1, 33));
}

const nameOf = () => `浏览器（${(navigator.userAgentData?.platform || navigator.platform || "手机").slice(0, 20)}）`;
