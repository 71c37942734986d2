"""Who is eligible for what, with every reason; and what may never be published."""

from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from partners.benefits.commitments import WORDS as PROMISES
from partners.benefits.commitments import CommitmentKind
from partners.benefits.eligibility import (
    WORDS,
    Commitments,
    Decision,
    EnterpriseHolder,
    Holder,
    Reason,
    Standing,
    Usage,
    decide,
)
from partners.benefits.publication import objections
from partners.benefits.terms import BenefitKind, HolderKind, OfflineTerms, Terms, Text, Tier
from partners.benefits.validity import Place, When, Where
from partners.codes.scenes import SCENES, Scene

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = date(2026, 11, 23)
STORE = UUID(int=1)
PAY_ON_TIME = CommitmentKind.PAY_ON_TIME
OFFLINE = OfflineTerms(number=1, per_person_per_day=1)
# A Monday at ten, as a clock in Asia/Shanghai shows it.
NOW = datetime(2026, 11, 23, 10, tzinfo=SHANGHAI)
TIERS = (
    Tier(Text("诚信", "Trusted"), 1, 100),
    Tier(Text("优秀", "Very good"), 3, 250),
)


def terms(**changes: Any) -> Terms:
    """A discount for two tiers."""
    given: dict[str, Any] = {
        "id": "park-ticket-discount",
        "version": 1,
        "scene": "travel",
        "kind": BenefitKind.DISCOUNT,
        "unit": "permille",
        "names": Text("门票折扣", "Ticket discount"),
        "description": Text("门票", "Tickets"),
        "legal_basis": "清单",
        "tiers": TIERS,
        "valid_from": date(2026, 1, 1),
        "valid_until": date(2027, 1, 1),
    }
    return Terms(**{**given, **changes})


def holder(**changes: Any) -> Holder:
    """Somebody with both consents and rank 2."""
    return Holder(**{"computes": True, "shows": True, "rank": 2, **changes})


@pytest.mark.parametrize(("rank", "value"), [(1, 100), (2, 100), (3, 250), (4, 250)])
def test_a_level_gets_the_best_tier_it_reaches(rank: int, value: int) -> None:
    decision = decide(terms(), holder(rank=rank), Usage(), NOW)
    assert decision.eligible
    assert decision.tier is not None
    assert decision.tier.value == value


@pytest.mark.parametrize(
    ("of_terms", "of_holder", "usage", "reason"),
    [
        ({}, {"rank": 0}, Usage(), Reason.LEVEL_BELOW),
        ({}, {"rank": None}, Usage(), Reason.NO_COMPUTE_CONSENT),
        ({}, {"computes": False}, Usage(), Reason.NO_COMPUTE_CONSENT),
        ({}, {"shows": False}, Usage(), Reason.NO_SHOW_CONSENT),
        ({}, {"closed_offers": frozenset({"park-ticket-discount"})}, Usage(), Reason.OFFER_CLOSED),
        ({"valid_until": DAY}, {}, Usage(), Reason.NOT_IN_FORCE),
        ({"per_person_per_day": 2}, {}, Usage(person_today=2), Reason.PERSON_DAY),
        ({"per_person_per_month": 3}, {}, Usage(person_month=3), Reason.PERSON_MONTH),
        ({"quota_per_day": 10}, {}, Usage(today=10), Reason.QUOTA_DAY),
        ({"quota_total": 10}, {}, Usage(total=10), Reason.QUOTA_TOTAL),
    ],
)
def test_every_reason_declines(of_terms: Any, of_holder: Any, usage: Usage, reason: Reason) -> None:
    assert decide(terms(**of_terms), holder(**of_holder), usage, NOW) == Decision(False, None, (reason,))


def test_an_unpaid_bill_closes_that_offer_only() -> None:
    closed = holder(closed_offers=frozenset({"another-benefit"}))
    assert decide(terms(), closed, Usage(), NOW).eligible


