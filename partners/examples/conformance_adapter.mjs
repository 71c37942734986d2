// An adapter of the conformance kit in JavaScript: Node.js 20 or later, its own crypto, and nothing to install.
//
//   xinyi partner conformance -- node partners/examples/conformance_adapter.mjs
//
// In your own adapter only the last part stays: everything before it is the integration under test (docs/partners.md, section 14).
import { createHash, createPrivateKey, createPublicKey, randomBytes, randomUUID, sign, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const TRIES = 4;
const LONGEST_ANSWER = 1024 * 1024;
const LONGEST_WAIT_SECONDS = 10;

// 不可采信 the answer is not the platform's, or not to this request.
class NotTrusted extends Error {}
// 结果不明 no final answer came.
class OutcomeUnknown extends Error {}
// 平台拒绝 the platform refused, and signed it.
class Refused extends Error {
  constructor({ code }) {
    super(code);
    this.code = code;
  }
}

const digestOf = (body) => `sha-256=:${createHash("sha256").update(body).digest("base64")}:`;
const baseOf = (components, parameters) =>
  [...components.map(([name, value]) => `${name}: ${value}`), `"@signature-params": ${parameters}`].join("\n");
const now = () => Math.floor(Date.now() / 1000);

class Platform {
  #url;
  #key;
  #keyId;
  #answerKeys = new Map();

  constructor(url, keyFile, keyId) {
    this.#url = url;
    this.#key = createPrivateKey(readFileSync(keyFile));
    this.#keyId = keyId;
  }

  // Sends an act under one idempotency key until an answer comes that another try would not change.
  async act(path, order) {
    const body = JSON.stringify(order);
    const idempotencyKey = randomUUID();
    for (let tried = 1; tried <= TRIES; tried += 1) {
      let wait = 0.2 * 2 ** tried * (1 + Math.random() / 2);
      const answer = await this.#send("POST", path, body, idempotencyKey);
      if (answer !== null) {
        const passing = [429, 500, 502, 503, 504].includes(answer.status) || answer.body.code === "idempotency-in-progress";
        if (!passing) return told(answer);
        wait = Number(answer.retryAfter ?? 1);
      }
      if (tried === TRIES || wait > LONGEST_WAIT_SECONDS) break;
      await sleep(1000 * wait);
    }
    throw new OutcomeUnknown();
  }

  async lookUp(path) {
    const answer = await this.#send("GET", path);
    if (answer === null) throw new OutcomeUnknown();
    return told(answer);
  }

  // One sending, signed under a fresh nonce; null if nobody answered.
  async #send(method, path, body, idempotencyKey) {
    const target = this.#url + path;
    const headers =
      method === "POST"
        ? { "content-type": "application/json", "content-digest": digestOf(body), "idempotency-key": idempotencyKey }
        : {};
    const components = [['"@method"', method], ['"@target-uri"', target], ...Object.entries(headers).map(([name, value]) => [`"${name}"`, value])];
    const parameters =
      `(${components.map(([name]) => name).join(" ")});created=${now()}` +
      `;keyid="${this.#keyId}";nonce="${randomBytes(16).toString("base64url")}";tag="xinyi-request"`;
    headers["signature-input"] = `sig=${parameters}`;
    const key = { key: this.#key, dsaEncoding: "ieee-p1363" };
    headers.signature = `sig=:${sign(this.#key.asymmetricKeyType === "ec" ? "sha256" : null, baseOf(components, parameters), key).toString("base64")}:`;
    let response;
    let content;
    try {
      response = await fetch(target, { method, headers, body, redirect: "manual", signal: AbortSignal.timeout(10_000) });
      content = await bounded(response);
    } catch (failure) {
      if (failure instanceof NotTrusted) throw failure;
      return null;
    }
    if (!(await this.#isAnswerTo(response, content, method, target, headers))) {
      // A gateway in between cannot sign; that it could not reach the platform is no answer of the platform.
      if ([502, 503, 504].includes(response.status)) return null;
      throw new NotTrusted();
    }
    return { status: response.status, retryAfter: response.headers.get("retry-after"), body: JSON.parse(content) };
  }

  // The answer has to be signed for exactly this sending: status, type, digest, and the request's own signature.
  async #isAnswerTo(response, content, method, target, request) {
    const parameters = (response.headers.get("signature-input") ?? "").replace(/^sig=/, "");
    const [, signature] = (response.headers.get("signature") ?? "").match(/^sig=:([A-Za-z0-9+/]{86}==):$/) ?? [];
    const [, covered, created, keyId] = parameters.match(/^\(([^)]*)\);created=(\d+);keyid="([\w-]{43})";tag="xinyi-answer"$/) ?? [];
    const components = [
      ['"@status"', String(response.status)],
      ['"content-type"', response.headers.get("content-type")],
      ['"content-digest"', response.headers.get("content-digest")],
      ['"@method";req', method],
      ['"@target-uri";req', target],
      ...["content-digest", "signature"].filter((name) => name in request).map((name) => [`"${name}";req`, request[name]]),
    ];
    if (signature === undefined || covered !== components.map(([name]) => name).join(" ")) return false;
    if (Math.abs(now() - Number(created)) > 60 || response.headers.get("content-digest") !== digestOf(content)) return false;
    const key = await this.#answerKey(keyId);
    return key !== undefined && verify(null, Buffer.from(baseOf(components, parameters)), key, Buffer.from(signature, "base64"));
  }

  // The platform's keys, for answers only; fetched again when an unknown one appears.
  async #answerKey(keyId) {
    if (!this.#answerKeys.has(keyId)) {
      const response = await fetch(`${this.#url}/.well-known/jwks.json`, { redirect: "manual" });
      const { keys } = JSON.parse(await bounded(response));
      this.#answerKeys = new Map(
        keys.filter((key) => key.purpose === "answer").map((key) => [key.kid, createPublicKey({ key, format: "jwk" })]),
      );
    }
    return this.#answerKeys.get(keyId);
  }
}

