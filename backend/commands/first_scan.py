"""`xinyi partner first-scan`: from a clean machine to a first verified scan, in the sandbox, with the time it took."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from backend.platform.refusal import Refusal
from partners.sdk import AnswerNotTrusted, OutcomeUnknown, PartnerClient, ServerProblem, load_signing_key
from partners.signatures.keys import jwk_of
from partners.signatures.possession import prove
from partners.signatures.requests import SigningKey

SANDBOX = "/sandbox"
TERMINAL = "first-scan"

# A key is known to every worker within a second of its registration.
_TRIES = 10
_PAUSE_SECONDS = 0.5


class Agent(msgspec.Struct, frozen=True):
    """An enterprise's agent: the access token of their sign-in, and the enterprise's id."""

    token: str
    enterprise_id: str


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    """What is scanned where, with which key; `agent` registers a key that is made here."""

    url: str
    key: Path
    benefit: str
    persona: str = "level-high"
    agent: Agent | None = None


def first_scan(
    scan: Scan, *, now: Callable[[], float] = time.time, sleep: Callable[[float], None] = time.sleep
) -> Iterator[str]:
    """Does it step by step and says so. Raises Refusal with the server's own reason where a step fails."""
    began = now()
    try:
        if not scan.key.exists():
            yield from _register(scan, int(began))
        client = PartnerClient(scan.url.rstrip("/") + SANDBOX, _key(scan.key), now=now, sleep=sleep)
        code = _code(client, scan.persona, sleep)
        yield f"✓ 角色 {scan.persona} 出示诚信码 the persona shows its code: {code}"
        verification = client.verify(code, scan.benefit, terminal=TERMINAL, partner_ref="first-scan")
        yield f"✓ 核验 verified: {verification.result}（{int(verification.tier.value)} {verification.tier.unit}）"
        if verification.eligible:
            redemption = client.redeem(verification.verification_id, partner_ref="first-scan")
            yield f"✓ 试核销 redeemed, dry: {redemption.redemption_id}"
    except ServerProblem as problem:
        raise Refusal(
            f"{problem.body.get('title')}（{problem.code}）。{problem.body.get('detail')}",
            f"{problem.body.get('title_en')} ({problem.code}). {problem.body.get('detail_en')}",
        ) from None
    except (OutcomeUnknown, httpx2.TransportError):
        raise Refusal(f"{scan.url} 没有应答。", f"{scan.url} does not answer.") from None
    except AnswerNotTrusted as error:
        raise Refusal(
            f"答复不可信：{error.code}；地址须与平台公布的逐字相同。",
            f"The answer was not believed: {error.code}. The address must be the published one to the letter.",
        ) from None
    yield f"用时 took {now() - began:.1f} s"


def _register(scan: Scan, created: int) -> Iterator[str]:
    """Makes a key, keeps it, and has the agent register it."""
    if scan.agent is None:
        raise Refusal(
            f"没有密钥文件 {scan.key}：请加 --token 与 --enterprise，或先请运营方登记测试密钥。",
            f"There is no key {scan.key}: give --token and --enterprise, or have the operator register a test key first.",
        )
    private_key = Ed25519PrivateKey.generate()
    pem = private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    key = load_signing_key(pem)
    base, headers = scan.url.rstrip("/"), {"Authorization": f"Bearer {scan.agent.token}"}
    with httpx2.Client(base_url=base, headers=headers, timeout=10) as http:
        found = _read(http.get(f"/v1/enterprises/{scan.agent.enterprise_id}/partner-application"))
        body = {
            "key": jwk_of(private_key.public_key()),
            "created": created,
            "proof": prove(key, base, str(found["credit_code"]), created),
        }
        _read(http.post(f"/v1/enterprises/{scan.agent.enterprise_id}/test-keys", json=body))
    with os.fdopen(os.open(scan.key, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(pem)
    yield f"✓ 已登记测试密钥 registered a test key: {key.key_id}"


def _read(answer: httpx2.Response) -> dict[str, object]:
    try:
        body = msgspec.json.decode(answer.content, type=dict[str, object])
    except msgspec.DecodeError:
        raise AnswerNotTrusted(f"status-{answer.status_code}") from None
    if not answer.is_success:
        raise ServerProblem(answer.status_code, body)
    return body


def _key(file: Path) -> SigningKey:
    try:
        return load_signing_key(file.read_bytes())
    except (OSError, ValueError) as error:
        raise Refusal(f"密钥文件不可用：{error}", f"The key file cannot be used: {error}") from None


def _code(client: PartnerClient, persona: str, sleep: Callable[[float], None]) -> str:
    for tried in range(1, _TRIES + 1):
        try:
            return str(client.post(f"/v1/personas/{persona}/codes", {"scene": "any"}, dict)["text"])
        except ServerProblem as problem:
            if problem.code != "key-unknown" or tried == _TRIES:
                raise
            sleep(_PAUSE_SECONDS)
    raise AssertionError("the last try returns or raises")
