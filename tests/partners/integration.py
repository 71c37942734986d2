"""An integration that somebody else wrote, to prove the conformance kit with: right as it is, or with one mistake.

It shares the signature base and the judgement of offline codes with our library, and nothing of its client and offline till.
"""

import itertools
import re
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

import msgspec

from partners.codes import ic3
from partners.codes.ic3 import NO_CHALLENGE, Outcome, Terminal
from partners.sdk import load_signing_key
from partners.sdk.conformance import Verdict
from partners.sdk.conformance.contract import (
    Instruction,
    OfflineCheck,
    OnlineInstruction,
    Redeem,
    Reverse,
    Till,
    Verify,
)
from partners.signatures.base import combined, content_digest, signature_base, signature_headers, signature_in
from partners.signatures.key_sets import read_key_set
from partners.signatures.keys import PublicKey, public_key_from_jwk, sign_bytes, verify_bytes
from partners.status_lists import StatusListToken, read_token

Mistake = Literal[
    "none",
    # about answers
    "believes any answer", "believes an answer to an earlier sending", "believes an answer to no request",
    "believes an old answer", "believes the digest in the header", "believes keys of every purpose",
    "fetches the keys once", "looks for the word", "reads without end", "follows redirects", "takes 202 for a yes",
    "leaves 202 to others",
    # about sending again
    "new key at each sending", "new body at each sending", "one nonce", "counts nonces", "one date", "does not wait",
    "tries for ever", "gives up at once", "tries refusals again", "sends everything twice",
    # about the form of requests
    "no digest", "address not covered", "a member too many", "another type", "old dates", "short nonces", "another tag",
    "text as idempotency key", "key under another name", "signature of something else",
    # offline
    "ignores the status list", "keeps documents for ever", "knows passes by their text", "forgets passes", "trims codes",
    "ignores challenges",
]  # fmt: skip

LONGEST_ANSWER = 1024 * 1024


class Sending(NamedTuple):
    """What was sent, as far as an answer is bound to it."""

    method: str
    target: str
    headers: dict[str, str]


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def value(self, member: str) -> Any:
        """A member of the body."""
        return msgspec.json.decode(self.body).get(member)


class Integration:
    """Answers the kit's instructions, as a till would act."""

    def __init__(self, mistake: Mistake = "none") -> None:
        self.mistake = mistake

    def __call__(self, instruction: Instruction) -> Verdict:
        if isinstance(instruction, OfflineCheck):
            judged = tuple(tuple(self._judged(instruction, till)) for till in instruction.tills)
            return Verdict(outcome="judged", judged=judged)
        return _Act(self.mistake, instruction).verdict()

    def _judged(self, instruction: OfflineCheck, till: Till) -> Iterator[str]:
        keys = read_key_set(msgspec.json.encode(till.jwks))
        statuses = read_token(till.status_list, keys.status.get, instruction.status_list_url, till.fetched_at)
        assert isinstance(statuses, StatusListToken)
        numbers = {each.id: {each.number: each.lifetime_seconds} for each in instruction.benefits}
        accepted: set[bytes] = set()
        for scan in till.scans:
            usable = scan.now < till.fetched_at + 86_400 or self.mistake == "keeps documents for ever"
            status: Callable[[int], int | None] = statuses.statuses.status if usable else lambda _: None
            if self.mistake == "ignores the status list":
                status = dict.fromkeys(range(1 << 16), 0).get
            code = scan.code.strip() if self.mistake == "trims codes" else scan.code
            challenge = bytes.fromhex(scan.challenge) if scan.challenge is not None else NO_CHALLENGE
            if self.mistake == "ignores challenges" and (read := ic3.parse(code)) is not None:
                challenge = read.challenge
            by_text = self.mistake == "knows passes by their text"
            seen = (lambda _, text=code: text.encode() in accepted) if by_text else accepted.__contains__
            terminal = Terminal(keys.attestation.get, numbers[scan.benefit], status)
            verdict = ic3.verify(code, terminal, scan.now, seen, challenge)
            if verdict.outcome is Outcome.VALID and verdict.use is not None and self.mistake != "forgets passes":
                accepted.add(code.encode() if by_text else verdict.use)
            yield verdict.outcome.value


