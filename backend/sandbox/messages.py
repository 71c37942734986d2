"""What goes in and out of the sandbox beside the partner's own messages, which are the market's."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from partners.benefits.terms import Text


class PersonaListing(msgspec.Struct):
    """A persona: its id, its name, what it shows and what a partner will read."""

    id: str
    name: Text
    shows: Text
    reads: Text


class Personas(msgspec.Struct):
    """All personas."""

    personas: list[PersonaListing]


class CodeOrder(msgspec.Struct, forbid_unknown_fields=True):
    """The scene that the persona chooses on its phone; `any` is none."""

    scene: Annotated[str, Meta(pattern=r"^[a-z]{1,20}(?!\n)$", max_length=20, description="场景 scene")] = "any"


class ClockOrder(msgspec.Struct, forbid_unknown_fields=True):
    """How far the sandbox's clock is moved forward; 0 only looks."""

    forward_seconds: Annotated[int, Meta(ge=0, le=34_560_000, description="快进秒数 seconds forward")]


class SandboxTime(msgspec.Struct):
    """What time it is in the sandbox, and how far that is ahead."""

    now: datetime
    ahead_seconds: int


class Triggered(msgspec.Struct):
    """What was sent to the test key's own addresses; the ids in it are made up."""

    type: str
    data: dict[str, str]