function told({ status, body }) {
  if (status >= 300) throw new Refused(body);
  return body;
}

// The body of a response; of one that is too long no more is read.
async function bounded(response) {
  const parts = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > LONGEST_ANSWER) throw new NotTrusted();
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

// From here on: the adapter. One instruction in, one verdict out.
async function respond(instruction) {
  if (instruction.act === "offline-check") return { outcome: "unsupported" };
  const platform = new Platform(instruction.url, instruction.key_file, instruction.key_id);
  const { amount_fen, partner_ref } = instruction;
  if (instruction.act === "redeem") {
    const { verification_id } = instruction;
    const { redemption_id: id } = await platform.act("/v1/partner/redemptions", { verification_id, partner_ref, amount_fen });
    return { outcome: "done", id };
  }
  if (instruction.act === "reverse") {
    const path = `/v1/partner/redemptions/${instruction.redemption_id}/reversals`;
    return { outcome: "done", id: (await platform.act(path, { partner_ref, amount_fen })).reversal_id };
  }
  const { code, benefit, terminal } = instruction;
  let answer = await platform.act("/v1/partner/verifications", { code, benefit, terminal, partner_ref, amount_fen });
  while (answer.state === "pending-confirmation") {
    await sleep(1000 * answer.poll_seconds);
    answer = await platform.lookUp(`/v1/partner/verifications/${answer.verification_id}`);
  }
  return { outcome: answer.result, id: answer.verification_id };
}

function failed(failure) {
  if (failure instanceof Refused) return { outcome: "problem", code: failure.code };
  if (failure instanceof NotTrusted) return { outcome: "refused" };
  if (failure instanceof OutcomeUnknown) return { outcome: "unknown" };
  throw failure;
}

const verdict = await respond(JSON.parse(readFileSync(0, "utf8"))).catch(failed);
process.stdout.write(JSON.stringify(verdict), () => process.exit(0));