@pytest.mark.parametrize(
    ("of_terms", "usage", "place", "reason"),
    [
        ({"when": When(weekdays=(2, 3))}, Usage(), None, Reason.OTHER_TIME),
        ({"when": When(opens="10:01")}, Usage(), None, Reason.OTHER_TIME),
        ({"when": When(opens="08:00", closes="10:00")}, Usage(), None, Reason.OTHER_TIME),
        ({"when": When(except_on=(DAY,))}, Usage(), None, Reason.OTHER_TIME),
        ({"where": Where(stores=(STORE,))}, Usage(), Place(), Reason.OTHER_PLACE),
        ({"where": Where(stores=(STORE,))}, Usage(), Place(UUID(int=2), "taoyuan"), Reason.OTHER_PLACE),
        ({"where": Where(districts=("taoyuan",))}, Usage(), Place(STORE, "linhe"), Reason.OTHER_PLACE),
        ({"quota_per_store_per_day": 3}, Usage(), Place(), Reason.OTHER_PLACE),
        ({"quota_per_store_per_day": 3}, Usage(store_today=3), Place(STORE, "taoyuan"), Reason.QUOTA_STORE),
        ({"stacking_group": "parking"}, Usage(group_today=1), None, Reason.STACKED),
    ],
)
def test_where_when_and_beside_what_declines(of_terms: Any, usage: Usage, place: Place | None, reason: Reason) -> None:
    assert decide(terms(**of_terms), holder(), usage, NOW, None, place) == Decision(False, None, (reason,))


@pytest.mark.parametrize(
    ("of_terms", "place"),
    [
        ({"when": When(weekdays=(1,), opens="10:00", closes="10:01")}, None),
        ({"where": Where(stores=(STORE,))}, Place(STORE, "linhe")),
        ({"where": Where(districts=("taoyuan",))}, Place(UUID(int=2), "taoyuan")),
        ({"where": Where(stores=(STORE,), districts=("taoyuan",))}, Place(UUID(int=2), "taoyuan")),
        ({"where": Where(stores=(STORE,)), "quota_per_store_per_day": 3}, None),
        ({"stacking_group": "parking"}, None),
    ],
)
def test_at_its_place_and_hour_it_is_given(of_terms: Any, place: Place | None) -> None:
    assert decide(terms(**of_terms), holder(), Usage(store_today=2), NOW, None, place).eligible


COMMITTED = msgspec.structs.replace(TIERS[0], commitment=PAY_ON_TIME, value=50)


def test_a_commitment_opens_its_tier_whatever_the_level_and_only_for_its_benefit() -> None:
    offer = terms(tiers=(COMMITTED, TIERS[1]))
    for rank in (None, 0, 2):
        assert decide(offer, holder(rank=rank), Usage(), NOW).reasons == (Reason.COMMITMENT_OPEN,)
        made = holder(rank=rank, computes=False, committed=frozenset({(offer.id, PAY_ON_TIME)}))
        assert decide(offer, made, Usage(), NOW).tier == COMMITTED
    elsewhere = holder(committed=frozenset({("another-benefit", PAY_ON_TIME), (offer.id, CommitmentKind.PAPERS_LATER)}))
    assert decide(offer, elsewhere, Usage(), NOW).reasons == (Reason.COMMITMENT_OPEN,)


def test_no_level_reaches_a_tier_that_a_commitment_opens_and_the_best_of_both_is_given() -> None:
    offer = terms(tiers=(TIERS[0], msgspec.structs.replace(COMMITTED, minimum_rank=2)))
    assert decide(offer, holder(rank=4), Usage(), NOW).tier == TIERS[0]
    made = holder(rank=4, committed=frozenset({(offer.id, PAY_ON_TIME)}))
    assert decide(offer, made, Usage(), NOW).tier == offer.tiers[1]


def test_an_unpaid_bill_closes_what_a_commitment_opened_until_it_is_settled() -> None:
    offer = terms(tiers=(COMMITTED,))
    made = holder(committed=frozenset({(offer.id, PAY_ON_TIME)}), closed_offers=frozenset({offer.id}))
    assert decide(offer, made, Usage(), NOW).reasons == (Reason.OFFER_CLOSED,)


@pytest.mark.parametrize(
    ("changes", "ground"),
    [
        ({"kind": BenefitKind.VOUCHER}, "no-stock"),
        ({"tiers": (Tier(Text("全免", "All"), 0, 1001),)}, "tier-over-cap"),
        (
            {
                "kind": BenefitKind.PAY_AFTER_USE,
                "unit": "fen",
                "cap_fen": 300_000,
                "tiers": (Tier(Text("高", "High"), 0, 300_001),),
            },
            "tier-over-cap",
        ),
        ({"where": Where()}, "never-valid"),
        ({"when": When(opens="10:00", closes="10:00")}, "never-valid"),
        ({"offline": OFFLINE, "tiers": TIERS[:1], "when": When()}, "offline-limits"),
        ({"offline": OFFLINE, "tiers": TIERS[:1], "where": Where(stores=(STORE,))}, "offline-limits"),
        ({"offline": OFFLINE, "tiers": TIERS[:1], "stacking_group": "parking"}, "offline-limits"),
        ({"offline": OFFLINE, "tiers": TIERS[:1], "quota_per_store_per_day": 3}, "offline-limits"),
        ({"offline": OFFLINE, "tiers": (COMMITTED,)}, "offline-limits"),
        ({"scene": "lending"}, "finance"),
    ],
)
def test_terms_that_cannot_hold_are_not_published(changes: dict[str, Any], ground: str) -> None:
    assert [each.ground for each in objections(terms(**changes))] == [ground]


