"""SM2 with SM3 (GB/T 32918.2, GM/T 0009) by the OpenSSL 3 of the machine: optional, and believed only after its own example.

The package `cryptography` has SM3 and no SM2; Python packages that calculate SM2 themselves accept s + n, two signatures for
one message. So the shared library is asked through ctypes, and asked first for the example of GB/T 32918.5: a build without
SM2, or with another one, counts as absent. Signatures are r | s, 64 bytes; the signer's id is the default of GM/T 0009.
"""

import ctypes
import functools
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

SIGNER_ID = b"1234567812345678"
ORDER = 0xFFFFFFFE_FFFFFFFF_FFFFFFFF_FFFFFFFF_7203DF6B_21C6052B_53BBF409_39D54123

# Names with their major version only: the plain name ends the process on macOS.
_NAMES = ("libcrypto.so.3", "libcrypto.so.4", "libcrypto.3.dylib", "libcrypto.4.dylib")
_OLDEST_MAJOR = 3
_HALF = 32
_LONGEST_DER = 72
# id-ecPublicKey with the curve 1.2.156.10197.1.301, as both kinds of key name it.
_CURVE = bytes.fromhex("301306072a8648ce3d020106082a811ccf5501822d")
_PUBLIC_STARTS = {
    33: bytes.fromhex("3039") + _CURVE + bytes.fromhex("032200"),
    64: bytes.fromhex("3059") + _CURVE + bytes.fromhex("03420004"),
}
_PRIVATE_START = bytes.fromhex("3041020100") + _CURVE + bytes.fromhex("042730250201010420")

_POINTER, _INT, _SIZE, _BYTES = ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t, ctypes.c_char_p
_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "OpenSSL_version_num": (ctypes.c_ulong, []),
    "ERR_clear_error": (None, []),
    "EVP_sm3": (_POINTER, []),
    "EVP_PKEY_is_a": (_INT, [_POINTER, _BYTES]),
    "EVP_PKEY_free": (None, [_POINTER]),
    "EVP_PKEY_CTX_new": (_POINTER, [_POINTER, _POINTER]),
    "EVP_PKEY_CTX_set1_id": (_INT, [_POINTER, _BYTES, _INT]),
    "EVP_PKEY_CTX_free": (None, [_POINTER]),
    "EVP_MD_CTX_new": (_POINTER, []),
    "EVP_MD_CTX_set_pkey_ctx": (None, [_POINTER, _POINTER]),
    "EVP_MD_CTX_free": (None, [_POINTER]),
    "EVP_DigestSignInit": (_INT, [_POINTER, _POINTER, _POINTER, _POINTER, _POINTER]),
    "EVP_DigestSign": (_INT, [_POINTER, _POINTER, _POINTER, _BYTES, _SIZE]),
    "EVP_DigestVerifyInit": (_INT, [_POINTER, _POINTER, _POINTER, _POINTER, _POINTER]),
    "EVP_DigestVerify": (_INT, [_POINTER, _BYTES, _SIZE, _BYTES, _SIZE]),
    "d2i_PUBKEY": (_POINTER, [_POINTER, _POINTER, ctypes.c_long]),
    "d2i_AutoPrivateKey": (_POINTER, [_POINTER, _POINTER, ctypes.c_long]),
    "i2d_PUBKEY": (_INT, [_POINTER, _POINTER]),
    "EVP_PKEY_set_utf8_string_param": (_INT, [_POINTER, _BYTES, _BYTES]),
}


class Unavailable(Exception):
    """There is no usable SM2 on this machine; the text says why, Chinese first."""

    def __init__(self, chinese: str, english: str) -> None:
        super().__init__(f"国密套件不可用：{chinese} The gm suite is not available: {english}")


class PublicKey:
    """A public key on the SM2 curve: `compressed` has 33 bytes, `coordinates` 64.

    Made from either. Raises ValueError for bytes that are no point of the curve, Unavailable without SM2.
    """

    def __init__(self, point: bytes) -> None:
        try:
            start = _PUBLIC_STARTS[len(point)]
        except KeyError:
            raise ValueError("a point has 33 bytes, its coordinates have 64") from None
        self._library = library()
        self._key = _read_key(self._library, self._library.d2i_PUBKEY, start + point)
        self._freed = weakref.finalize(self, self._library.EVP_PKEY_free, self._key)
        self.coordinates = _coordinates(self._library, self._key)
        self.compressed = bytes([2 + (self.coordinates[-1] & 1)]) + self.coordinates[:_HALF]

    def verify(self, signature: bytes, message: bytes) -> bool:
        """Whether r | s (64 bytes) is the key's signature over `message`."""
        if len(signature) != 2 * _HALF:
            return False
        return self.verify_numbers(
            int.from_bytes(signature[:_HALF], "big"), int.from_bytes(signature[_HALF:], "big"), message
        )

    def verify_numbers(self, r: int, s: int, message: bytes) -> bool:
        """The same for r and s as numbers of any size; outside 1 to n - 1 they are refused by the library."""
        der = encode_dss_signature(r, s)
        with _context(self._library, self._key, self._library.EVP_DigestVerifyInit) as context:
            return bool(self._library.EVP_DigestVerify(context, der, len(der), message, len(message)) == 1)


