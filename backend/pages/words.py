"""The words of the pages that the server fills in: Chinese first, then English."""

from collections.abc import Mapping, Sequence

from backend.commitments.messages import CommitmentType, Performance
from backend.declarations.messages import DeclarationKind
from backend.displays.states import DisplayKind, EndedBy
from backend.partner_accounts.states import PartnerState
from partners.benefits.terms import Tier
from partners.reviews.figures import Waiting

Words = tuple[str, str]

DISPLAY_KINDS: Mapping[DisplayKind, Words] = {
    DisplayKind.ENTERPRISE: ("企业展示码", "Enterprise display code"),
    DisplayKind.SECTOR: ("行业诚信码", "Sector integrity code"),
    DisplayKind.PRODUCT: ("产品溯源码", "Product trace code"),
}
COMMITMENT_TYPES: Mapping[CommitmentType, Words] = {
    CommitmentType.APPROVAL: ("审批替代型承诺", "In place of papers for an approval"),
    CommitmentType.TOLERANCE: ("容缺受理型承诺", "To hand in what was missing"),
    CommitmentType.CERTIFICATION: ("证明事项型承诺", "In place of a certificate"),
    CommitmentType.REPAIR: ("信用修复型承诺", "For credit repair"),
    CommitmentType.INDUSTRY: ("行业自律型承诺", "Of its trade"),
    CommitmentType.VOLUNTARY: ("主动型承诺", "Voluntary"),
    CommitmentType.OTHER: ("其他承诺", "Other"),
}
PERFORMANCES: Mapping[Performance | None, Words] = {
    None: ("履行中", "In course"),
    Performance.FULL: ("全部履行", "Kept"),
    Performance.PARTIAL: ("部分履行", "Kept in part"),
    Performance.NONE: ("全部未履行", "Not kept"),
}
DECLARATION_KINDS: Mapping[DeclarationKind, Words] = {
    DeclarationKind.QUALIFICATION: ("资质", "Qualification"),
    DeclarationKind.OPERATION: ("经营", "Operation"),
    DeclarationKind.CONTRACT: ("合同履约", "Contracts"),
    DeclarationKind.PUBLIC_WELFARE: ("公益", "Public welfare"),
    DeclarationKind.INTELLECTUAL_PROPERTY: ("知识产权", "Intellectual property"),
    DeclarationKind.OTHER: ("其他", "Other"),
}
ENDED_BY: Mapping[EndedBy, Words] = {
    EndedBy.AGENT: ("由企业撤销", "by the enterprise itself"),
    EndedBy.OFFICERS: ("由主管部门撤销", "by the authority"),
    EndedBy.DEPARTURE: ("企业已退出信易", "the enterprise has left Xinyi"),
    EndedBy.TERM: ("有效期届满", "its term is over"),
}
# How a partner's state is told to its guests; whoever never served has no page.
PARTNER_STATES: Mapping[PartnerState, Words] = {
    PartnerState.LIVE: ("正常服务", "In service"),
    PartnerState.UNDER_REVIEW: ("公众评议中，照常服务", "Under public review, serving as always"),
    PartnerState.RECTIFYING: ("整改中，照常服务", "Putting things right, serving as always"),
    PartnerState.RECHECKED: ("复核未通过，即将退出", "Did not pass the re-check, about to leave"),
    PartnerState.DELISTED: ("已退出，不再提供权益", "Delisted, gives no benefits any more"),
}
WAITING: Mapping[Waiting, Words] = {
    Waiting.UNDER_5: ("5 分钟以内", "under 5 minutes"),
    Waiting.UNDER_15: ("5 至 15 分钟", "5 to 15 minutes"),
    Waiting.UNDER_30: ("15 至 30 分钟", "15 to 30 minutes"),
    Waiting.OVER_30: ("30 分钟以上", "over 30 minutes"),
}
_UNITS: Mapping[str, Words] = {
    "minutes": ("分钟", "minutes"),
    "pieces": ("件", "pieces"),
}


def tiers_in_words(unit: str, tiers: Sequence[Tier]) -> list[tuple[Words, Words]]:
    """What each level is promised: its names, and the value with its unit."""
    return [((tier.name.zh, tier.name.en), _value_in_words(unit, tier.value)) for tier in tiers]


def _value_in_words(unit: str, value: int) -> Words:
    if unit == "permille":
        share = f"{value // 10}" + (f".{value % 10}" if value % 10 else "")
        return f"优惠 {share}%", f"{share}% off"
    if unit == "fen":
        yuan = f"{value // 100}" + (f".{value % 100:02d}" if value % 100 else "")
        return f"{yuan} 元", f"{yuan} yuan"
    word, word_en = _UNITS.get(unit, (unit, unit))
    return f"{value} {word}", f"{value} {word_en}"
