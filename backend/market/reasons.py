"""Reasons for a no, in plain words, for the holder alone."""

from collections.abc import Iterable

from partners.benefits.eligibility import WORDS, Reason
from partners.benefits.terms import Text

# Many thresholds tried on one person would bracket the score (protocol, section 2).
TOO_MANY_BENEFITS = "too-many-benefits-tried"
DISTINCT_BENEFITS_PER_MONTH = 6

REFUSED_BY_HOLDER = "refused-by-holder"
NOT_CONFIRMED = "not-confirmed"

_MORE_WORDS = {
    TOO_MANY_BENEFITS: Text(
        "该商户本月已对您核验过多项权益；为防止推测您的等级，本月不再答复其他权益",
        "This partner asked about many different benefits of yours this month; to keep your level private, no more are answered this month",
    ),
    REFUSED_BY_HOLDER: Text("您在手机上选择了不办理", "You chose not to on your phone"),
    NOT_CONFIRMED: Text("您没有在手机上及时确认；需要时请重新出示诚信码", "Your phone did not confirm in time; show your code again if you need it"),
}  # fmt: skip


def in_words(reasons: Iterable[str]) -> list[Text]:
    """The sentences for stored reason codes."""
    return [_MORE_WORDS.get(reason) or WORDS[Reason(reason)] for reason in reasons]
