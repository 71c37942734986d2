"""What may not be published: a benefit that limits instead of opening, or that stands on no published basis."""

import msgspec

from partners.benefits.eligibility import Standing
from partners.benefits.terms import CONTRACTS, BenefitKind, HolderKind, Terms, Tier
from partners.benefits.validity import is_ever_valid
from partners.codes.scenes import SCENES

_ARTICLE_26 = "《条例》第二十六条 (Reg. art. 26)"
_WHOLE = 1000
_PAYS_UP_TO_TIER = frozenset({*CONTRACTS, BenefitKind.VOUCHER})
_LENDING = frozenset({"loan", "贷", *(scene.name.lower() for scene, told in SCENES.items() if not told.persons)})


class Objection(msgspec.Struct, frozen=True):
    """Why terms may not be published: ground, article, and the sentence for whoever proposed them."""

    ground: str
    article: str
    zh: str
    en: str


def objections(terms: Terms) -> tuple[Objection, ...]:
    """Every reason against publication; empty if there is none."""
    found = []
    if terms.basic_public_service:
        found.extend(_against_conditions(terms))
    if terms.scene in _LENDING and terms.holder is HolderKind.PERSON:
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
    if terms.kind is BenefitKind.VOUCHER and terms.quota_total is None:
        found.append(
            Objection("no-stock", "-", "消费券必须有发放总量", "a voucher needs a stock: how many there are in all")
        )
    if any(_is_beyond(terms, tier) for tier in terms.tiers):
        found.append(
            Objection(
                "tier-over-cap",
                "-",
                "档次额度不得超过权益上限，折扣不得超过一千‰",
                "no tier gives more than the benefit's cap, and no discount is more than the whole",
            )
        )
    if not is_ever_valid(terms.where, terms.when):
        found.append(
            Objection("never-valid", "-", "没有适用的门店或时段", "there is no store or no hour at which it is valid")
        )
    if terms.offline is not None and _depends_on_till(terms):
        found.append(
            Objection(
                "offline-limits",
                "-",
                "离线核销时无法核对门店、时段、门店名额、承诺和叠加规则，请改为只在线办理",
                "what is given offline cannot be held against stores, hours, a store's quota, commitments or stacking: give it online only",
            )
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


def _against_conditions(terms: Terms) -> list[Objection]:
    """A basic public service 基本公共服务 is everybody's, always, and to the same extent."""
    found = []
    if not terms.open_to_all or len(terms.tiers) > 1 or any(tier.commitment is not None for tier in terms.tiers):
        found.append(
            Objection(
                "basic-public-service",
                _ARTICLE_26,
                "基本公共服务不得以信用分、等级或承诺为条件，也不得按等级分档",
                "a basic public service may not be made conditional on a score, a level or a commitment, nor given in tiers",
            )
        )
    rationed = (
        terms.quota_per_day, terms.quota_total, terms.quota_per_store_per_day, terms.per_person_per_day,
        terms.per_person_per_month, terms.stacking_group, terms.where, terms.when,
    )  # fmt: skip
    if any(limit is not None for limit in rationed):
        found.append(
            Objection(
                "basic-public-service-rationed",
                _ARTICLE_26,
                "基本公共服务不得以名额、次数、门店、时段或叠加规则限制",
                "a basic public service may not be rationed by quotas, limits, stores, hours or stacking",
            )
        )
    return found


def _is_beyond(terms: Terms, tier: Tier) -> bool:
    if terms.unit == "permille":
        return tier.value > _WHOLE
    return terms.kind in _PAYS_UP_TO_TIER and terms.cap_fen is not None and tier.value > terms.cap_fen


def _depends_on_till(terms: Terms) -> bool:
    limits = (terms.where, terms.when, terms.quota_per_store_per_day, terms.stacking_group)
    return any(limit is not None for limit in limits) or any(tier.commitment is not None for tier in terms.tiers)


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
    if any(tier.commitment is not None for tier in terms.tiers):
        found.append(
            Objection(
                "tier-commitment",
                "-",
                "面向企业的档次已由企业公开承诺的履行情况决定，不另设个人承诺",
                "an enterprise's tiers rest on the commitments it made in public, and on no person's",
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
