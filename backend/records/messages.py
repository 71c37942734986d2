"""What goes in and out of the records room."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from backend.platform.texts import Reference
from backend.records.reasons import Reason

MOST_ROWS = 10_000


class DeliveryIn(msgspec.Struct, forbid_unknown_fields=True):
    """A batch of records. A row is `{"item": code, "fields": {column: text}, "sequence": version}`.

    A row of another form is returned with its reasons; it does not fail the delivery.
    """

    delivery_ref: Reference
    rows: Annotated[
        list[Any], Meta(min_length=1, max_length=MOST_ROWS, description="最多 10,000 行 at most 10,000 rows")
    ]


class ReturnedRow(msgspec.Struct):
    """A row that went back: its number in the delivery (from 1) and every reason."""

    row: int
    item: str
    record_key: str
    reasons: list[Reason]


class DeliveryOut(msgspec.Struct):
    """What became of a delivery. `stale` rows are older than what is stored; `next` continues the returned rows."""

    id: UUID
    delivery_ref: str
    received_at: datetime
    rows: int
    accepted: int
    replaced: int
    unchanged: int
    stale: int
    returned: int
    returned_rows: list[ReturnedRow]
    next: str | None


class IntakeSummary(msgspec.Struct):
    """What became of a file's rows."""

    rows: int = 0
    accepted: int = 0
    replaced: int = 0
    unchanged: int = 0
    stale: int = 0
    returned: int = 0
    deliveries: list[UUID] = []


class NewSource(msgspec.Struct, frozen=True):
    """A source to be added, with its public signing keys (JWK)."""

    code: str
    name: str
    name_en: str
    items: list[str]
    keys: list[dict[str, str]] = []


class SourceOut(msgspec.Struct):
    """A source as the public sees it."""

    code: str
    name: str
    name_en: str
    items: list[str]


class FieldOut(msgspec.Struct):
    """One column of a record in words."""

    name: str
    title: str
    value: str


class RecordOut(msgspec.Struct):
    """A record as its subject sees it. `corrected_at`: the present version is a correction after an objection."""

    id: UUID
    item: str
    item_name: str
    item_name_en: str
    information_class: str
    source: str
    legal_basis: str
    state: str
    occurred_on: date
    ends_on: date | None
    published_until: date | None
    retained_until: date
    grade: str | None
    amount: int | None
    amount_unit: str | None
    fields: list[FieldOut]
    received_at: datetime
    updated_at: datetime
    corrected_at: datetime | None
    can_hide: bool


class RecordPage(msgspec.Struct):
    """Newest first; `next` is the cursor of the following page, or null."""

    records: list[RecordOut]
    next: str | None


class DisclosedRecord(msgspec.Struct):
    """A record of an organisation as the law opens it to everybody, until the end of the day before `published_until`;
    `objected`: an objection against it is being decided."""

    item: str
    item_name: str
    item_name_en: str
    information_class: str
    source: str
    occurred_on: date
    published_until: date
    objected: bool
    fields: list[FieldOut]


class Correction(msgspec.Struct, frozen=True):
    """What a correction changes: columns to their new text, checked like a delivered row."""

    fields: dict[str, str]
