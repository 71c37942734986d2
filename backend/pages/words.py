"""The words of the pages that the server fills in: Chinese first, then English."""

from collections.abc import Mapping

from backend.commitments.messages import CommitmentType, Performance
from backend.declarations.messages import DeclarationKind
from backend.displays.states import DisplayKind, EndedBy

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
