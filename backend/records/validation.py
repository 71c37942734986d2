"""Whether a delivered row becomes a record: every rule of the catalogue and the field lists, all reasons at once.

Pure: nothing is read or stored here. The day of the delivery is handed in.
"""

from collections.abc import Collection, Mapping
from datetime import date

import msgspec

from backend.catalogue.catalogue import Catalogue, CatalogueItem, SubjectKind
from backend.catalogue.refusal import CatalogueError
from backend.platform.identifiers import (
    DocumentKind,
    InvalidIdentifier,
    is_adult,
    mask_name,
    normalise_document_number,
    normalise_unified_social_credit_code,
)
from backend.records.columns import Field, FieldList
from backend.records.field_values import fen_of, read_value
from backend.records.fields import FIELD_LISTS
from backend.records.penalty_class import SimpleProcedureSigns, penalty_class
from backend.records.periods import record_periods
from backend.records.reasons import Reason, identifier_reason, reason

GREATEST_SEQUENCE = 2**53 - 1
_MOST_REASONS = 50


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """A row that becomes a record.

    `identifier` is normalised (document number or credit code) and `document_kind` is set for natural persons. `record_key`
    is item and the source's document number: stable over versions, without personal data, unique within a source.
    `sequence` orders versions: a greater one replaces, an equal one with other content replaces too, a smaller one is stale.
    `amount` is fen or hours by the item. `ends_on`, `published_until` and `retained_until` are first days on which the record
    no longer counts (None: the rule set decides), is no longer published (None: never published) and moves to the archive.
    `facts` are the normalised columns without those that identify anybody; `fields` are all of them.
    """

    item: str
    subject_kind: SubjectKind
    document_kind: str | None
    identifier: str
    name: str
    record_key: str
    sequence: int
    occurred_on: date
    ends_on: date | None
    retained_until: date
    published_until: date | None
    grade: str | None
    amount: int | None
    facts: dict[str, str]
    fields: dict[str, str]

    def content(self) -> bytes:
        """The row in one canonical form, equal for equal content. Personal: key it (HMAC) before storing a digest."""
        return msgspec.json.encode([self.item, self.fields], order="sorted")

    def __repr__(self) -> str:
        return f"Accepted({self.item}, {self.record_key}, {mask_name(self.name)})"


class Returned(msgspec.Struct, frozen=True, kw_only=True):
    """A row that is returned to its source with every reason found, at most fifty; `line` where it came from a file."""

    reasons: tuple[Reason, ...]
    item: str = ""
    record_key: str = ""
    line: int | None = None


class _Plan:
    """What a version of an item asks of a row, prepared once."""

    def __init__(self, item: CatalogueItem, catalogue: Catalogue) -> None:
        field_list = FIELD_LISTS.get(item.fields)
        if field_list is None:
            raise CatalogueError(item.code, "fields", item.fields)
        self.item = item
        self.field_list: FieldList = field_list
        self.fields: dict[str, Field] = {field.name: field for field in field_list.fields}
        self.required: tuple[Field, ...] = tuple(field for field in field_list.fields if field.required)
        self.facts: frozenset[str] = frozenset(field.name for field in field_list.fields if not field.personal)
        self.effective_document: frozenset[str] = frozenset(
            field_list.effective_document if item.information_class == "negative" else ()
        )
        self.signs = SimpleProcedureSigns(item.simple_procedure) if item.simple_procedure else None
        self._check(catalogue)

    def _check(self, catalogue: Catalogue) -> None:
        for field in self.field_list.fields:
            if (basis := catalogue.forbidden_ground(field.title)) is not None:
                raise CatalogueError(self.item.code, "forbidden", f"{field.name} {basis.document}{basis.article}")
        grading = self.item.grading
        columns_suffice = (
            # Reg. art. 27: dishonesty cannot be recorded from a list that proves no effective document.
            (self.item.information_class != "negative" or bool(self.effective_document))
            and (self.item.amount_unit is None or self.field_list.amount is not None)
            and (len(self.item.grades) < 2 or grading is not None or self.field_list.grade is not None)
            and (grading is None or self.kinds_of_penalty() <= set(grading.kinds))
            and (self.item.only_when is None or self.item.only_when.field in self.fields)
            and (self.item.simple_procedure is None or set(self.item.simple_procedure.words) <= set(self.fields))
        )
        if not columns_suffice:
            raise CatalogueError(self.item.code, "fields", self.item.fields)

    def kinds_of_penalty(self) -> set[str]:
        column = self.field_list.penalty_kinds
        return set(self.fields[column].choices.values()) if column is not None else {""}


