"""The synthetic city: deterministic, of any size, with the faulty two percent that real feeds have.

Everything is a function of seed, size and day: the same city has the same bytes on every run and machine. Nobody in it is
real: identity numbers and credit codes carry region 000000 and telephone numbers belong to no operator.
"""

import csv
from collections.abc import Iterable, Iterator
from datetime import date
from io import StringIO
from typing import Literal

import msgspec

from backend.city.draw import Draw
from backend.city.materials import Benefit, Subsidies, load_benefits, load_materials, load_subsidies
from backend.city.people import MOST_RESIDENTS, Enterprise, Partner, People, Resident, Source
from backend.city.record_writer import Fields, RecordWriter, Subject
from backend.records.columns import FieldList
from backend.records.fields import FIELD_LISTS

CITY_DAY = date(2026, 11, 1)
"""The day up to which a city's records reach, unless another is handed in."""

Fault = Literal["wrong-check-digit", "impossible-date", "duplicate-in-delivery", "unknown-item", "simple-procedure"]
FAULTS: tuple[Fault, ...] = (
    "wrong-check-digit",
    "impossible-date",
    "duplicate-in-delivery",
    "unknown-item",
    "simple-procedure",
)
"""What is wrong with the faulty records, named by the code of the reason for which they are returned."""

RECORDS_PER_RESIDENT = 10
_RECORDS_PER_FAULT = 50  # two percent
_RESIDENTS_PER_ENTERPRISE = 20

# Of the organisations' share of each item, in percent; the other items are about natural persons only.
_ORGANISATION_PERCENT = {
    "permit": 60,
    "penalty": 50,
    "contract-kept": 5,
    "honour": 5,
    "commitment-kept": 50,
    "commitment-broken": 50,
}
# Most people never get a negative record: these fall on one resident in eight, so that levels spread as in a real city.
_NEGATIVE = frozenset({"penalty", "judgment-default", "breach-judged", "commitment-broken", "permit-by-deception"})
_RESIDENTS_PER_NEGATIVE = 8

# Arrears of service fees are a matter between two parties and in no catalogue; feeds send them all the same.
_UNKNOWN_ITEM = "property-fee-arrears"


class CityRecord(msgspec.Struct, frozen=True):
    """A record as a source delivers it. `fault` is what was made wrong with it, and the reason it must be returned for."""

    source: str
    item: str
    fields: Fields
    fault: Fault | None

    def envelope(self) -> dict[str, object]:
        """The record in a JSON delivery."""
        return {"item": self.item, "fields": self.fields}


