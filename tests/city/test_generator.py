"""The synthetic city: the same bytes from the same seed, nobody real, and exactly the faults it says."""

import hashlib
import io
from collections import Counter, defaultdict
from datetime import date

import msgspec
import pytest

from backend.catalogue.catalogue import load_catalogue
from backend.city.generator import CITY_DAY, FAULTS, City, csv_lines, json_lines
from backend.platform.identifiers import (
    IdentityNumber,
    MobileNumber,
    UnifiedSocialCreditCode,
    is_adult,
    normalise_identity_number,
    normalise_mobile_number,
    normalise_unified_social_credit_code,
)
from backend.records.duplicates import DuplicateFinder
from backend.records.files import validate_file
from backend.records.validation import Accepted, Returned, Validator

SCENES = {"travel", "transit", "rental", "medical", "shopping", "library", "parking", "approvals"}
DIGEST = "b19da6f7a1d348413e1bc0f0c58094dcf7a2febb0b01fec2ddd45e569432c73c"
VALIDATOR = Validator(load_catalogue())


@pytest.fixture(scope="module")
def city() -> City:
    return City(seed=20261101, residents=500)


def digest(city: City) -> str:
    parts = (
        city.residents(),
        city.enterprises(),
        city.sources,
        city.partners,
        city.benefits,
        [city.subsidies],
        city.records(),
    )
    total = hashlib.sha256()
    for part in parts:
        for each in part:
            total.update(msgspec.json.encode(each))
    return total.hexdigest()


def test_a_city_has_the_same_bytes_on_every_run_and_machine() -> None:
    assert digest(City(seed=7, residents=50)) == DIGEST


def test_another_seed_size_or_day_is_another_city() -> None:
    cities = [City(7, 50), City(8, 50), City(7, 51), City(7, 50, date(2026, 11, 2))]
    assert len({digest(city) for city in cities}) == 4


def test_a_city_of_ten_thousand_has_the_promised_size() -> None:
    city = City(seed=1)
    assert (city.resident_count, city.enterprise_count, city.record_count, city.fault_count) == (
        10_000,
        500,
        100_000,
        2_000,
    )
    assert (len(city.sources), len(city.partners), len(city.benefits)) == (19, 30, 28)


def test_nobody_in_the_city_is_real(city: City) -> None:
    residents = list(city.residents())
    assert len({resident.identity_number for resident in residents}) == len(residents) == 500
    assert len({resident.mobile for resident in residents}) == 500
    for resident in residents:
        number = normalise_identity_number(resident.identity_number)
        assert isinstance(number, IdentityNumber)
        assert (number.region, number.birth_date) == ("000000", resident.birth_date)
        assert isinstance(normalise_mobile_number(resident.mobile), MobileNumber)
        assert resident.mobile.startswith("154")
        assert is_adult(resident.birth_date, city.as_of)


def test_identity_numbers_stay_apart_when_birthdays_come_round_again() -> None:
    city = City(seed=3, residents=10_000_000)
    numbers = {city.resident(index).identity_number for index in range(0, 10_000_000, 4_999)}
    assert len(numbers) == len(range(0, 10_000_000, 4_999))


def test_every_organisation_has_a_valid_code_of_its_own(city: City) -> None:
    codes = [each.credit_code for group in (city.enterprises(), city.sources, city.partners) for each in group]
    assert len(set(codes)) == len(codes) == city.enterprise_count + 49
    for code in codes:
        checked = normalise_unified_social_credit_code(code)
        assert isinstance(checked, UnifiedSocialCreditCode)
        assert checked.region == "000000"


def test_partners_cover_every_scene_and_grant_every_benefit(city: City) -> None:
    assert {partner.scene for partner in city.partners} == {benefit.scene for benefit in city.benefits} == SCENES
    scene_of = {benefit.id: benefit.scene for benefit in city.benefits}
    assert len(scene_of) == 28
    assert {benefit for partner in city.partners for benefit in partner.benefits} == set(scene_of)
    for partner in city.partners:
        assert partner.benefits
        assert partner.stores
        assert all(scene_of[benefit] == partner.scene for benefit in partner.benefits)


def test_benefits_rise_with_the_level_and_none_is_a_basic_public_service(city: City) -> None:
    for benefit in city.benefits:
        by_level = [tier for tier in benefit.tiers if tier.commitment is None]
        ranks = [tier.minimum_rank for tier in by_level]
        values = [tier.value for tier in by_level]
        assert ranks == sorted(set(ranks))
        assert values == sorted(values)
        assert set(ranks) <= set(range(5))
        assert not benefit.basic_public_service
        assert benefit.legal_basis
        assert benefit.valid_from <= CITY_DAY < benefit.valid_until
        assert not benefit.open_to_all or ranks[0] == 0
        assert benefit.kind != "deposit-waiver" or benefit.cap_fen == max(values)


def test_sources_deliver_only_catalogue_items_and_together_all_of_them(city: City) -> None:
    assert {item for source in city.sources for item in source.items} == set(load_catalogue().codes)
    granted = {source.code: source.items for source in city.sources}
    assert all(record.item in granted[record.source] for record in city.records() if record.fault != "unknown-item")


def test_exactly_the_faulty_records_are_returned_and_each_for_its_fault(city: City) -> None:
    finders: defaultdict[str, DuplicateFinder] = defaultdict(DuplicateFinder)
    granted = {source.code: source.items for source in city.sources}
    faults: Counter[str] = Counter()
    for record in city.records():
        answer = VALIDATOR.validate_envelope(record.envelope(), city.as_of, granted=granted[record.source])
        answer = finders[record.source].check(answer)
        if record.fault is None:
            assert isinstance(answer, Accepted), answer
        else:
            assert isinstance(answer, Returned)
            assert [reason.code for reason in answer.reasons] == [record.fault]
            faults[record.fault] += 1
    assert faults == dict.fromkeys(FAULTS, city.fault_count // len(FAULTS))


def test_a_duplicate_repeats_the_record_before_it(city: City) -> None:
    previous = None
    for record in city.records():
        if record.fault == "duplicate-in-delivery":
            assert previous is not None
            assert previous.fault is None
            assert (record.source, record.envelope()) == (previous.source, previous.envelope())
        previous = record


def test_the_city_writes_operator_files_that_are_read_back(city: City) -> None:
    source = "market-regulation"
    expected = Counter(record.fault for record in city.records_of(source))
    stream = io.BytesIO(b"".join(json_lines(city.records_of(source))))
    found = Counter(
        answer.reasons[0].code if isinstance(answer, Returned) else None
        for _, answer in validate_file(stream, "json-lines", VALIDATOR, city.as_of)
    )
    assert found == expected
    penalties = [record for record in city.records_of(source) if record.item == "penalty"]
    stream = io.BytesIO(b"".join(csv_lines(penalties, "penalty")))
    rows = list(validate_file(stream, "csv", VALIDATOR, city.as_of))
    assert len(rows) == len(penalties)
    assert sum(isinstance(answer, Returned) for _, answer in rows) == sum(
        record.fault is not None for record in penalties
    )


@pytest.mark.parametrize("residents", [0, -1, 10_000_001])
def test_a_city_of_an_impossible_size_is_refused(residents: int) -> None:
    with pytest.raises(ValueError, match="residents"):
        City(seed=1, residents=residents)


def test_the_smallest_city_is_whole() -> None:
    city = City(seed=1, residents=1)
    assert len(list(city.records())) == 10
    assert len(list(city.enterprises())) == 1
