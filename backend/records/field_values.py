"""One column's value: read by its kind into its normalised text, or refused with a reason. Amounts are exact, never floats."""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import lru_cache

from backend.platform.identifiers import (
    InvalidIdentifier,
    normalise_identity_number,
    normalise_unified_social_credit_code,
)
from backend.records.columns import Field, FieldKind
from backend.records.reasons import Reason, identifier_reason, reason

_BROKEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_DATE = re.compile(r"([0-9]{4})([-/.年]?)([0-9]{1,2})([-/.月]?)([0-9]{1,2})日?(?:[ T]00:00(?::00)?(?:\.0+)?)?")
_TEN_THOUSAND_YUAN = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,6}0*)?")
_YUAN = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,2}0*)?")
_WHOLE_NUMBER = re.compile(r"[0-9]{1,8}")
_SEPARATORS = re.compile(r"[、,，;；|]")
# Before the republic there was no authority that could have decided; such a date is a slip of the keyboard.
_EARLIEST = date(1949, 10, 1)

FEN_IN_TEN_THOUSAND_YUAN = 1_000_000
FEN_IN_YUAN = 100


def read_value(text: str, field: Field, on: date) -> str | Reason:
    """The normalised text of a column, or why it is refused. `text` is not blank; `on` is the day of the delivery."""
    if _BROKEN.search(text):
        return reason("broken-text", field.name, field.title)
    text = text.strip()
    if len(text) > field.length:
        return reason("too-long", field.name, field.title, field.length)
    return _READERS[field.kind](text, field, on)


def in_words(value: str, field: Field) -> str:
    """A normalised value as people write it: 自然人 for `natural`, 市级 for `city`."""
    words = {code: word for word, code in reversed(field.choices.items()) if not word.isascii()}
    return words.get(value, value)


def fen_of(text: str, kind: FieldKind) -> int:
    """Fen of a normalised amount: `ten-thousand-yuan` text 0.5 is 500,000 fen, `yuan` text 0.5 is 50 fen. Exact."""
    return int(Decimal(text) * (FEN_IN_TEN_THOUSAND_YUAN if kind == "ten-thousand-yuan" else FEN_IN_YUAN))


def _narrow(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def _text(text: str, field: Field, on: date) -> str | Reason:
    return text


def _reference(text: str, field: Field, on: date) -> str | Reason:
    return "".join(_narrow(text).split())


def _any_date(text: str, field: Field, on: date) -> str | Reason:
    match = _DATE.fullmatch(_narrow(text))
    # 2026-0401 mixes two forms; 2026111 without separators has two readings.
    if match is None or bool(match[2]) != bool(match[4]) or (not match[2] and len(match[3] + match[5]) != 4):
        return reason("not-a-date", field.name, field.title)
    try:
        day = date(int(match[1]), int(match[3]), int(match[5]))
    except ValueError:
        return reason("impossible-date", field.name, field.title)
    if day < _EARLIEST:
        return reason("impossible-date", field.name, field.title)
    return day.isoformat()


def _date(text: str, field: Field, on: date) -> str | Reason:
    day = _any_date(text, field, on)
    if isinstance(day, str) and day > on.isoformat():
        return reason("future-date", field.name, field.title)
    return day


def _amount(shape: re.Pattern[str]) -> Callable[[str, Field, date], str | Reason]:
    def read(text: str, field: Field, on: date) -> str | Reason:
        text = _narrow(text)
        if not shape.fullmatch(text):
            return reason("not-an-amount", field.name, field.title)
        return format(Decimal(text).normalize(), "f")

    return read


def _whole_number(text: str, field: Field, on: date) -> str | Reason:
    text = _narrow(text)
    if not _WHOLE_NUMBER.fullmatch(text) or int(text) == 0:
        return reason("not-a-whole-number", field.name, field.title)
    return str(int(text))


def _choice(text: str, field: Field, on: date) -> str | Reason:
    value = field.choices.get(text)
    return value if value is not None else reason("not-a-choice", field.name, field.title)


def _choices(text: str, field: Field, on: date) -> str | Reason:
    chosen = [part.strip() for part in _SEPARATORS.split(text) if part.strip()]
    if not chosen or any(part not in field.choices for part in chosen):
        return reason("not-a-choice", field.name, field.title)
    return "、".join(dict.fromkeys(field.choices[part] for part in chosen))


# The rows of a delivery repeat the code of the same few authorities.
_normalised_credit_code = lru_cache(maxsize=1024)(normalise_unified_social_credit_code)


def _credit_code(text: str, field: Field, on: date) -> str | Reason:
    code = _normalised_credit_code(text)
    return identifier_reason(code, field.name) if isinstance(code, InvalidIdentifier) else code.value


def _identity_number(text: str, field: Field, on: date) -> str | Reason:
    number = normalise_identity_number(text)
    return identifier_reason(number, field.name) if isinstance(number, InvalidIdentifier) else number.value


_READERS: dict[FieldKind, Callable[[str, Field, date], str | Reason]] = {
    "text": _text,
    "reference": _reference,
    "date": _date,
    "any-date": _any_date,
    "ten-thousand-yuan": _amount(_TEN_THOUSAND_YUAN),
    "yuan": _amount(_YUAN),
    "whole-number": _whole_number,
    "choice": _choice,
    "choices": _choices,
    "subject-kind": _choice,
    "document-kind": _choice,
    # Checked when the whole row is known: the kind of document or subject stands in another column.
    "document-number": _reference,
    "credit-code": _credit_code,
    "identity-number": _identity_number,
}