class Validator:
    """Checks rows against one catalogue. Immutable and cheap to share."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Raises CatalogueError when an item's field list cannot carry what the item demands."""
        self._catalogue = catalogue
        self._plans = {(item.code, item.effective_from): _Plan(item, catalogue) for item in catalogue.items}

    def validate_envelope(
        self, envelope: object, on: date, *, granted: Collection[str] | None = None
    ) -> Accepted | Returned:
        """Checks one record of a JSON delivery, `{"item": ..., "fields": {...}, "sequence": 0}`, on the day `on`.

        `granted` are the items the source may deliver; None grants all.
        """
        if not isinstance(envelope, Mapping) or not envelope.keys() <= {"item", "fields", "sequence"}:
            return Returned(reasons=(reason("malformed-row"),))
        item, fields, sequence = envelope.get("item"), envelope.get("fields"), envelope.get("sequence", 0)
        if (
            not isinstance(item, str)
            or not isinstance(fields, Mapping)
            or not all(isinstance(key, str) for key in fields)
        ):
            return Returned(reasons=(reason("malformed-row"),))
        if type(sequence) is not int or not 0 <= sequence <= GREATEST_SEQUENCE:
            return Returned(reasons=(reason("malformed-sequence", "sequence"),))
        if granted is not None and item not in granted and item in self._catalogue.codes:
            return Returned(reasons=(reason("item-not-granted", "item"),), item=item)
        return self.validate(fields, item, on, sequence=sequence)

    def validate(self, row: Mapping[str, object], item: str, on: date, *, sequence: int = 0) -> Accepted | Returned:
        """Checks one row of columns as a record of `item` delivered on the day `on` (Asia/Shanghai).

        Values are text; a blank one counts as absent. `sequence` is the source's own counter of versions of the document.
        """
        version = self._catalogue.item(item, on)
        if version is None:
            return Returned(reasons=(reason("unknown-item", "item"),))
        return _Reading(self._plans[version.code, version.effective_from], self._catalogue, on).run(row, sequence)


