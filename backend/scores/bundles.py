"""The bundle 自证包: everything a score is made of, signed, for its owner to recompute with `scoring/verify.py`.

The signature is a compact JWS (RFC 7515, EdDSA) whose claim `sha256` is the digest of all the rest, as JSON with sorted keys,
no spaces and UTF-8: whoever is shown the file can tell that the platform made it and that nothing in it was changed.
"""

import hashlib
import json
from datetime import date
from typing import Any

import msgspec

from backend.platform.callers import Caller
from backend.platform.keys import Purpose
from backend.platform.platform import Platform
from backend.platform.rate_limits import RateLimit, take
from backend.scores import explaining
from backend.scores.messages import Bundle, BundleResult
from partners import base64url, jws
from scoring import score

FORMAT = "xinyi-score-bundle/1"
TYPE = "xinyi-score-bundle+jwt"

_BUNDLES = RateLimit("score-bundles", capacity=10, seconds_each=10)


async def mine(platform: Platform, caller: Caller, day: date | None) -> Bundle:
    """The caller's bundle of a day, or of today. Raises what `explaining.known` does, and RATE_LIMITED.

    Two database round trips, for a past day three, and one of the cache.
    """
    await take(platform.cache, _BUNDLES, str(caller.account_id))
    access = caller.access("下载信用分自证包", "records", "explanation")
    found = await explaining.known(platform, access, caller.proven_subject(), day)
    result = score(found.rule_set, found.facts, found.day)
    bundle = Bundle(
        format=FORMAT,
        issuer=platform.settings.external_url,
        made_at=platform.clock.now(),
        known_at=found.at,
        as_of=found.day,
        rule_set=found.rule_set,
        facts=msgspec.to_builtins(found.facts),
        result=BundleResult(result.millipoints, result.level.rank, msgspec.to_builtins(list(result.lines))),
        signature="",
    )
    return msgspec.structs.replace(bundle, signature=_sign(platform, bundle))


def digest(bundle: dict[str, Any]) -> bytes:
    """SHA-256 over everything in a bundle but its signature."""
    signed = {name: value for name, value in bundle.items() if name != "signature"}
    text = json.dumps(signed, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()


def _sign(platform: Platform, bundle: Bundle) -> str:
    key = platform.keys.active(Purpose.BUNDLE)
    claims = {
        "iss": bundle.issuer,
        "iat": int(bundle.made_at.timestamp()),
        "sha256": base64url.encode(digest(msgspec.to_builtins(bundle))),
    }
    return jws.write(claims, jws.Header(alg="EdDSA", kid=key.kid, typ=TYPE), key.private_key().sign)
