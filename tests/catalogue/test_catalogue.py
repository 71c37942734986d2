"""The catalogue: what may be recorded, and what a catalogue is refused for."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import cache
from threading import Barrier

import msgspec
import pytest

from backend.catalogue import service
from backend.catalogue.catalogue import STANDARD_CATALOGUE, Catalogue, load_catalogue, parse_catalogue
from backend.catalogue.refusal import CatalogueError

TODAY = date(2026, 11, 23)
ITEMS = {
    "honour",
    "righteous-act",
    "volunteer-service",
    "donation",
    "contract-kept",
    "commitment-kept",
    "permit",
    "penalty",
    "judgment-default",
    "breach-judged",
    "commitment-broken",
    "volunteer-organiser",
    "volunteer-training",
    "emergency-volunteering",
    "goods-donation",
    "mediation-agreement-kept",
    "library-returns",
    "judgment-performed",
    "repair-kept",
    "skills-competition",
    "first-aid-certificate",
    "mediation-service",
    "community-post",
    "tree-planting",
    "permit-by-deception",
}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def catalogue_with(code: str, changes: dict[str, object] | None = None, *, without: str | None = None) -> bytes:
    """The standard catalogue's file with one item, a key left out or changed."""
    file = msgspec.yaml.decode(STANDARD_CATALOGUE.read_bytes())
    item = next(each for each in file["items"] if each["code"] == code)
    item |= changes or {}
    if without is not None:
        del item[without]
    return msgspec.yaml.encode({"forbidden": file["forbidden"], "items": [item]})


def ground(text: bytes) -> str:
    with pytest.raises(CatalogueError) as refused:
        parse_catalogue(text)
    assert refused.value.zh
    assert refused.value.en
    return refused.value.ground


def test_the_standard_catalogue_has_every_item_of_the_city(catalogue: Catalogue) -> None:
    assert set(catalogue.codes) == ITEMS
    assert {item.code for item in catalogue.in_force(TODAY)} == ITEMS


def test_every_item_names_provider_basis_class_term_and_attributes(catalogue: Catalogue) -> None:
    for item in catalogue.items:
        assert item.provider.zh
        assert item.provider.en
        assert all(basis.document and basis.article for basis in item.legal_basis)
        assert item.personal_data.zh
        for grade in item.grades or (None,):
            assert item.term_months_for(grade) > 0


def test_no_record_of_a_natural_person_is_open(catalogue: Catalogue) -> None:
    assert all(item.openness_for("natural") == "closed" for item in catalogue.items)


def test_penalties_are_published_as_order_36_says(catalogue: Catalogue) -> None:
    penalty = catalogue.item("penalty", TODAY)
    assert penalty is not None
    periods = {grade: penalty.publicity_for(grade) for grade in penalty.grades}
    assert {
        grade: (period.published, period.minimum_months, period.maximum_months)
        for grade, period in periods.items()
        if period
    } == {"minor": (False, 0, 3), "general": (True, 3, 12), "serious": (True, 12, 36)}


def test_an_item_is_unknown_before_it_takes_effect(catalogue: Catalogue) -> None:
    assert catalogue.item("penalty", date(2026, 3, 31)) is None
    assert catalogue.item("penalty", date(2026, 4, 1)) is not None
    assert catalogue.item("petition", TODAY) is None


def test_versions_follow_each_other_by_date() -> None:
    file = msgspec.yaml.decode(catalogue_with("donation"))
    older = {**file["items"][0], "effective_until": date(2027, 1, 1)}
    newer = {**older, "effective_from": date(2027, 1, 1), "effective_until": None, "term": {"months": {"any": 24}}}
    dated = parse_catalogue(msgspec.yaml.encode({**file, "items": [newer, older]}))
    for day, months in ((date(2026, 12, 31), 36), (date(2027, 1, 1), 24)):
        item = dated.item("donation", day)
        assert item is not None
        assert item.term_months_for(None) == months


def test_two_versions_on_one_day_are_refused() -> None:
    file = msgspec.yaml.decode(catalogue_with("donation"))
    assert ground(msgspec.yaml.encode({**file, "items": file["items"] * 2})) == "versions-overlap"


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("provider", "provider"),
        ("legal_basis", "legal-basis"),
        ("class", "class"),
        ("term", "term"),
        ("sharing", "sharing"),
        ("openness", "openness"),
        ("update_cycle", "update-cycle"),
        ("personal_data", "unreadable"),
    ],
)
def test_an_item_without_what_article_18_demands_is_refused(key: str, expected: str) -> None:
    assert ground(catalogue_with("penalty", without=key)) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"legal_basis": []}, "legal-basis"),
        ({"legal_basis": [{"document": "某法", "article": ""}]}, "legal-basis"),
        ({"provider": {"zh": "", "en": ""}}, "provider"),
        ({"term": {"months": {"minor": 3, "general": 12}}}, "term"),
        ({"term": {"months": {"any": 0}}}, "term"),
        ({"publicity": {}}, "publicity"),
        ({"publicity": {"any": {"published": True, "minimum_months": 6, "maximum_months": 3}}}, "publicity"),
        ({"grades": []}, "grades"),
        ({"subject_kinds": []}, "subject-kinds"),
        ({"subject_kinds": ["minor-child"]}, "unreadable"),
        ({"openness": {"natural": "public", "organisation": "public"}}, "unreadable"),
        ({"effective_until": date(2026, 4, 1)}, "effective-dates"),
        ({"names": {"zh": "患病记录", "en": "Record"}}, "forbidden"),
        ({"names": {"zh": "记录", "en": "Blood type"}}, "forbidden"),
        ({"code": "religion"}, "forbidden"),
        ({"code": "family-income"}, "forbidden"),
        ({"surprise": 1}, "unreadable"),
    ],
)
def test_an_item_that_may_not_stand_is_refused(changes: dict[str, object], expected: str) -> None:
    assert ground(catalogue_with("penalty", changes)) == expected


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"items: [", b"\xff", b"items: [{effective_from: 2026-02-30}]\nforbidden: []"]
)
def test_what_is_no_catalogue_is_refused(text: bytes) -> None:
    assert ground(text) == "unreadable"


@pytest.mark.parametrize(
    "name", ["blood_type", "RY_血型", "bloodType", "ZJXY", "medicalHistory", "家庭收入", "property_tax"]
)
def test_forbidden_names_are_found(catalogue: Catalogue, name: str) -> None:
    assert catalogue.forbidden_ground(name) is not None


@pytest.mark.parametrize("name", ["CF_NR_FK", "general", "generation", "taxi", "备注", "healthy"])
def test_innocent_names_are_not_forbidden(catalogue: Catalogue, name: str) -> None:
    assert catalogue.forbidden_ground(name) is None


def test_however_many_threads_ask_first_the_catalogue_is_loaded_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    together, loads = Barrier(4), list[Catalogue]()

    def slowly() -> Catalogue:
        time.sleep(0.05)
        loads.append(load_catalogue())
        return loads[-1]

    def ask(_: int) -> Catalogue:
        together.wait()
        return service.present()

    monkeypatch.setattr(service, "load_catalogue", slowly)
    monkeypatch.setattr(service, "_loaded", cache(service._loaded.__wrapped__))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(ask, range(4)))
    assert len(loads) == 1
    assert all(each is loads[0] for each in found)