def test_lending_is_for_enterprises_only_and_commitments_of_persons_are_not_theirs() -> None:
    assert objections(terms(**FOR_ENTERPRISES, scene="lending")) == ()
    [found] = objections(terms(**{**FOR_ENTERPRISES, "tiers": (COMMITTED,)}))
    assert found.ground == "tier-commitment"


def test_every_reason_and_every_commitment_has_its_words_in_both_languages() -> None:
    assert set(WORDS) == set(Reason)
    assert set(PROMISES) == set(CommitmentKind)
    assert set(SCENES) == set(Scene) - {Scene.ANY}


def test_what_is_open_to_all_asks_for_no_score() -> None:
    decision = decide(terms(open_to_all=True), holder(computes=False, rank=None), Usage(), NOW)
    assert (decision.eligible, decision.tier) == (True, TIERS[0])


def test_an_amount_over_the_cap_is_declined() -> None:
    assert decide(terms(cap_fen=100), holder(), Usage(), NOW, amount_fen=101).reasons == (Reason.AMOUNT,)


RANKS = some.one_of(some.none(), some.integers(0, 6))
LIMITS = some.one_of(some.none(), some.integers(1, 3))
COUNTS = some.integers(0, 4)


@given(some.integers(0, 6), some.integers(0, 6), some.booleans(), some.builds(Usage, COUNTS, COUNTS, COUNTS, COUNTS))
def test_a_better_level_never_takes_a_benefit_away(one: int, other: int, open_to_all: bool, usage: Usage) -> None:
    given = terms(open_to_all=open_to_all, quota_per_day=2, quota_total=3, per_person_per_day=2, per_person_per_month=3)
    lower, higher = (decide(given, holder(rank=rank), usage, NOW) for rank in sorted((one, other)))
    assert higher.eligible >= lower.eligible
    if lower.tier is not None and higher.tier is not None:
        assert higher.tier.minimum_rank >= lower.tier.minimum_rank


@given(RANKS, LIMITS, LIMITS, LIMITS, LIMITS, some.integers(1, 12))
def test_no_limit_is_ever_passed(
    rank: int | None, per_day: int | None, per_month: int | None, quota_day: int | None, quota: int | None, tries: int
) -> None:
    given = terms(
        per_person_per_day=per_day, per_person_per_month=per_month, quota_per_day=quota_day, quota_total=quota
    )
    used = 0
    for _ in range(tries):
        used += decide(given, holder(rank=rank), Usage(used, used, used, used), NOW).eligible
    bounds = [limit for limit in (per_day, per_month, quota_day, quota) if limit is not None]
    assert used == (0 if rank is None or rank < 1 else min([tries, *bounds]))


@given(some.booleans(), some.booleans(), RANKS)
def test_eligible_and_reasons_are_never_both_there_nor_both_absent(
    computes: bool, shows: bool, rank: int | None
) -> None:
    decision = decide(terms(), holder(computes=computes, shows=shows, rank=rank), Usage(), NOW)
    assert decision.eligible == (not decision.reasons) == (decision.tier is not None)
    assert decision.eligible <= (computes and shows and rank is not None)


def test_every_reason_has_words_for_the_holder() -> None:
    assert set(WORDS) == set(Reason)


@pytest.mark.parametrize(
    ("changes", "ground"),
    [
        ({"basic_public_service": True}, "basic-public-service"),
        ({"scene": "loan"}, "finance"),
        ({"legal_basis": " "}, "no-legal-basis"),
        ({"tiers": ()}, "empty"),
        ({"kind": BenefitKind.DEPOSIT_WAIVER}, "no-cap"),
    ],
)
def test_what_limits_or_stands_on_nothing_is_not_published(changes: Any, ground: str) -> None:
    assert [objection.ground for objection in objections(terms(**changes))] == [ground]


def test_a_basic_public_service_may_be_offered_to_all() -> None:
    assert objections(terms(basic_public_service=True, open_to_all=True, tiers=TIERS[:1])) == ()


