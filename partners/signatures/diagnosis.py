"""Why a signature did not verify 签名诊断: for whoever builds an integration, with a key that opens nothing but the sandbox.

Everything told here was sent by the caller or is published: the signature base as the server computes it, the first byte in
which the caller's own base differs, and in plain words what is missing, wrong or late.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from itertools import zip_longest

import msgspec

from partners.signatures.base import content_digest, is_signable, signature_base, signature_in
from partners.signatures.keys import PublicKey, verify_bytes
from partners.signatures.requests import INPUT, MAXIMUM_AGE_SECONDS, RequestMessage, components_of

_KEY_ID = re.compile(r'keyid="([^"]*)"')
_COVERED = re.compile(r"\(([^)]*)\)")
_NEAR = 4


class Finding(msgspec.Struct, frozen=True):
    """One thing that is wrong: the header or component, and the reason in Chinese and English."""

    component: str
    zh: str
    en: str


class Difference(msgspec.Struct, frozen=True):
    """Where two signature bases part: the byte, counted from 0, the line, counted from 1, and that line of either."""

    byte: int
    line: int
    expected: str
    yours: str


class Diagnosis(msgspec.Struct, frozen=True, omit_defaults=True):
    """The signature base that the server computed from the request, and the first difference from the caller's own."""

    signature_base: str
    difference: Difference | None = None


def claimed_key_id(message: RequestMessage) -> str:
    """The key id that a request names, however badly the rest is formed; empty if it names none."""
    found = _KEY_ID.search(message.headers.get("signature-input", ""))
    return found[1] if found is not None else ""


def diagnose(
    message: RequestMessage,
    public_key: PublicKey | None,
    known_ids: Iterable[str],
    now: int,
    tag: str,
    own_base: bytes | None = None,
) -> tuple[Diagnosis, list[Finding]]:
    """What is wrong with a request that `verify_request` refused. `public_key` is the claimed key's, None if it is not known.

    `known_ids` are key ids that may be hinted at; none is told. `own_base` is what the caller says it signed.
    """
    base = _expected_base(message, now, tag)
    found = list(_findings(message, public_key, known_ids, now, tag, base))
    difference = first_difference(base, own_base) if own_base is not None else None
    return Diagnosis(base.decode(), difference), found


def first_difference(expected: bytes, yours: bytes) -> Difference | None:
    """The first byte in which two bases differ, or None if they are equal."""
    for position, pair in enumerate(zip_longest(expected, yours)):
        if pair[0] != pair[1]:
            line = expected[:position].count(b"\n")
            return Difference(position, line + 1, _line(expected, line), _line(yours, line))
    return None


def _line(base: bytes, number: int) -> str:
    lines = base.split(b"\n")
    # A line break too many is the usual slip, and cannot be seen in the line itself.
    ending = "\\n" if number < len(lines) - 1 else ""
    return lines[number].decode("utf-8", "backslashreplace") + ending if number < len(lines) else ""


def _right_components(message: RequestMessage) -> list[tuple[str, str]]:
    """What must be covered, with the digest of the body that came and a type where it is missing."""
    given = {name: value for name, value in message.headers.items() if is_signable(value)}
    given.pop("content-digest", None)
    if message.body:
        given["content-digest"] = content_digest(message.body)
        given.setdefault("content-type", "application/json")
    return components_of(RequestMessage(message.method, message.target_uri, given, message.body))


def _expected_base(message: RequestMessage, now: int, tag: str) -> bytes:
    components = _right_components(message)
    parameters = message.headers.get("signature-input", "").partition("=")[2]
    if INPUT.fullmatch(f"sig={parameters}") is None:
        covered = " ".join(identifier for identifier, _ in components)
        parameters = f'({covered});created={now};keyid="KEY-ID";nonce="NONCE";tag="{tag}"'
    try:
        return signature_base(components, parameters)
    except ValueError:
        # An address with a character that HTTP does not allow there has no base.
        return b""


def _findings(
    message: RequestMessage, public_key: PublicKey | None, known_ids: Iterable[str], now: int, tag: str, base: bytes
) -> Iterator[Finding]:
    given = message.headers.get("signature-input")
    if given is None:
        yield Finding("signature-input", "缺少此请求头", "the header is missing")
        return
    parsed = INPUT.fullmatch(given)
    if parsed is None:
        yield from _form(given)
    yield from _signature(message)
    if public_key is None:
        yield _unknown(claimed_key_id(message), known_ids)
    if parsed is not None and abs(now - int(parsed["created"])) > MAXIMUM_AGE_SECONDS:
        behind = now - int(parsed["created"])
        yield Finding(
            "created",
            f"签名时间比平台时钟{'早' if behind > 0 else '晚'} {abs(behind)} 秒，最多相差 {MAXIMUM_AGE_SECONDS} 秒",
            f"{abs(behind)} s {'behind' if behind > 0 else 'ahead of'} the platform's clock; {MAXIMUM_AGE_SECONDS} s at most",
        )
    if parsed is not None and parsed["tag"] != tag:
        yield Finding("tag", f"应为 {tag}", f"must be {tag}")
    yield from _body(message)
    yield from _covered(message, given)
    signature = signature_in(message.headers.get("signature", ""))
    if public_key is not None and signature is not None and parsed is not None:
        if verify_bytes(public_key, signature, base):
            return
        yield _bytes(public_key, signature, message, base)


