"""C2SP/wycheproof, through our own functions: no invalid signature passes, every valid one does, MACs are as printed.

The files lie beside the checkout or where XINYI_VECTORS says; without them the tests are skipped, unless they are required.
"""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from partners.signatures import keys
from partners.signatures.suites import compressed, hmac_sm3, is_low_s, low_s, suite


def cases(name: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Every group with each of its tests."""
    folder = Path(os.environ.get("XINYI_VECTORS") or Path(__file__).parents[3] / "shared" / "vectors") / "wycheproof"
    path = folder / f"{name}.json"
    if not path.exists():
        if os.environ.get("XINYI_REQUIRE_VECTORS"):
            raise AssertionError(f"the vectors are required and not at {path}")
        pytest.skip(f"vectors of C2SP/wycheproof are not at {path}")
    for group in json.loads(path.read_text())["testGroups"]:
        for case in group["tests"]:
            yield group, case


def test_ed25519() -> None:
    checked = 0
    for group, case in cases("ed25519_test"):
        public, signature, message = (
            bytes.fromhex(text) for text in (group["publicKey"]["pk"], case["sig"], case["msg"])
        )
        valid = case["result"] == "valid"
        assert keys.verify_bytes(Ed25519PublicKey.from_public_bytes(public), signature, message) == valid, case["tcId"]
        assert suite("intl").issuer.verifier(public).verify(signature, message) == valid, case["tcId"]
        checked += 1
    assert checked > 100


def test_ecdsa_p256_p1363() -> None:
    checked, high = 0, 0
    for group, case in cases("ecdsa_secp256r1_sha256_p1363_test"):
        point = bytes.fromhex(group["publicKey"]["uncompressed"])
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        assert key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint) == point
        signature, message = bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"])
        valid = case["result"] == "valid"
        assert keys.verify_bytes(key, signature, message) == valid, case["tcId"]
        # A phone's signature is the same, but has one form only.
        holder = suite("intl").holder.verifier(compressed(key))
        assert holder.verify(signature, message) == (valid and is_low_s(signature)), case["tcId"]
        if valid:
            assert holder.verify(low_s(signature), message), case["tcId"]
            high += not is_low_s(signature)
        checked += 1
    assert checked > 100
    assert high > 10


@pytest.mark.parametrize(
    ("name", "mac"), [("hmac_sha256_test", suite("intl").mac), ("hmac_sm3_test", hmac_sm3)], ids=["sha256", "sm3"]
)
def test_hmac(name: str, mac: Callable[[bytes, bytes], bytes]) -> None:
    checked = 0
    for group, case in cases(name):
        tag = mac(bytes.fromhex(case["key"]), bytes.fromhex(case["msg"]))[: group["tagSize"] // 8]
        assert (tag.hex() == case["tag"]) == (case["result"] == "valid"), case["tcId"]
        checked += 1
    assert checked > 100
