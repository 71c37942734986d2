"""A pairwise pseudonym 对偶假名: who a partner has a contract with, by a name that no other partner has for them.

HMAC-SHA256 under a key of the platform alone, over sector, subject and kind of contract (OpenID Connect Core, section 8.1, with a
keyed function): the same person keeps the pseudonym at one legal entity and for one kind of contract, and nobody without the key
can tell that two of them are one person's. The subject is a random id of ours, never an identity number.
"""

import hmac
from hashlib import sha256
from uuid import UUID

from partners import base64url

_CONTEXT = b"xinyi-ppid-1"


def pairwise(key: bytes, sector: str, subject: UUID, contract: str) -> str:
    """43 characters of base64url. `key` is 32 bytes, `sector` the partner's unified social credit code, `contract` the kind of
    benefit."""
    parts = (_CONTEXT, sector.encode(), subject.bytes, contract.encode())
    return base64url.encode(hmac.digest(key, b"".join(len(part).to_bytes(2, "big") + part for part in parts), sha256))
