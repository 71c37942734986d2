"""Proof of possession 密钥持有证明: whoever registers a public key signs with its private key (docs/protocol.md, section 12).

    xinyi-partner-key-1 LF server LF voucher LF created LF key id

The voucher is what the registration hangs on: the id of the live key that signs the request, or at the operator's desk the
partner's unified social credit code. So a proof is of no use for another account, on another server or for another key.
"""

from partners import base64url
from partners.signatures.keys import PublicKey, jwk_of, sign_bytes, thumbprint, verify_bytes
from partners.signatures.requests import SigningKey

_CONTEXT = "xinyi-partner-key-1"


def prove(key: SigningKey, server: str, voucher: str, created: int) -> str:
    """The proof, in base64url. `server` is the platform's external address, `created` Unix seconds."""
    return base64url.encode(sign_bytes(key.private_key, _message(server, voucher, created, key.key_id)))


def proven(public_key: PublicKey, server: str, voucher: str, created: int, proof: str) -> bool:
    """Whether the proof was made with the private part of this key, for this server, voucher and instant."""
    try:
        signature = base64url.decode(proof)
    except ValueError:
        return False
    return verify_bytes(public_key, signature, _message(server, voucher, created, thumbprint(jwk_of(public_key))))


def _message(server: str, voucher: str, created: int, key_id: str) -> bytes:
    return "\n".join((_CONTEXT, server, voucher, str(created), key_id)).encode()