class PrivateKey:
    """A private key, 32 bytes. Raises ValueError for a number outside 1 to n - 2, Unavailable without SM2."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != _HALF or not 1 <= int.from_bytes(secret, "big") <= ORDER - 2:
            raise ValueError("the number is no private key of SM2")
        self._library = library()
        self._key = _read_key(self._library, self._library.d2i_AutoPrivateKey, _PRIVATE_START + secret)
        self._freed = weakref.finalize(self, self._library.EVP_PKEY_free, self._key)

    def public_key(self) -> PublicKey:
        """Its public part."""
        return PublicKey(_coordinates(self._library, self._key))

    def sign(self, message: bytes) -> bytes:
        """r | s, 64 bytes."""
        written, size = ctypes.create_string_buffer(_LONGEST_DER), _SIZE(_LONGEST_DER)
        with _context(self._library, self._key, self._library.EVP_DigestSignInit) as context:
            done = self._library.EVP_DigestSign(context, written, ctypes.byref(size), message, len(message))
        if done != 1:
            raise RuntimeError("SM2 did not sign")
        r, s = decode_dss_signature(written.raw[: size.value])
        return r.to_bytes(_HALF, "big") + s.to_bytes(_HALF, "big")


@functools.cache
def library() -> ctypes.CDLL:
    """OpenSSL, once it has told the standard's example from a wrong one. Raises Unavailable."""
    for name in _NAMES:
        try:
            found = ctypes.CDLL(name)
        except OSError:
            continue
        try:
            for function, (result, arguments) in _FUNCTIONS.items():
                getattr(found, function).restype = result
                getattr(found, function).argtypes = arguments
        except AttributeError:
            raise Unavailable(f"{name} 缺少所需函数。", f"{name} lacks a function that is needed.") from None
        if found.OpenSSL_version_num() >> 28 < _OLDEST_MAJOR or not _knows_the_example(found):
            raise Unavailable(f"{name} 不支持 SM2。", f"{name} has no SM2.")
        return found
    raise Unavailable("未找到 OpenSSL 3（libcrypto）。", "OpenSSL 3 (libcrypto) was not found.")


def _knows_the_example(found: ctypes.CDLL) -> bool:
    """GB/T 32918.5, annex A.2: "message digest" verifies, with one bit changed it does not."""
    compressed = bytes.fromhex("0309f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020")
    signature = encode_dss_signature(
        0xF5A03B06_48D2C463_0EEAC513_E1BB81A1_5944DA38_27D5B741_43AC7EAC_EEE720B3,
        0xB1B6AA29_DF212FD8_763182BC_0D421CA1_BB9038FD_1F7F42D4_840B69C4_85BBC1AA,
    )
    try:
        key = _read_key(found, found.d2i_PUBKEY, _PUBLIC_STARTS[33] + compressed)
    except ValueError:
        return False
    said: list[int] = []
    for message in (b"message digest", b"message digesu"):
        with _context(found, key, found.EVP_DigestVerifyInit) as context:
            said.append(found.EVP_DigestVerify(context, signature, len(signature), message, len(message)))
    found.EVP_PKEY_free(key)
    found.ERR_clear_error()
    return said[0] == 1 and said[1] != 1


def _read_key(found: ctypes.CDLL, reader: Callable[..., int | None], der: bytes) -> int:
    """A key from DER; the reader checks that its point is on the curve. Raises ValueError."""
    held = ctypes.create_string_buffer(der, len(der))
    start = _POINTER(ctypes.addressof(held))
    key = reader(None, ctypes.byref(start), len(der))
    if key is None:
        found.ERR_clear_error()
        raise ValueError("the bytes are no key on the SM2 curve")
    if found.EVP_PKEY_is_a(key, b"SM2") != 1:
        found.EVP_PKEY_free(key)
        raise ValueError("the library does not take the key for SM2")
    return key


def _coordinates(found: ctypes.CDLL, key: int) -> bytes:
    """The 64 bytes that end the public key's DER, once its point is to be written uncompressed."""
    if found.EVP_PKEY_set_utf8_string_param(key, b"point-format", b"uncompressed") != 1:
        raise RuntimeError("SM2 did not give the point")
    size = found.i2d_PUBKEY(key, None)
    written = ctypes.create_string_buffer(size)
    start = _POINTER(ctypes.addressof(written))
    found.i2d_PUBKEY(key, ctypes.byref(start))
    return written.raw[-2 * _HALF :]


@contextmanager
def _context(found: ctypes.CDLL, key: int, begin: Callable[..., int]) -> Iterator[int]:
    """A digest context that `begin` has prepared for SM2 with SM3 under the signer's id."""
    context, settings = found.EVP_MD_CTX_new(), found.EVP_PKEY_CTX_new(key, None)
    try:
        if found.EVP_PKEY_CTX_set1_id(settings, SIGNER_ID, len(SIGNER_ID)) != 1:
            raise RuntimeError("SM2 did not take the signer's id")
        found.EVP_MD_CTX_set_pkey_ctx(context, settings)
        if begin(context, None, found.EVP_sm3(), None, key) != 1:
            raise RuntimeError("SM2 did not begin")
        yield context
    finally:
        found.EVP_MD_CTX_free(context)
        found.EVP_PKEY_CTX_free(settings)
        found.ERR_clear_error()
