"""Personas 沙箱角色 as data (`personas.yaml`): each is nobody, and shows one thing that can happen at a till."""

from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from backend.market.service import Facts
from partners.benefits.terms import Text
from partners.orders.states import CONFIRMATION_SECONDS

Phone = Literal["confirms", "refuses", "silent"]


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the holder does when the phone asks, and after how long; who is silent answers when the time is over."""

    answer: Phone
    after_seconds: Annotated[int, Meta(ge=0, le=CONFIRMATION_SECONDS)] = CONFIRMATION_SECONDS


class Persona(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who does not exist: what it shows, what a partner reads, and the facts the decision is made from.

    phone: how it answers; with none it is asked only where the benefit asks, and confirms. redeems: whether there is still
    one left when it is redeemed.
    """

    id: str
    names: Text
    shows: Text
    reads: Text
    facts: Facts = Facts()
    code: Literal["valid", "stale", "unusable"] = "valid"
    phone: Asked | None = None
    redeems: bool = True

    def asked(self, *, confirm: bool) -> Asked | None:
        """What its phone does for a benefit that needs confirmation, or not; None if it is not asked."""
        return self.phone or (Asked("confirms", 1) if confirm else None)


@cache
def personas() -> dict[str, Persona]:
    """Every persona by id, in the order of the file."""
    source = files("backend.sandbox").joinpath("personas.yaml").read_bytes()
    return {persona.id: persona for persona in msgspec.yaml.decode(source, type=tuple[Persona, ...])}
