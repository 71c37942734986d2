// This phone's key: made in the browser's key store, never readable, registered once for each account.

import { correction } from "./views.js";

const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" };
const STORE = "devices";

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
    return (await kept(accountId))?.id ?? null;
  }

  /** Registers this phone under a new key; gives its id. Raises Problem. */
  async register(accountId) {
    requireKeys();
    const pair = await crypto.subtle.generateKey(CURVE, false, ["sign"]);
    const publicKey = text(compressed(await crypto.subtle.exportKey("raw", pair.publicKey)));
    // The server's time: a phone's own clock is often wrong.
    const { server_time } = await this.#session.get("/v1/me/confirmations");
    const created = Math.floor(Date.parse(server_time) / 1000);
    const signature = await sign(pair, ["xinyi-device-1", server(), accountId, created, publicKey]);
    const registered = await this.#session.post("/v1/me/devices", { name: nameOf(), public_key: publicKey, created, signature });
    await keep(accountId, { id: registered.id, pair });
    return registered.id;
  }

  /** This phone's signature over lines of text, as the API takes it; registers the phone at its first one. Raises Problem. */
  async sign(accountId, context, ...lines) {
    requireKeys();
    if (!(await kept(accountId))) await this.register(accountId);
    const { id, pair } = await kept(accountId);
    return { device_id: id, signature: await sign(pair, [context, server(), ...lines]) };
  }
}

function requireKeys() {
  if (crypto.subtle) return;
  throw correction("此浏览器在当前网络下不能签名，请使用 https 打开本页。This browser signs over https only.");
}

async function sign(pair, lines) {
  const message = new TextEncoder().encode(lines.join("\n"));
  return text(new Uint8Array(await crypto.subtle.sign(SIGNATURE, pair.privateKey, message)));
}

function compressed(point) {
  const bytes = new Uint8Array(point);
  return Uint8Array.of(2 + (bytes[64] & 1), ...bytes.slice(1, 33));
}

const text = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const nameOf = () => `浏览器（${(navigator.userAgentData?.platform || navigator.platform || "手机").slice(0, 20)}）`;

function opened() {
  return asked(() => {
    const opening = indexedDB.open("xinyi", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    return opening;
  });
}

async function kept(accountId) {
  const database = await opened();
  return asked(() => database.transaction(STORE).objectStore(STORE).get(accountId)).finally(() => database.close());
}

async function keep(accountId, device) {
  const database = await opened();
  return asked(() => database.transaction(STORE, "readwrite").objectStore(STORE).put(device, accountId)).finally(() =>
    database.close(),
  );
}

function asked(ask) {
  return new Promise((resolve, reject) => {
    const request = ask();
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
