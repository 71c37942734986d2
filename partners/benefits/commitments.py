"""Commitments 承诺 by which a person opens a tier of one benefit, whatever their level, as data.

A commitment is made for one benefit and binds for that benefit alone. It is kept as long as no bill of that benefit is overdue;
whoever does not commit loses nothing (domain rules, section 8). A new kind is one line here.
"""

from collections.abc import Mapping
from enum import StrEnum

from partners.benefits.texts import Text


class CommitmentKind(StrEnum):
    """What is promised."""

    PAY_ON_TIME = "pay-on-time"
    RETURN_ON_TIME = "return-on-time"
    PAPERS_LATER = "papers-later"


WORDS: Mapping[CommitmentKind, Text] = {
    CommitmentKind.PAY_ON_TIME: Text("我承诺在账单到期前结清本项便利的费用", "I will pay what this benefit costs before the bill is due"),
    CommitmentKind.RETURN_ON_TIME: Text("我承诺按期、完好归还所借物品", "I will return what I borrow in time and unharmed"),
    CommitmentKind.PAPERS_LATER: Text("我承诺在期限内补交缺少的材料", "I will hand in the missing papers in time"),
}  # fmt: skip
