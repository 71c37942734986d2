"""Reasons for a no, in plain words, for the holder alone."""

from collections.abc import Iterable

from partners.benefits.eligibility import WORDS, Reason
from partners.benefits.terms import Text

# Many thresholds tried on one person would bracket the score (protocol, section 2).
TOO_MANY_BENEFITS = "too-many-benefits-tried"
DISTINCT_BENEFITS_PER_MONTH = 6

_TOO_MANY_WORDS = Text(
    "该商户本月已对您核验过多项权益；为防止推测您的等级，本月不再答复其他权益",
    "This partner asked about many different benefits of yours this month; to keep your level private, no more are answered this month",
)


def in_words(reasons: Iterable[str]) -> list[Text]:
    """The sentences for stored reason codes."""
    return [_TOO_MANY_WORDS if reason == TOO_MANY_BENEFITS else WORDS[Reason(reason)] for reason in reasons]
