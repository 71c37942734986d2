"""Field encryption and blind indexes.

A personal field is stored as AES-256-GCM bound to its table, column and row, so that a value moved to another place does
not open. What must be looked up has a keyed blind index beside it (HMAC-SHA256 of the normalised value).
All keys are derived from one master key by HKDF-SHA256 (RFC 5869).
"""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from backend.platform.refusal import Refusal

_VERSION = b"\x01"
_NONCE_BYTES = 12


class SealBroken(Exception):
    """A stored field does not open: altered, moved to another row, or sealed under another master key."""


class FieldCipher:
    """Seals and opens fields; makes blind indexes. `master_key` is 32 bytes."""

    def __init__(self, master_key: bytes) -> None:
        self._master_key = master_key
        self._fields = AESGCM(self.derive("field-encryption"))
        self._index_key = self.derive("blind-index")

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for one purpose."""
        return HKDF(SHA256(), 32, salt=None, info=b"xinyi " + purpose.encode()).derive(self._master_key)

    def seal(self, text: str, table: str, column: str, row: object) -> bytes:
        """`text` encrypted for one place: version 1 byte, nonce 12, ciphertext and tag."""
        return self.seal_bytes(text.encode(), table, column, row)

    def seal_bytes(self, plain: bytes, table: str, column: str, row: object) -> bytes:
        """As `seal`, for bytes."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _VERSION + nonce + self._fields.encrypt(nonce, plain, _place(table, column, row))

    def open(self, sealed: bytes, table: str, column: str, row: object) -> str:
        """The text sealed for this place. Raises SealBroken."""
        return self.open_bytes(sealed, table, column, row).decode()

    def open_bytes(self, sealed: bytes, table: str, column: str, row: object) -> bytes:
        """As `open`, for bytes."""
        if sealed[:1] != _VERSION:
            raise SealBroken(f"{table}.{column}")
        nonce, ciphertext = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return self._fields.decrypt(nonce, ciphertext, _place(table, column, row))
        except InvalidTag:
            raise SealBroken(f"{table}.{column}") from None

    def blind_index(self, kind: str, value: str) -> bytes:
        """32 bytes by which an already normalised value can be found, and that tell nothing without the key."""
        return hmac.new(self._index_key, f"{kind}\x00{value}".encode(), hashlib.sha256).digest()


def _place(table: str, column: str, row: object) -> bytes:
    return f"{table}\x00{column}\x00{row}".encode()


def load_master_key(configured: str, data_directory: Path) -> bytes:
    """The master key: from the setting (base64 of 32 bytes), else from a file under the data folder, made when absent.

    Raises Refusal when the setting is not 32 bytes in base64 or the file cannot be read or written.
    """
    if configured:
        try:
            key = base64.b64decode(configured, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != 32:
            raise Refusal("XINYI_MASTER_KEY 应为 32 字节的 base64。", "XINYI_MASTER_KEY must be 32 bytes in base64.")
        return key
    path = data_directory / "secrets" / "master.key"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            key = path.read_bytes()
        else:
            key = secrets.token_bytes(32)
            with os.fdopen(descriptor, "wb") as file:
                file.write(key)
    except OSError as error:
        raise Refusal(
            f"无法读写密钥文件 {path}：{error.strerror}。",
            f"The key file {path} cannot be read or written: {error.strerror}.",
        ) from None
    if len(key) != 32:
        raise Refusal(f"密钥文件 {path} 已损坏。", f"The key file {path} is damaged: restore it from your backup.")
    return key
