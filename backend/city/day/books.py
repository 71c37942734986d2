"""The tills' own books of a day: what each visit was told, word for word, and sums that no room has written.

They are kept from answers alone, so that an answer that left nothing behind is found out as well as a row without an answer.
"""

import hashlib
from collections import Counter

import msgspec

from backend.city.day.plan import Visit
from backend.market.messages import MarketTotals
from partners.ledger.audit import Difference


class Course(msgspec.Struct):
    """A visit and what was said in it, in order."""

    visit: Visit
    words: list[str] = []

    def say(self, word: str) -> str:
        """Adds a word; gives it."""
        self.words.append(word)
        return word


class Books(msgspec.Struct):
    """Counts and sums of a day, from answers; sums in fen."""

    visits: int = 0
    eligible: int = 0
    declined: int = 0
    asked: int = 0
    refused: Counter[str] = msgspec.field(default_factory=Counter)
    redemptions: int = 0
    redeemed_fen: int = 0
    retries_alike: int = 0
    reversals: int = 0
    reversed_fen: int = 0
    orders: int = 0
    agreed_fen: int = 0
    offline: Counter[str] = msgspec.field(default_factory=Counter)

    def differences(self, kept: MarketTotals, orders: tuple[int, int]) -> list[Difference]:
        """Where the rooms have kept something else than the tills were told. `orders`: how many, and the deposits agreed."""
        compared = {
            "eligible answers": (kept.eligible, self.eligible),
            "declined answers": (kept.declined, self.declined),
            "redemptions": (kept.redemptions, self.redemptions),
            "redeemed, in fen": (kept.redeemed_fen, self.redeemed_fen),
            "reversals": (kept.reversals, self.reversals),
            "reversed, in fen": (kept.reversed_fen, self.reversed_fen),
            "orders under contract": (orders[0], self.orders),
            "deposits agreed, in fen": (orders[1], self.agreed_fen),
        }
        return [
            Difference(f"the day's tills: {what}", room, tills)
            for what, (room, tills) in compared.items()
            if room != tills
        ]


def digest(courses: list[Course], totals: list[str]) -> str:
    """SHA-256 over every visit of the day with all its words, by number, and the day's totals. Nothing in it depends on an id,
    a random handle, an instant of the machine or on what was done at the same time."""
    mark = hashlib.sha256()
    for course in courses:
        visit = course.visit
        said = "|".join((str(visit.number), visit.benefit, visit.presented, visit.then, *course.words))
        mark.update(f"{said}\n".encode())
    for total in totals:
        mark.update(f"{total}\n".encode())
    return mark.hexdigest()