class _Reading:
    """One row being read: values and reasons grow until the row is a record or goes back."""

    def __init__(self, plan: _Plan, catalogue: Catalogue, on: date) -> None:
        self.plan = plan
        self.catalogue = catalogue
        self.on = on
        self.values: dict[str, str] = {}
        self.given: set[str] = set()
        self.reasons: list[Reason] = []

    def run(self, row: Mapping[str, object], sequence: int) -> Accepted | Returned:
        self.read_columns(row)
        self.demand_columns()
        self.check_rules()
        subject = self.read_subject()
        key = self.record_key()
        if self.reasons or subject is None:
            item = self.plan.item.code
            return Returned(reasons=tuple(self.reasons[:_MOST_REASONS]), item=item, record_key=key)
        return self.accept(subject, key, sequence)

    def refuse(self, code: str, name: str) -> None:
        self.reasons.append(reason(code, name, self.plan.fields[name].title))

    def read_columns(self, row: Mapping[str, object]) -> None:
        for name, value in row.items():
            field = self.plan.fields.get(name)
            if field is None:
                if len(self.reasons) < _MOST_REASONS:
                    forbidden = self.catalogue.forbidden_ground(name) is not None
                    self.reasons.append(reason("forbidden-content" if forbidden else "unknown-field", name))
                continue
            if value is None or value == "":
                continue
            self.given.add(name)
            if not isinstance(value, str):
                self.refuse("not-text", name)
                continue
            if value.isspace():
                self.given.discard(name)
                continue
            answer = read_value(value, field, self.on)
            if isinstance(answer, str):
                self.values[name] = answer
            else:
                self.reasons.append(answer)

    def demand(self, name: str) -> None:
        if name not in self.given:
            self.refuse("no-effective-document" if name in self.plan.effective_document else "missing-field", name)

    def demand_columns(self) -> None:
        for field in self.plan.required:
            self.demand(field.name)
        for name, other, values in self.plan.field_list.required_when:
            if not set(self.values.get(other, "").split("、")).isdisjoint(values):
                self.demand(name)

    def check_rules(self) -> None:
        for first, second in self.plan.field_list.in_order:
            if first in self.values and second in self.values and self.values[second] < self.values[first]:
                self.refuse("dates-reversed", second)
        condition = self.plan.item.only_when
        if (
            condition is not None
            and condition.field in self.values
            and self.values[condition.field] not in condition.values
        ):
            self.refuse("status-does-not-match", condition.field)
        grade_column = self.plan.field_list.grade
        if (
            grade_column in self.values
            and self.plan.item.grades
            and self.values[grade_column] not in self.plan.item.grades
        ):
            self.refuse("not-a-choice", grade_column)
        if self.plan.signs is not None and (column := self.plan.signs.column_with_sign(self.values)) is not None:
            self.refuse("simple-procedure", column)

    def read_subject(self) -> tuple[SubjectKind, str | None, str] | None:
        """Kind of subject, document kind and identifier; None when a reason was added or the kind is not known."""
        columns = self.plan.field_list.subject
        kind = next((each for each in self.plan.item.subject_kinds if each == self.values.get(columns.kind)), None)
        if kind is None:
            if columns.kind in self.values:
                self.refuse("subject-kind-not-taken", columns.kind)
            return None
        if kind == "natural":
            return self.read_person()
        # In the commitment list one column holds either number; elsewhere this repeats a check already made.
        self.demand(columns.credit_code)
        if columns.credit_code not in self.values:
            return None
        code = normalise_unified_social_credit_code(self.values[columns.credit_code])
        if isinstance(code, InvalidIdentifier):
            self.reasons.append(identifier_reason(code, columns.credit_code))
            return None
        self.values[columns.credit_code] = code.value
        return kind, None, code.value

    def read_person(self) -> tuple[SubjectKind, str | None, str] | None:
        columns = self.plan.field_list.subject
        document_kind: str | None = DocumentKind.IDENTITY_CARD
        if columns.document_kind is not None:
            self.demand(columns.document_kind)
            document_kind = self.values.get(columns.document_kind)
        self.demand(columns.document_number)
        if document_kind is None or columns.document_number not in self.values:
            return None
        number = normalise_document_number(DocumentKind(document_kind), self.values[columns.document_number])
        if isinstance(number, InvalidIdentifier):
            self.reasons.append(identifier_reason(number, columns.document_number))
            return None
        occurred_on = self.values.get(self.plan.field_list.occurred_on)
        if (
            number.birth_date is not None
            and occurred_on is not None
            and not is_adult(number.birth_date, date.fromisoformat(occurred_on))
        ):
            self.refuse("minor", columns.document_number)
        self.values[columns.document_number] = number.value
        return "natural", number.kind.value, number.value

    def record_key(self) -> str:
        number = self.values.get(self.plan.field_list.key, "")
        return f"{self.plan.item.code}:{number}" if number else ""

    def day(self, column: str | None) -> date | None:
        return date.fromisoformat(self.values[column]) if column is not None and column in self.values else None

    def accept(self, subject: tuple[SubjectKind, str | None, str], key: str, sequence: int) -> Accepted:
        item, field_list = self.plan.item, self.plan.field_list
        subject_kind, document_kind, identifier = subject
        occurred_on = date.fromisoformat(self.values[field_list.occurred_on])
        amount = self.amount()
        grade = self.grade(subject_kind == "natural", amount)
        periods = record_periods(
            item,
            subject_kind,
            occurred_on,
            grade,
            last_day=self.day(field_list.ends_on),
            last_published_day=self.day(field_list.published_until),
        )
        return Accepted(
            item=item.code,
            subject_kind=subject_kind,
            document_kind=document_kind,
            identifier=identifier,
            name=self.values[field_list.subject.name],
            record_key=key,
            sequence=sequence,
            occurred_on=occurred_on,
            ends_on=periods.ends_on,
            retained_until=periods.retained_until,
            published_until=periods.published_until,
            grade=grade,
            amount=amount,
            facts={name: value for name, value in self.values.items() if name in self.plan.facts},
            fields=self.values,
        )

    def amount(self) -> int | None:
        column = self.plan.field_list.amount
        if self.plan.item.amount_unit is None or column is None or column not in self.values:
            return None
        kind = self.plan.fields[column].kind
        return int(self.values[column]) if kind == "whole-number" else fen_of(self.values[column], kind)

    def grade(self, natural: bool, amount: int | None) -> str | None:
        item, field_list = self.plan.item, self.plan.field_list
        if item.grading is not None:
            kinds = self.values[field_list.penalty_kinds or ""].split("、")
            licence = self.values.get(field_list.penalty_licence or "", "")
            return penalty_class(item.grading, kinds, amount or 0, licence, natural)
        if field_list.grade is not None and item.grades:
            return self.values[field_list.grade]
        return item.grades[0] if item.grades else None