class _Act:
    """One act, from its order to its verdict."""

    def __init__(self, mistake: Mistake, instruction: OnlineInstruction) -> None:
        self.mistake, self.instruction = mistake, instruction
        self.key = load_signing_key(Path(instruction.key_file).read_bytes())
        self.keys: dict[str, PublicKey] = {}
        self.sent: list[Sending] = []
        self.counted = itertools.count()
        self.nonce, self.created = uuid4().hex, int(time.time())

    def verdict(self) -> Verdict:
        key = str(uuid4())
        tries = {"tries for ever": 30, "gives up at once": 1}.get(self.mistake, 4)
        for tried in range(tries):
            if self.mistake == "new key at each sending":
                key = str(uuid4())
            if self.mistake == "text as idempotency key":
                key = "order-1"
            try:
                answer = self._send("POST", self._path(), self._body(tried), key)
            except (OSError, HTTPException):
                continue
            if answer.status == 502:
                continue
            if len(answer.body) > LONGEST_ANSWER or not self._believes(answer):
                return Verdict(outcome="refused")
            if not self._may_pass(answer):
                if self.mistake == "sends everything twice":
                    answer = self._send("POST", self._path(), self._body(tried), key)
                return self._told(answer)
            if self.mistake != "does not wait":
                time.sleep(int(answer.headers["retry-after"]))
        return Verdict(outcome="unknown")

    def _may_pass(self, answer: Answer) -> bool:
        if answer.status == 422 and self.mistake == "tries refusals again":
            answer.headers["retry-after"] = "0"
            return True
        return answer.status in (429, 503) or (
            answer.status == 409 and answer.value("code") == "idempotency-in-progress"
        )

    def _told(self, answer: Answer) -> Verdict:
        """What an answer means that is believed."""
        if answer.status == 202 and self.mistake == "leaves 202 to others":
            return Verdict(outcome="pending")
        if answer.status == 202 and self.mistake != "takes 202 for a yes":
            while answer.status == 202:
                time.sleep(answer.value("poll_seconds"))
                answer = self._send("GET", f"{self._path()}/{answer.value('verification_id')}", b"", None)
                if not self._believes(answer):
                    return Verdict(outcome="refused")
        if answer.status >= 400:
            return Verdict(outcome="problem", code=answer.value("code"))
        if isinstance(self.instruction, Redeem):
            return Verdict(outcome="done", id=answer.value("redemption_id"))
        if isinstance(self.instruction, Reverse):
            return Verdict(outcome="done", id=answer.value("reversal_id"))
        eligible = answer.value("result") == "eligible" or answer.status == 202
        if self.mistake == "looks for the word":
            eligible = b'"eligible"' in answer.body
        return Verdict(outcome="eligible" if eligible else "declined", id=answer.value("verification_id"))

    def _path(self) -> str:
        if isinstance(self.instruction, Verify):
            return "/v1/partner/verifications"
        if isinstance(self.instruction, Redeem):
            return "/v1/partner/redemptions"
        return f"/v1/partner/redemptions/{self.instruction.redemption_id}/reversals"

    def _body(self, tried: int) -> bytes:
        members = self.instruction.body()
        if self.mistake == "a member too many":
            members["customer"] = "欧阳诗涵"
        return msgspec.json.encode(members) + b" " * (tried if self.mistake == "new body at each sending" else 0)

    def _send(self, method: str, path: str, body: bytes, key: str | None) -> Answer:
        """One sending, signed; the signature base is laid out as the protocol's section 2 says."""
        target = self.instruction.url + path
        headers: dict[str, str] = {}
        if method == "POST":
            kind = "text/json" if self.mistake == "another type" else "application/json"
            headers = {"content-type": kind, "content-digest": content_digest(body), "idempotency-key": key or ""}
        if self.mistake == "no digest":
            headers.pop("content-digest", None)
        covered = [('"@method"', method), ('"@target-uri"', target)]
        if self.mistake == "address not covered":
            covered.pop()
        covered += [(f'"{name}"', value) for name, value in headers.items()]
        parameters = f"({' '.join(name for name, _ in covered)});{self._parameters()}"
        base = signature_base(covered, parameters)
        if self.mistake == "signature of something else":
            base += b" "
        headers |= signature_headers(parameters, sign_bytes(self.key.private_key, base))
        self.sent.append(Sending(method, target, headers))
        answer = self._exchange(method, path, headers, body)
        if self.mistake == "follows redirects" and answer.status == 307:
            answer = self._exchange(method, urlsplit(answer.headers["location"]).path, headers, body)
        return answer

    def _parameters(self) -> str:
        created, nonce = int(time.time()), uuid4().hex
        if self.mistake == "one date":
            created = self.created
        if self.mistake == "old dates":
            created -= 300 - len(self.sent)
        if self.mistake == "one nonce":
            nonce = self.nonce
        if self.mistake == "counts nonces":
            nonce = f"{next(self.counted):016}"
        if self.mistake == "short nonces":
            nonce = nonce[:15]
        key_id = self.key.key_id[::-1] if self.mistake == "key under another name" else self.key.key_id
        tag = "xinyi" if self.mistake == "another tag" else "xinyi-request"
        return f'created={created};keyid="{key_id}";nonce="{nonce}";tag="{tag}"'

    def _exchange(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        connection = HTTPConnection(urlsplit(self.instruction.url).netloc, timeout=10)
        try:
            connection.request(method, path, body or None, headers)
            came = connection.getresponse()
            content = came.read() if self.mistake == "reads without end" else came.read(LONGEST_ANSWER + 1)
            return Answer(came.status, combined(came.getheaders()), content)
        finally:
            connection.close()

    def _believes(self, answer: Answer) -> bool:
        if self.mistake == "believes any answer":
            return True
        earlier = self.mistake == "believes an answer to an earlier sending"
        return any(self._is_answer_to(sending, answer) for sending in (self.sent if earlier else self.sent[-1:]))

    def _is_answer_to(self, sending: Sending, answer: Answer) -> bool:
        given = answer.headers.get("signature-input", "")
        parsed = re.fullmatch(r'sig=\((.*)\);created=(\d+);keyid="([\w-]{43})";tag="xinyi-answer"', given)
        signature = signature_in(answer.headers.get("signature", ""))
        if parsed is None or signature is None:
            return False
        names, created, key_id = parsed.groups()
        values = {
            '"@status"': str(answer.status), '"content-type"': answer.headers["content-type"],
            '"content-digest"': answer.headers["content-digest"], '"@method";req': sending.method,
            '"@target-uri";req': sending.target,
            **{f'"{name}";req': value for name, value in sending.headers.items() if name in ("content-digest", "signature")},
        }  # fmt: skip
        covered = names.split(" ") if self.mistake == "believes an answer to no request" else list(values)
        digest = content_digest(answer.body) == answer.headers["content-digest"]
        fresh = abs(time.time() - int(created)) <= 60
        return (
            names == " ".join(covered)
            and (digest or self.mistake == "believes the digest in the header")
            and (fresh or self.mistake == "believes an old answer")
            and (key := self._published(key_id)) is not None
            and verify_bytes(key, signature, signature_base([(name, values[name]) for name in covered], given[4:]))
        )

    def _published(self, key_id: str) -> PublicKey | None:
        if key_id not in self.keys and not (self.keys and self.mistake == "fetches the keys once"):
            published = self._exchange("GET", "/.well-known/jwks.json", {}, b"").value("keys")
            every = self.mistake == "believes keys of every purpose"
            self.keys = {
                jwk["kid"]: public_key_from_jwk(jwk) for jwk in published if every or jwk["purpose"] == "answer"
            }
        return self.keys.get(key_id)