@pytest.mark.parametrize(
    ("changes", "ground"),
    [
        ({"open_to_all": False}, "basic-public-service"),
        ({"tiers": TIERS}, "basic-public-service"),
        ({"tiers": (msgspec.structs.replace(TIERS[0], commitment=PAY_ON_TIME),)}, "basic-public-service"),
        ({"quota_per_day": 10}, "basic-public-service-rationed"),
        ({"quota_total": 10}, "basic-public-service-rationed"),
        ({"quota_per_store_per_day": 10}, "basic-public-service-rationed"),
        ({"per_person_per_day": 1}, "basic-public-service-rationed"),
        ({"per_person_per_month": 1}, "basic-public-service-rationed"),
        ({"stacking_group": "care"}, "basic-public-service-rationed"),
        ({"where": Where(districts=("taoyuan",))}, "basic-public-service-rationed"),
        ({"when": When(weekdays=(1,))}, "basic-public-service-rationed"),
    ],
)
def test_a_basic_public_service_is_neither_conditional_nor_rationed_by_any_term(
    changes: dict[str, Any], ground: str
) -> None:
    basic = {"basic_public_service": True, "open_to_all": True, "tiers": TIERS[:1], **changes}
    [found] = objections(terms(**basic))
    assert (found.ground, "第二十六条" in found.article) == (ground, True)


def test_terms_come_back_from_their_stored_form() -> None:
    given = terms(cap_fen=100)
    assert msgspec.convert(msgspec.to_builtins(given), Terms) == given


FOR_ENTERPRISES: dict[str, Any] = {
    "holder": HolderKind.ENTERPRISE,
    "tiers": (Tier(Text("已承诺", "Committed"), 1, 5), Tier(Text("已履行", "Kept"), 2, 10)),
}


@pytest.mark.parametrize(
    ("made", "kept", "broken", "standing"),
    [
        (0, 0, 0, Standing.REGISTERED),
        (1, 0, 0, Standing.COMMITTED),
        (3, 1, 0, Standing.KEPT),
        (3, 2, 1, Standing.REGISTERED),
        (1, 0, 1, Standing.REGISTERED),
    ],
)
def test_the_standing_of_an_enterprise_is_what_it_promised_and_kept(
    made: int, kept: int, broken: int, standing: Standing
) -> None:
    assert Commitments(made, kept, broken).standing is standing


@pytest.mark.parametrize(
    ("registered", "commitments", "value", "reasons"),
    [
        (True, Commitments(1), 5, ()),
        (True, Commitments(1, 1), 10, ()),
        (True, Commitments(), None, (Reason.STANDING_BELOW,)),
        (True, Commitments(2, 1, 1), None, (Reason.COMMITMENT_BROKEN,)),
        (False, Commitments(1, 1), None, (Reason.NOT_REGISTERED,)),
    ],
)
def test_an_enterprise_gets_the_best_tier_its_standing_reaches_or_every_reason(
    registered: bool, commitments: Commitments, value: int | None, reasons: tuple[Reason, ...]
) -> None:
    decision = decide(terms(**FOR_ENTERPRISES), EnterpriseHolder(registered, commitments), Usage(), NOW)
    assert decision.reasons == reasons
    assert (decision.tier.value if decision.tier is not None else None) == value


def test_a_holder_of_the_other_kind_is_told_so_and_nothing_about_levels() -> None:
    enterprise = EnterpriseHolder(True, Commitments(2, 2))
    assert decide(terms(), enterprise, Usage(), NOW).reasons == (Reason.OTHER_HOLDER,)
    assert decide(terms(open_to_all=True), enterprise, Usage(), NOW).reasons == (Reason.OTHER_HOLDER,)
    for rank in (None, 0, 4):
        person = holder(rank=rank, computes=rank is not None)
        assert decide(terms(**FOR_ENTERPRISES), person, Usage(), NOW).reasons == (Reason.OTHER_HOLDER,)


@pytest.mark.parametrize(
    ("changes", "ground"),
    [
        ({"offline": OfflineTerms(number=1, per_person_per_day=1), "tiers": FOR_ENTERPRISES["tiers"][:1]}, "holder"),
        ({"confirm": True}, "holder"),
        ({"kind": BenefitKind.DEPOSIT_WAIVER, "cap_fen": 1000}, "holder"),
        ({"tiers": (Tier(Text("典范", "Exemplary"), 3, 5),)}, "tiers"),
        ({"basic_public_service": True}, "basic-public-service"),
    ],
)
def test_what_a_persons_phone_signs_is_not_published_for_enterprises(changes: dict[str, Any], ground: str) -> None:
    assert objections(terms(**FOR_ENTERPRISES)) == ()
    assert [each.ground for each in objections(terms(**{**FOR_ENTERPRISES, **changes}))] == [ground]
