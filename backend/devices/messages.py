"""What goes in and out of the devices room."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

# Base64url without padding of 33 and of 64 bytes.
PublicKeyText = Annotated[
    str,
    Meta(
        min_length=44,
        max_length=44,
        pattern=r"^[A-Za-z0-9_-]{44}(?!\n)$",
        description="P-256 压缩公钥 compressed point on P-256, base64url",
    ),
]
SignatureText = Annotated[
    str,
    Meta(
        min_length=86,
        max_length=86,
        pattern=r"^[A-Za-z0-9_-]{86}(?!\n)$",
        description="ES256 签名 signature r|s, base64url",
    ),
]
DeviceName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=40,
        pattern=r"^[^\x00-\x1f\x7f-\x9f]*(?!\n)$",
        description="设备名称 what its owner calls it",
        examples=["我的手机"],
    ),
]


class NewDevice(msgspec.Struct, forbid_unknown_fields=True):
    """A phone and the proof that it holds the key; `created` is Unix seconds, within 60 of the server's."""

    name: DeviceName
    public_key: PublicKeyText
    created: Annotated[int, Meta(ge=0, le=2**53, description="签名时间 when it was signed, Unix seconds")]
    signature: SignatureText


class Device(msgspec.Struct):
    """A phone as its owner sees it. `status_index` is its place in the status list `devices`: null for one that was registered before
    there was a list, or revoked three years ago."""

    id: UUID
    name: str
    public_key: str
    registered_at: datetime
    revoked_at: datetime | None
    status_index: int | None


class LiveDevice(msgspec.Struct, frozen=True):
    """A phone that may sign now, as another room may use it."""

    id: UUID
    public_key: bytes