def _form(given: str) -> Iterator[Finding]:
    if not given.startswith("sig=("):
        yield Finding("signature-input", "标签应为 sig，后接括号", "the label must be sig, then the list in brackets")
    expected = ("created", "keyid", "nonce", "tag")
    names = tuple(re.findall(r";([a-z]+)=", given))
    if names != expected:
        yield Finding(
            "signature-input", "参数依次为 created、keyid、nonce、tag", f"the parameters are {', '.join(expected)}, in this order"
        )  # fmt: skip
    if re.search(r";created=[1-9][0-9]{0,11}(;|$)", given) is None:
        yield Finding("created", "应为 Unix 秒数，不加引号", "must be Unix seconds, without quotes")
    if re.search(r';keyid="[A-Za-z0-9_-]{43}"', given) is None:
        yield Finding(
            "keyid", "应为 43 个字符的 base64url（RFC 7638），不补 =", "must be 43 characters of base64url (RFC 7638), without ="
        )  # fmt: skip
    if re.search(r';nonce="[A-Za-z0-9_-]{16,64}"', given) is None:
        yield Finding("nonce", "应为 16 至 64 个 base64url 字符", "must be 16 to 64 characters of base64url")
    if " ;" in given or "; " in given:
        yield Finding("signature-input", "参数之间没有空格", "no blanks between the parameters")


def _signature(message: RequestMessage) -> Iterator[Finding]:
    signature = message.headers.get("signature")
    if signature is None:
        yield Finding("signature", "缺少此请求头", "the header is missing")
    elif signature_in(signature) is None:
        yield Finding(
            "signature",
            "应为 sig=:88 个 base64 字符:，即 64 字节；ECDSA 用 r 与 s，不用 DER",
            "must be sig=:88 characters of base64:, which are 64 bytes; for ECDSA r and s, not DER",
        )


def _unknown(key_id: str, known_ids: Iterable[str]) -> Finding:
    for known in known_ids:
        differing = [place for place, pair in enumerate(zip_longest(key_id, known), 1) if pair[0] != pair[1]]
        if 0 < len(differing) <= _NEAR:
            return Finding(
                "keyid",
                f"密钥未登记；与某把已登记的测试密钥只差第 {differing[0]} 个字符起的 {len(differing)} 个字符",
                f"not registered; a registered test key differs in {len(differing)} characters only, first in number {differing[0]}",
            )
    return Finding("keyid", "密钥未登记或已吊销", "not registered, or revoked")


def _body(message: RequestMessage) -> Iterator[Finding]:
    digest, right = message.headers.get("content-digest"), content_digest(message.body)
    if message.body and "content-type" not in message.headers:
        yield Finding("content-type", "有请求体时必须携带并签名", "a request with a body has one, and signs it")
    if message.body and digest is None:
        yield Finding(
            "content-digest", f"缺少；收到的请求体应为 {right}", f"missing; for the body that came it is {right}"
        )
    elif message.body and digest != right:
        yield Finding(
            "content-digest",
            f"与收到的 {len(message.body)} 字节不符，应为 {right}",
            f"does not fit the {len(message.body)} bytes that came; for them it is {right}",
        )
    elif not message.body and digest is not None:
        yield Finding("content-digest", "没有请求体时不应携带", "must not be there without a body")


def _covered(message: RequestMessage, given: str) -> Iterator[Finding]:
    right = [identifier for identifier, _ in _right_components(message)]
    listed = _COVERED.search(given)
    covered = listed[1].split(" ") if listed is not None else []
    for identifier in right:
        if identifier not in covered:
            yield Finding(identifier.strip('"'), "未列入签名", "is not covered")
    for identifier in covered:
        if identifier and identifier not in right:
            yield Finding(
                identifier.strip('"')[:40], "不应列入签名，或请求中没有", "must not be covered, or is not in the request"
            )  # fmt: skip
    if sorted(covered) == sorted(right) and covered != right:
        yield Finding("signature-input", f"顺序应为 {' '.join(right)}", f"the order is {' '.join(right)}")


def _bytes(public_key: PublicKey, signature: bytes, message: RequestMessage, base: bytes) -> Finding:
    """All is in place but the signed bytes: known slips are tried, and named if one of them is it."""
    target, path = message.target_uri.encode(), b"/" + message.target_uri.partition("://")[2].partition("/")[2].encode()
    slips = (
        (base + b"\n", "签名基串末尾多了换行", "there is a line break at the end of your base"),
        (base.replace(b"\n", b"\r\n"), "换行应为 LF，不是 CRLF", "lines end with LF, not CRLF"),
        (base.replace(target, path, 1), "@target-uri 应为完整地址", "@target-uri is the whole address"),
        (base.replace(target, target.partition(b"?")[0], 1), "@target-uri 应含查询串", "@target-uri has the query"),
        (hashlib.sha256(base).digest(), "应签基串本身，不是其摘要", "sign the base itself, not its digest"),
        (message.body, "应签基串，不是请求体", "sign the base, not the body"),
    )
    for slip, zh, en in slips:
        if slip != base and verify_bytes(public_key, signature, slip):
            return Finding("signature", zh, en)
    return Finding(
        "signature",
        "所签的字节不是下列基串，或不是这把密钥所签",
        "it is not over the base below, or not by this key",
    )
