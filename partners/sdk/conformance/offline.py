"""The offline cases: the published vectors of IC3, put before a till with its keys and its status list.

One case for each outcome; the vectors, `partners/vectors/ic3.json`, are for testing only, and so are the keys in them.
"""

import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any

import msgspec

from partners.codes import ic3
from partners.codes.ic1 import STEP_SECONDS
from partners.sdk.conformance.contract import CONTRACT, Benefit, OfflineCheck, Scan, Till
from partners.sdk.conformance.online import Level
from partners.signatures.keys import thumbprint
from partners.signatures.suites import suite
from partners.status_lists import Claims, pack, write_token

STATUS_LIST_URL = "https://city.example/v1/status-lists/attestations"

_STATUS_SECRET = bytes(range(32))
_DAY = 86_400
_TTL = 900
# Fetched so long ago that neither keys nor list may still be used.
_TOO_LONG_AGO = _DAY + 3600
_JUST_NOW = 60


class OfflineCase(msgspec.Struct, frozen=True, kw_only=True):
    """What is expected of tills and why; `expected` is the outcome of each scan of each till."""

    id: str
    level: Level
    zh: str
    en: str
    tills: tuple[Till, ...]
    expected: tuple[tuple[str, ...], ...]
    names: tuple[str, ...]


_EXPECTATIONS: Mapping[str, tuple[str, str]] = {
    "valid": ("有效的码即受理，包括前后一个时间步", "a good code is accepted, one step early or late too"),
    "malformed": ("不合格式的一律拒绝，不打开、不执行、不改写：网址、控制字符、超过 512 字、非规范 base45",
                  "what is no code is refused, and neither opened, run nor mended: addresses, control characters, over 512 "
                  "characters, base45 that is not canonical"),
    "unknown-key": ("签发密钥未公布即拒绝", "a slot without a published key is refused"),
    "bad-issuer-signature": ("签发签名不成立即拒绝：任何字节被改动", "a bad issuer signature is refused: any byte may have been changed"),
    "wrong-benefit": ("不是正在办理的权益即拒绝", "a code for another benefit is refused"),
    "out-of-window": ("未到时间或已过期即拒绝", "a code before or after its window is refused"),
    "list-expired": ("公钥与状态列表超过 24 小时，或列表未及该序号，一律不受理",
                     "with keys and list older than 24 hours, or an index beyond the list, nothing is accepted"),
    "revoked": ("状态列表中已吊销即拒绝", "what the status list revokes is refused"),
    "bad-holder-signature": ("手机证明不成立即拒绝，包括高 s 值", "a proof that is not the attested phone's is refused, high s too"),
    "stale": ("截图或旧码：相差超过一个时间步即拒绝", "a picture or an old code is refused: more than one step off"),
    "wrong-challenge": ("不是本终端刚给出的质询即拒绝", "a code under another challenge than this till gave is refused"),
    "seen": ("同一凭证第二次出示即拒绝，换新证明也一样：按签发内容识别",
             "a pass is accepted once, under a new proof too: it is known by what the issuer signed"),
}  # fmt: skip


def cases() -> tuple[OfflineCase, ...]:
    """Every offline case."""
    vectors = _vectors()
    by_outcome: dict[str, list[Mapping[str, Any]]] = {outcome: [] for outcome in _EXPECTATIONS}
    for vector in vectors["scanned"]:
        by_outcome[vector["result"]].append(vector)
    found = [_case(vectors, outcome, chosen) for outcome, chosen in by_outcome.items()]
    return (*found, _new_proof(vectors), _mutated(vectors))


def instruction(cases: Iterable[OfflineCase]) -> OfflineCheck:
    """What the adapter is told: the tills of all these cases, one after the other."""
    vectors = _vectors()
    benefits = tuple(
        Benefit(_benefit(int(number)), int(number), seconds)
        for number, seconds in vectors["terminal"]["lifetimes"].items()
    )
    tills = tuple(till for case in cases for till in case.tills)
    return OfflineCheck(contract=CONTRACT, status_list_url=STATUS_LIST_URL, benefits=benefits, tills=tills)


def fault(case: OfflineCase, judged: Sequence[Sequence[str]]) -> str | None:
    """Which till judged otherwise, with the first scan that it did so on; None if none did."""
    if [len(each) for each in judged] != [len(each) for each in case.expected]:
        return "judged: the number of tills or scans is another"
    for name, said, wanted in zip(case.names, judged, case.expected, strict=True):
        for place, (one, other) in enumerate(zip(said, wanted, strict=True)):
            if one != other:
                return f"{name}, scan {place + 1}: {one}, not {other}"
    return None


@functools.cache
def _vectors() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files("partners").joinpath("vectors/ic3.json").read_text(encoding="ascii"))
    return found


