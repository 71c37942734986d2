"""What may not be published: a benefit that limits instead of opening, or that stands on no published basis."""

import msgspec

from partners.benefits.eligibility import Standing
from partners.benefits.terms import CONTRACTS, HolderKind, Terms


class Objection(msgspec.Struct, frozen=True):
    """Why terms may not be published: ground, article, and the sentence for whoever proposed them."""

    ground: str
    article: str
    zh: str
    en: str


def objections(terms: Terms) -> tuple[Objection, ...]:
    """Every reason against publication; empty if there is none."""
    found = []
    if terms.basic_public_service and not terms.open_to_all:
        found.append(
            Objection(
                "basic-public-service",
                "《条例》第二十六条 (Reg. art. 26)",
                "基本公共服务不得以信用分或等级为条件",
                "a basic public service may not be made conditional on a score or level",
            )
        )
    if terms.scene in {"lending", "loan", "贷"}:
        found.append(
            Objection(
                "finance",
                "《征信业管理条例》第七条 (Credit Reporting Regulation art. 7)",
                "个人信用分不得用于信贷",
                "a personal score is not for lending",
            )
        )
    if not terms.legal_basis.strip():
        found.append(
            Objection(
                "no-legal-basis",
                "《条例》第三十条 (Reg. art. 30)",
                "未公布依据的措施无效",
                "a measure without a published basis is void",
            )
        )
    if not terms.tiers or terms.valid_until <= terms.valid_from:
        found.append(
            Objection("empty", "-", "没有可享受的档次或有效期", "there is no tier or no period in which it is valid")
        )
    if terms.kind in CONTRACTS and terms.cap_fen is None:
        found.append(
            Objection("no-cap", "-", "免押金与先用后付必须有金额上限", "a waiver and pay-after-use need a cap in fen")
        )
    if terms.offline is not None and (len(terms.tiers) > 1 or terms.confirm or terms.kind in CONTRACTS):
        found.append(
            Objection(
                "offline",
                "-",
                "离线核销的权益只能有一个档次（离线码不得透露等级），且不得需要当场确认或签约",
                "a benefit given offline has one tier, as the code may tell no level, and needs no confirmation and no contract",
            )
        )
    if terms.holder is HolderKind.ENTERPRISE:
        found.extend(_against_enterprises(terms))
    return tuple(found)


def _against_enterprises(terms: Terms) -> list[Objection]:
    """An enterprise has no phone of its own: whatever a person's phone would sign or hold is for persons only, so far."""
    found = []
    if terms.offline is not None or terms.confirm or terms.kind in CONTRACTS:
        found.append(
            Objection(
                "holder",
                "-",
                "面向企业的权益只能在线核验：离线码、本人确认和签约均由个人的手机签名，暂不适用于企业",
                "a benefit for enterprises is verified online: offline codes, confirmations and contracts are signed by a person's "
                "phone and are for persons only so far",
            )
        )
    if any(tier.minimum_rank > max(Standing) for tier in terms.tiers):
        found.append(
            Objection(
                "tiers",
                "-",
                "面向企业的权益档次只能是：0 已注册、1 已承诺、2 已履行；企业没有信用分等级",
                "a tier of a benefit for enterprises is 0 registered, 1 committed or 2 kept: an enterprise has no level",
            )
        )
    return found