class City:
    """A city of `residents`, one enterprise for each 20 of them and ten records for each, up to the day `as_of`.

    Reading it is pure and repeatable; records, residents and enterprises are iterators, so a large city needs no memory.
    """

    def __init__(self, seed: int, residents: int = 10_000, as_of: date = CITY_DAY) -> None:
        """ValueError unless `residents` is 1 to 10,000,000."""
        if not 1 <= residents <= MOST_RESIDENTS:
            raise ValueError(f"residents is 1 to {MOST_RESIDENTS}")
        self.seed = seed
        self.as_of = as_of
        self.resident_count = residents
        self.enterprise_count = max(1, residents // _RESIDENTS_PER_ENTERPRISE)
        self.record_count = residents * RECORDS_PER_RESIDENT
        self.fault_count = self.record_count // _RECORDS_PER_FAULT
        self._materials = load_materials()
        self._people = People(seed, residents, self.enterprise_count, as_of, self._materials)
        self.sources: tuple[Source, ...] = self._people.sources()
        self.partners: tuple[Partner, ...] = self._people.partners()
        self.alliance: tuple[str, ...] = self._materials.alliance
        self.benefits: tuple[Benefit, ...] = load_benefits()
        self.subsidies: Subsidies = load_subsidies()
        # One entry for each thousandth of an item's share: a draw among them follows the shares.
        self._items = tuple(item for item, share in self._materials.items.items() for _ in range(share))
        self._sources_of = {
            item: tuple(source for source in self.sources if item in source.items) for item in self._materials.items
        }

    def resident(self, index: int) -> Resident:
        """The resident of an index from 0 to `resident_count` - 1."""
        return self._people.resident(index)

    def residents(self) -> Iterator[Resident]:
        """All residents, by index."""
        return map(self._people.resident, range(self.resident_count))

    def enterprise(self, index: int) -> Enterprise:
        """The enterprise of an index from 0 to `enterprise_count` - 1."""
        return self._people.enterprise(index)

    def enterprises(self) -> Iterator[Enterprise]:
        """All enterprises, by index."""
        return map(self._people.enterprise, range(self.enterprise_count))

    def records(self) -> Iterator[CityRecord]:
        """All records in the order of delivery. In every fifty exactly one is faulty; the kinds of fault take turns.

        A duplicate follows directly on the record it repeats.
        """
        draw = Draw(f"{self.seed}/records")
        writer = RecordWriter(self.as_of, self._materials)
        faulty_place = 0
        previous: CityRecord | None = None
        for serial in range(self.record_count):
            block, place = divmod(serial, _RECORDS_PER_FAULT)
            if place == 0:
                # Never the first of its fifty, so that a duplicate has a good record before it.
                faulty_place = draw.between(1, _RECORDS_PER_FAULT - 1)
            fault = FAULTS[block % len(FAULTS)] if place == faulty_place else None
            if fault == "duplicate-in-delivery" and previous is not None:
                record = msgspec.structs.replace(previous, fault=fault)
            else:
                record = self._record(draw, writer, serial, fault)
            yield record
            previous = record

    def records_of(self, source: str) -> Iterator[CityRecord]:
        """The records of one source, in the order of delivery."""
        return (record for record in self.records() if record.source == source)

    def _record(self, draw: Draw, writer: RecordWriter, serial: int, fault: Fault | None) -> CityRecord:
        item = "penalty" if fault == "simple-procedure" else draw.pick(self._items)
        source = draw.pick(self._sources_of[item])
        fields = writer.write(draw, item, self._subject(draw, item), source, serial)
        if fault == "wrong-check-digit":
            _spoil_check_digit(fields, _field_list(item))
        elif fault == "impossible-date":
            column = _field_list(item).occurred_on
            fields[column] = f"{fields[column][:4]}-02-30"
        elif fault == "simple-procedure":
            fields["CF_BZ"] = "适用简易程序，当场作出处罚决定"
        elif fault == "unknown-item":
            item = _UNKNOWN_ITEM
        return CityRecord(source.code, item, fields, fault)

    def _subject(self, draw: Draw, item: str) -> Subject:
        if draw.below(100) < _ORGANISATION_PERCENT.get(item, 0):
            return self.enterprise(draw.below(self.enterprise_count))
        index = draw.below(self.resident_count)
        return self.resident(index - index % _RESIDENTS_PER_NEGATIVE if item in _NEGATIVE else index)


def _field_list(item: str) -> FieldList:
    # Both items about commitments share one list.
    return FIELD_LISTS.get(item, FIELD_LISTS["commitment"])


def _spoil_check_digit(fields: Fields, field_list: FieldList) -> None:
    columns = field_list.subject
    column = columns.credit_code if columns.credit_code in fields else columns.document_number
    fields[column] = fields[column][:-1] + ("1" if fields[column].endswith("0") else "0")


def json_lines(records: Iterable[CityRecord]) -> Iterator[bytes]:
    """Records as lines of an operator file in the form `json-lines`."""
    encode = msgspec.json.Encoder().encode
    return (encode(record.envelope()) + b"\n" for record in records)


def csv_lines(records: Iterable[CityRecord], item: str) -> Iterator[bytes]:
    """The records of `item` as an operator file in the form `csv`, with every column of its list, in UTF-8."""
    columns = [field.name for field in _field_list(item).fields]
    line = StringIO(newline="")
    writer = csv.DictWriter(line, columns, lineterminator="\n")
    writer.writeheader()
    yield line.getvalue().encode()
    for record in records:
        if record.item == item:
            line.seek(0)
            line.truncate()
            writer.writerow(record.fields)
            yield line.getvalue().encode()
