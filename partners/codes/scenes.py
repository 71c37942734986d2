"""Scenes 场景 信易+, as data: the one place where a scene is added (its number stands in every code and is never given to another)."""

from collections.abc import Mapping
from enum import IntEnum

import msgspec


class Scene(IntEnum):
    """Where a code may be used 场景; ANY where its holder chose none."""

    ANY = 0
    TRAVEL = 1
    TRANSIT = 2
    RENTAL = 3
    MEDICAL = 4
    SHOPPING = 5
    LIBRARY = 6
    PARKING = 7
    APPROVALS = 8
    INSURANCE = 9
    LENDING = 10


class Described(msgspec.Struct, frozen=True):
    """How a scene is written in one character, and its names. `persons`: whether a benefit of it may be for persons at all."""

    character: str
    zh: str
    en: str
    persons: bool = True


SCENES: Mapping[Scene, Described] = {
    Scene.TRAVEL: Described("游", "旅游", "Travel"),
    Scene.TRANSIT: Described("行", "出行", "Transit"),
    Scene.RENTAL: Described("租", "租赁", "Rental"),
    Scene.MEDICAL: Described("医", "就医", "Medical"),
    Scene.SHOPPING: Described("购", "购物", "Shopping"),
    Scene.LIBRARY: Described("借", "借阅", "Library"),
    Scene.PARKING: Described("停", "停车", "Parking"),
    Scene.APPROVALS: Described("批", "审批", "Approvals"),
    Scene.INSURANCE: Described("保", "保险", "Insurance"),
    # A personal score is not for lending (Credit Reporting Regulation art. 7): enterprises only.
    Scene.LENDING: Described("贷", "融资", "Lending", persons=False),
}
