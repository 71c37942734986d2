"""What a column of a delivery is, and the blocks of columns that lists share: the subject, and who says so."""

from typing import Literal

import msgspec

FieldKind = Literal[
    "text",  # free text
    "reference",  # the number of a document: spaces and full-width forms do not count
    "date",  # a day that has come
    "any-date",  # a day that may lie ahead
    "ten-thousand-yuan",  # decimal text in units of 10,000 yuan
    "yuan",  # decimal text in yuan
    "whole-number",
    "choice",
    "choices",  # several choices, separated by 、 , ; or |
    "subject-kind",
    "document-kind",
    "document-number",  # checked with the document kind of its row
    "credit-code",
    "identity-number",
]


class Field(msgspec.Struct, frozen=True):
    """One column. `length` counts characters; `personal` columns are identity and never part of a record's facts."""

    name: str
    title: str
    kind: FieldKind = "text"
    required: bool = False
    length: int = 200
    choices: dict[str, str] = {}
    personal: bool = False


class SubjectColumns(msgspec.Struct, frozen=True):
    """Which columns name the subject 行政相对人. Without `document_kind` the document is an identity card."""

    name: str
    kind: str
    credit_code: str
    document_kind: str | None
    document_number: str


class FieldList(msgspec.Struct, frozen=True):
    """The columns of one kind of delivery and their roles.

    `key` is the source's own document number; `effective_document` are the columns that prove an effective legal document
    (Reg. art. 27); `in_order` are pairs of dates of which the first comes first; `required_when` are triples of a column,
    another one, and the values of that other one which make the first required; `penalty_kinds` and `penalty_licence` are
    the columns of which a penalty's class is derived.
    """

    prefix: str
    fields: tuple[Field, ...]
    subject: SubjectColumns
    key: str
    occurred_on: str
    ends_on: str | None = None
    published_until: str | None = None
    grade: str | None = None
    amount: str | None = None
    penalty_kinds: str | None = None
    penalty_licence: str | None = None
    effective_document: tuple[str, ...] = ()
    in_order: tuple[tuple[str, str], ...] = ()
    required_when: tuple[tuple[str, str, tuple[str, ...]], ...] = ()


# Each normalised value is accepted too: a stored row must pass again when it is corrected.
SUBJECT_KINDS = {
    **{kind: kind for kind in ("natural", "legal", "unincorporated", "individual-business")},
    "01": "natural",
    "自然人": "natural",
    "02": "legal",
    "法人": "legal",
    "法人及非法人组织": "legal",
    "03": "unincorporated",
    "非法人组织": "unincorporated",
    "04": "individual-business",
    "个体工商户": "individual-business",
}
DOCUMENT_KINDS = {
    "01": "01",
    "身份证": "01",
    "02": "02",
    "护照": "02",
    "护照号": "02",
    "03": "03",
    "港澳居民来往内地通行证": "03",
    "04": "04",
    "台湾居民来往大陆通行证": "04",
    "05": "05",
    "外国人永久居留身份证": "05",
}
GRADES = {
    "county": "county",
    "县级": "county",
    "区县级": "county",
    "city": "city",
    "市级": "city",
    "province": "province",
    "省级": "province",
    "nation": "nation",
    "国家级": "nation",
}


def same(values: tuple[str, ...]) -> dict[str, str]:
    """Choices that are written as they are stored."""
    return {value: value for value in values}


def subject_fields(prefix: str) -> tuple[Field, ...]:
    """The columns that name the subject."""
    return (
        Field(f"{prefix}XDR_MC", "行政相对人名称", required=True, personal=True),
        Field(f"{prefix}XDR_LB", "行政相对人类别", "subject-kind", required=True, length=32, choices=SUBJECT_KINDS),
        Field(f"{prefix}XDR_SHXYM", "统一社会信用代码", "credit-code", length=18, personal=True),
        Field(f"{prefix}XDR_ZJLX", "证件类型", "document-kind", length=32, choices=DOCUMENT_KINDS, personal=True),
        Field(f"{prefix}XDR_ZJHM", "证件号码", "document-number", length=64, personal=True),
    )


def subject_columns(prefix: str) -> SubjectColumns:
    """The roles of `subject_fields`."""
    return SubjectColumns(
        f"{prefix}XDR_MC", f"{prefix}XDR_LB", f"{prefix}XDR_SHXYM", f"{prefix}XDR_ZJLX", f"{prefix}XDR_ZJHM"
    )


def origin_fields(prefix: str, authority: str) -> tuple[Field, ...]:
    """Which authority says so, and a remark."""
    return (
        Field(f"{prefix}JG", authority, required=True),
        Field(f"{prefix}JGDM", f"{authority}统一社会信用代码", "credit-code", required=True, length=18),
        Field(f"{prefix}BZ", "备注", length=512),
    )