def _case(vectors: Mapping[str, Any], outcome: str, chosen: Iterable[Mapping[str, Any]]) -> OfflineCase:
    tills, expected, names = [], [], []
    for vector in chosen:
        scans = [_scan(vectors, vector["text"], vector["terminal_time"], vector["challenge"])]
        outcomes = [outcome]
        if vector["seen"] and vector["list_usable"]:
            scans.insert(0, _first(vectors, vector))
            outcomes.insert(0, ic3.Outcome.VALID.value)
        fetched_at = scans[0].now - (_JUST_NOW if vector["list_usable"] else _TOO_LONG_AGO)
        tills.append(_till(vectors, fetched_at, scans))
        expected.append(tuple(outcomes))
        names.append(vector["name"])
    return _expecting(f"offline-{outcome}", _EXPECTATIONS[outcome], tills, expected, names)


def _new_proof(vectors: Mapping[str, Any]) -> OfflineCase:
    """One attestation, shown twice with two proofs."""
    first, second = vectors["shown"][:2]
    scans = [_scan(vectors, each["text"], each["unix_seconds"], each["challenge"]) for each in (first, second)]
    till = _till(vectors, first["unix_seconds"] - _JUST_NOW, scans)
    return _expecting("offline-new-proof", _EXPECTATIONS["seen"], [till], [("valid", "seen")], ["a new proof"])


def _mutated(vectors: Mapping[str, Any]) -> OfflineCase:
    """A good code with one character changed, at each place."""
    published = vectors["mutated"]
    text, at, scans = published["text"], published["terminal_time"], []
    outcomes: dict[int, str] = {}
    for position, other in enumerate(published["replaced_by"]):
        scans.append(_scan(vectors, text[:position] + other + text[position + 1 :], at, None))
    for outcome, positions in published["positions"].items():
        outcomes |= dict.fromkeys(positions, outcome)
    sentences = ("改动任何一个字符都不被受理", "a code with any one character changed is not accepted")
    expected = tuple(outcomes[position] for position in range(len(scans)))
    return _expecting("offline-mutated", sentences, [_till(vectors, at - _JUST_NOW, scans)], [expected], ["mutated"])


def _expecting(
    name: str,
    sentences: tuple[str, str],
    tills: Iterable[Till],
    expected: Iterable[tuple[str, ...]],
    names: Iterable[str],
) -> OfflineCase:
    zh, en = sentences
    return OfflineCase(
        id=name, level="must", zh=zh, en=en, tills=tuple(tills), expected=tuple(expected), names=tuple(names)
    )


def _first(vectors: Mapping[str, Any], vector: Mapping[str, Any]) -> Scan:
    """The scan that went before: of the same text, in its own step."""
    code = ic3.parse(vector["text"])
    if code is None:
        raise ValueError(f"a use that was seen is a code: {vector['name']}")
    return _scan(vectors, vector["text"], code.step * STEP_SECONDS, vector["challenge"])


def _scan(vectors: Mapping[str, Any], text: str, now: int, challenge: str | None) -> Scan:
    """A scan for the benefit that the code names, if the till gives it."""
    code, given = ic3.parse(text), [int(number) for number in vectors["terminal"]["lifetimes"]]
    number = code.attestation.benefit if code is not None and code.attestation.benefit in given else given[0]
    shown = challenge if challenge is not None and int(challenge, 16) else None
    return Scan(code=text, benefit=_benefit(number), now=now, challenge=shown)


def _benefit(number: int) -> str:
    return f"conformance-{number}"


def _till(vectors: Mapping[str, Any], fetched_at: int, scans: Iterable[Scan]) -> Till:
    intl = suite("intl")
    status_key = intl.issuer.jwk(intl.issuer.public(_STATUS_SECRET))
    keys = [_published(status_key, purpose="status")]
    for slot, secret in vectors["issuer_secrets"].items():
        jwk = intl.issuer.jwk(intl.issuer.public(bytes.fromhex(secret)))
        keys.append(_published(jwk, purpose="attestation", slot=int(slot)))
    statuses = pack(vectors["terminal"]["status_list_size"], dict.fromkeys(vectors["terminal"]["revoked"], 1))
    claims = Claims(subject=STATUS_LIST_URL, issued_at=fetched_at, expires_at=fetched_at + _DAY, ttl=_TTL)
    token = write_token(statuses, claims, thumbprint(status_key), intl.issuer.name, intl.issuer.signer(_STATUS_SECRET))
    return Till(fetched_at=fetched_at, jwks={"keys": keys}, status_list=token, scans=tuple(scans))


def _published(jwk: Mapping[str, str], **members: Any) -> dict[str, Any]:
    return {**jwk, "kid": thumbprint(jwk), "use": "sig", "alg": "EdDSA", **members}
