"""The partner's own key, and the platform's published ones."""

from collections.abc import Callable, Mapping

import httpx2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from partners.sdk.failures import AnswerNotTrusted
from partners.signatures.key_sets import read_key_set
from partners.signatures.keys import PublicKey, jwk_of, thumbprint
from partners.signatures.requests import SigningKey

PATH = "/.well-known/jwks.json"
# What the key set's Cache-Control says: a revoked key stops being believed within this time.
LIFETIME_SECONDS = 300


def load_signing_key(pem: bytes, password: bytes | None = None) -> SigningKey:
    """An Ed25519 or P-256 private key from PEM, under its thumbprint. Raises ValueError for any other kind."""
    key = load_pem_private_key(pem, password)
    if not isinstance(key, Ed25519PrivateKey | ec.EllipticCurvePrivateKey):
        raise ValueError("an Ed25519 or P-256 key is needed")
    return SigningKey(thumbprint(jwk_of(key.public_key())), key)


class PublishedKeys:
    """The platform's answer keys, fetched when a new one appears and again every five minutes."""

    def __init__(self, url: str, http: httpx2.Client, now: Callable[[], float]) -> None:
        self._url = url
        self._http = http
        self._now = now
        self._keys: Mapping[str, PublicKey] = {}
        self._fetched_at = float("-inf")

    def find(self, key_id: str) -> PublicKey | None:
        """The key under an id, or None. Raises AnswerNotTrusted if the key set cannot be had, httpx2.TransportError without a network."""
        if key_id not in self._keys or self._now() - self._fetched_at >= LIFETIME_SECONDS:
            self._fetch()
        return self._keys.get(key_id)

    def _fetch(self) -> None:
        answer = self._http.get(self._url + PATH)
        try:
            found = read_key_set(answer.content)
        except ValueError:
            raise AnswerNotTrusted("key-set-unreadable") from None
        self._keys = found.answer
        self._fetched_at = self._now()
