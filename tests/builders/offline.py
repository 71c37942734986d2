"""Offline codes of a suite: an issuer, a phone, and what a terminal holds. Everything is deterministic but SM2's signatures."""

import hashlib
import json
import os
from typing import Any

import msgspec
import pytest

from partners.codes import ic3
from partners.codes.ic3 import NO_CHALLENGE, Attestation, Terminal
from partners.signatures import sm2
from partners.signatures.key_sets import IssuerKey
from partners.signatures.keys import thumbprint
from partners.signatures.suites import Algorithm, Signer, Suite, suite
from partners.status_lists import Claims, StatusList, pack, write_token

NOW = 1_790_000_010
BEGINS = ic3.not_before(NOW, 0)
BENEFIT = 7
LIFETIME = 86_400
SLOT = 3
LIST_URL = "https://city.example/v1/status-lists/attestations"


def suite_or_skip(name: str) -> Suite:
    """A suite; without SM2 on this machine the test is skipped and says why, unless nothing may be skipped."""
    try:
        return suite(name)
    except sm2.Unavailable as reason:
        if os.environ.get("XINYI_REQUIRE_VECTORS"):
            raise
        pytest.skip(str(reason))


def secret(name: str) -> bytes:
    """32 bytes for a key."""
    return hashlib.sha256(name.encode()).digest()


class Issuer(msgspec.Struct, frozen=True):
    """An issuer with its attestation and status keys."""

    suite: Suite

    @property
    def attestation_key(self) -> IssuerKey:
        """The public attestation key."""
        return IssuerKey(self.suite, self.suite.issuer.verifier(self.suite.issuer.public(secret("issuer"))))

    def attest(self, device: str = "phone", **changes: Any) -> bytes:
        """An attestation for a device."""
        said: dict[str, Any] = {"slot": SLOT, "benefit": BENEFIT, "not_before": BEGINS, "status_index": 77}
        key = self.suite.holder.public(secret(device))
        attestation = Attestation(**{**said, "device_key": key, **changes})
        return ic3.issue(attestation, self.suite, self.suite.issuer.signer(secret("issuer")))

    def device(self, name: str = "phone") -> Signer:
        """A phone's key."""
        return self.suite.holder.signer(secret(name))

    def code(self, at: int = NOW, challenge: bytes = NO_CHALLENGE, *, device: str = "phone", **changes: Any) -> str:
        """A code as the phone shows it."""
        attestation = self.attest(device, **changes)
        return ic3.encode(attestation, ic3.prove(attestation, self.suite, self.device(device), at, challenge))

    def terminal(self, revoked: frozenset[int] = frozenset()) -> Terminal:
        """A terminal that believes this issuer."""
        return Terminal(
            {SLOT: self.attestation_key}.get, {BENEFIT: LIFETIME}, lambda index: 1 if index in revoked else 0
        )

    def key_set(self, **changes: Any) -> bytes:
        """The published keys: one for attestations, one for status lists. `changes` are of the attestation key."""
        attestation = self._jwk("issuer", purpose="attestation", slot=SLOT) | changes
        return json.dumps({"keys": [attestation, self._jwk("status", purpose="status")]}).encode()

    def status_token(
        self, statuses: StatusList | None = None, *, key: str = "status", subject: str = LIST_URL, issued_at: int = NOW,
        life: int = 86_400, ttl: int = 900,
    ) -> str:  # fmt: skip
        """A signed status list; without `statuses`, of 4096 entries that are all valid."""
        claims = Claims(subject=subject, issued_at=issued_at, expires_at=issued_at + life, ttl=ttl)
        return write_token(
            pack(4096, {}) if statuses is None else statuses, claims, thumbprint(self._public(key)),
            self._algorithm.name, self._algorithm.signer(secret(key)),
        )  # fmt: skip

    @property
    def _algorithm(self) -> Algorithm:
        return self.suite.issuer

    def _public(self, key: str) -> dict[str, str]:
        return self._algorithm.jwk(self._algorithm.public(secret(key)))

    def _jwk(self, key: str, **members: object) -> dict[str, object]:
        return {**self._public(key), "use": "sig", "alg": self._algorithm.name, **members}
