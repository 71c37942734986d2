"""Sectors 行业 as data: who grants their codes, on which ground and for how long (`sectors.yaml`)."""

from datetime import date
from functools import cache
from importlib.resources import files

import msgspec

from backend.catalogue.catalogue import LegalBasis, Names, Strict


class Sector(Strict, frozen=True):
    """A sector in which an enterprise may show an integrity code: the code's names, the authority that grants it, the legal
    basis, and the longest term in months."""

    code: str
    names: Names
    authority: Names
    legal_basis: tuple[LegalBasis, ...]
    months: int
    effective_from: date
    effective_until: date | None = None

    def in_force(self, day: date) -> bool:
        """Whether a code may be applied for on `day`; `effective_until` is the first day on which it no longer may."""
        return self.effective_from <= day and (self.effective_until is None or day < self.effective_until)


@cache
def sectors() -> dict[str, Sector]:
    """Every sector by code, whatever its dates: a code outlives the list under which it was granted."""
    source = files("backend.displays").joinpath("sectors.yaml").read_bytes()
    return {sector.code: sector for sector in msgspec.yaml.decode(source, type=tuple[Sector, ...])}
