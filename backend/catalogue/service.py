"""What the catalogue room does: the catalogue in use, for the other rooms and for the public."""

from datetime import date
from functools import cache
from threading import Lock

from backend.catalogue.catalogue import Catalogue, CatalogueItem, load_catalogue
from backend.catalogue.messages import CatalogueEntry, PublicityTerm, TermOfGrade
from backend.platform.clock import local_date
from backend.platform.platform import Platform

# Deliveries and rule sets are checked in threads. Two that decode the same types for the first time at once end the process:
# msgspec 0.22 lets the second use what the first has not finished.
_LOADING = Lock()


def present() -> Catalogue:
    """The catalogue in use, with all its versions. Raises CatalogueError when it may not stand."""
    with _LOADING:
        return _loaded()


@cache
def _loaded() -> Catalogue:
    return load_catalogue()


def entries(platform: Platform) -> list[CatalogueEntry]:
    """The items in force today, by code (Reg. art. 18, 30: what is not published is void). No round trip."""
    return [_entry(item) for item in present().in_force(local_date(platform.clock.now()))]


def item_described(code: str, day: date) -> CatalogueItem:
    """The version of an item in force on `day`, else the first or the last one: a record outlives the version it came in
    under. Raises KeyError for a code that never was in the catalogue."""
    versions = [item for item in present().items if item.code == code]
    if not versions:
        raise KeyError(code)
    in_force = [item for item in versions if item.effective_from <= day]
    return max(in_force or [min(versions, key=_start)], key=_start)


def _start(item: CatalogueItem) -> date:
    return item.effective_from


def _entry(item: CatalogueItem) -> CatalogueEntry:
    return CatalogueEntry(
        code=item.code,
        name=item.names.zh,
        name_en=item.names.en,
        provider=item.provider.zh,
        provider_en=item.provider.en,
        legal_basis=item.legal_basis,
        information_class=item.information_class,
        term=[TermOfGrade(grade, months) for grade, months in item.term.months.items()],
        until_own_end=item.term.until_own_end,
        publicity=[
            PublicityTerm(grade, each.published, each.minimum_months, each.maximum_months)
            for grade, each in item.publicity.items()
        ],
        sharing=item.sharing,
        openness_natural=item.openness.natural,
        openness_organisation=item.openness.organisation,
        update_cycle_unit=item.update_cycle.unit,
        update_cycle_count=item.update_cycle.count,
        subject_kinds=item.subject_kinds,
        grades=item.grades,
        amount_unit=item.amount_unit,
        personal_data=item.personal_data.zh,
        personal_data_en=item.personal_data.en,
        effective_from=item.effective_from,
        effective_until=item.effective_until,
    )
