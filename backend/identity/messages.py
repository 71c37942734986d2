"""What goes in and out of the identity room."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

Phone = Annotated[
    str, Meta(min_length=11, max_length=20, description="手机号 mainland mobile number", examples=["19900000001"])
]


District = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9-]{0,39}$",
        description="区县代码，自愿填写 code of a district, by choice; unknown 不填写 to say none",
        examples=["taoyuan"],
    ),
]

UNKNOWN = "unknown"


class Channel(StrEnum):
    """How an account was made 注册渠道: in the app, or by staff at a counter 服务窗口."""

    APP = "app"
    COUNTER = "counter"
    UNKNOWN = UNKNOWN


class CodeRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Asks for a one-time code."""

    phone: Phone


class CodeSent(msgspec.Struct):
    """The code was handed to the message operator; it is valid for `expires_in` seconds."""

    expires_in: int


class SignIn(msgspec.Struct, forbid_unknown_fields=True):
    """Phone and one-time code."""

    phone: Phone
    code: Annotated[str, Meta(pattern=r"^[0-9]{6}$", description="6 位验证码 one-time code", examples=["123456"])]


class Refresh(msgspec.Struct, forbid_unknown_fields=True):
    """The refresh token; it is replaced by a new one with every use."""

    refresh_token: Annotated[str, Meta(min_length=20, max_length=200)]


class Tokens(msgspec.Struct):
    """An access token (JWT, EdDSA), valid for `expires_in` seconds, and the refresh token that follows."""

    access_token: str
    refresh_token: str
    expires_in: int
    roles: list[str]


class IdentityProof(msgspec.Struct, forbid_unknown_fields=True):
    """Real name 实名."""

    name: Annotated[str, Meta(min_length=2, max_length=50, description="姓名 name on the document")]
    identity_number: Annotated[str, Meta(min_length=18, max_length=18, description="公民身份号码 identity number")]


class ChosenDistrict(msgspec.Struct, forbid_unknown_fields=True):
    """The district 区县 a person says they live in."""

    district: District


class Me(msgspec.Struct):
    """The caller's own account; name, number and phone are masked (Reg. art. 23)."""

    account_id: UUID
    phone: str
    name: str | None
    identity_number: str | None
    proven: bool
    roles: list[str]
    created_at: datetime
    district: str
    channel: Channel


class ProvenPerson(msgspec.Struct, frozen=True):
    """A person whose identity was checked elsewhere, to be registered in bulk: normalised phone and identity number."""

    phone: str
    name: str
    identity_number: str
    district: str = UNKNOWN
    channel: Channel = Channel.UNKNOWN


class Group(msgspec.Struct, frozen=True):
    """All that statistics may know of a person: coarse codes. `age_band` is the first age of its band, for example 30."""

    district: str
    age_band: int
    channel: Channel
