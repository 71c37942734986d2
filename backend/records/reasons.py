"""Why a delivered row is returned: every reason with its stable code and what the source should do, in Chinese and English.

A text names the column and the rule, never the value: returned rows are read by people who may not see whom they are about.
"""

import re

import msgspec

from backend.platform.identifiers import InvalidIdentifier

_LONGEST_NAME = 64
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f]")


class Reason(msgspec.Struct, frozen=True):
    """One reason; `field` is the column, or empty when the row as a whole is meant."""

    code: str
    field: str
    zh: str
    en: str


_TEXTS: dict[str, tuple[str, str]] = {
    # the row as it arrived
    "malformed-row": (
        "每条记录应为对象，含 item、fields（列名到文本）和可选的 sequence。请按格式重新报送。",
        "A record is an object with item, fields (column to text) and optionally sequence. Deliver it in that form.",
    ),
    "malformed-sequence": (
        "sequence 应为0至9007199254740991的整数，同一文书每更新一次加大。请更正。",
        "sequence is a whole number from 0 to 9007199254740991 that grows with each version of a document. Correct it.",
    ),
    "malformed-json": (
        "本行不是有效的JSON。请更正后重新报送。",
        "This line is not valid JSON. Correct it and deliver it again.",
    ),
    "line-too-long": (
        "本行超过允许的长度。请检查是否缺少换行或引号。",
        "This line is longer than allowed. Check for a missing line break or quotation mark.",
    ),
    "broken-encoding": (
        "本行既不是UTF-8也不是GB 18030编码。请转换编码后重新报送。",
        "This line is neither UTF-8 nor GB 18030. Convert the file and deliver it again.",
    ),
    "broken-quotes": (
        "本行的引号不成对或位置不对。请更正后重新报送。",
        "The quotation marks of this line do not pair or stand in the wrong place. Correct them and deliver it again.",
    ),
    "wrong-column-count": (
        "本行的列数与表头不同。请检查分隔符和引号。",
        "This line has another number of columns than the header. Check separators and quotation marks.",
    ),
    "unknown-header": (
        "表头无法识别：列名应以同一前缀（如 XK_、CF_）开头且不重复。请更正表头后重新报送整个文件。",
        "The header is not recognised: columns share one prefix (such as XK_ or CF_) and none repeats. "
        "Correct it and deliver the whole file again.",
    ),
    "subject-changed": (
        "同一文书编号先前属于另一主体。请核对文书编号，或先撤销原记录。",
        "The same document number belonged to another subject before. Check it, or withdraw the earlier record first.",
    ),
    "record-withdrawn": (
        "该记录已依异议或因依据撤销而撤回，不再归集同一文书。如有新的决定，请以新文书号报送。",
        "The record was withdrawn after an objection or because its basis was revoked; the document is not taken in again. "
        "Deliver a new decision under its own number.",
    ),
    "record-corrected": (
        "该记录已依异议更正，同一版本不能再改。请核对更正内容；确有更新时加大 sequence。",
        "The record was corrected after an objection; the same version cannot change it. Check the correction; for an update "
        "raise sequence.",
    ),
    # what may be recorded at all
    "unknown-item": (
        "目录中没有该事项，或该事项当前未生效，不得归集（条例第十八条）。请勿报送。",
        "The catalogue has no such item in force, so it may not be recorded (Reg. art. 18). Do not deliver it.",
    ),
    "item-not-granted": (
        "本单位不是该事项的提供单位。请核对事项，或向目录管理部门申请。",
        "This source is not a provider of the item. Check the item, or apply to the catalogue's office.",
    ),
    "simple-procedure": (
        "适用简易程序的行政处罚不予归集（条例第十八条）。请勿报送。",
        "Penalties by simple procedure are never taken in (Reg. art. 18). Do not deliver it.",
    ),
    "no-effective-document": (
        "失信信息应以生效法律文书为依据（条例第二十七条），缺少{title}（{field}）。请补充后重新报送。",
        "Dishonesty is recorded only from an effective legal document (Reg. art. 27): {field} is missing. Add it and deliver again.",
    ),
    "forbidden-content": (
        "{field} 属于禁止或未经单独书面同意不得采集的信息（条例第二十条）。请删除该列。",
        "{field} may not be collected, or not without separate written consent (Reg. art. 20). Remove the column.",
    ),
    "minor": (
        "行为发生时该自然人未满十八周岁，不予归集。请勿报送。",
        "The person was under eighteen at the time of the act; nothing is recorded about minors. Do not deliver it.",
    ),
    "subject-kind-not-taken": (
        "该事项不适用于此类主体（{field}）。请核对主体类别。",
        "The item is not recorded about this kind of subject ({field}). Check the kind of subject.",
    ),
    "status-does-not-match": (
        "{title}（{field}）与所报事项不符。请按履行状态选择事项。",
        "{field} does not match the item. Choose the item by the state of performance.",
    ),
    # single columns
    "unknown-field": (
        "{field} 不在该事项的字段表中。请删除该列。",
        "{field} is not in the field list of the item. Remove the column.",
    ),
    "missing-field": (
        "{title}（{field}）为必填项。请补充后重新报送。",
        "{field} is required. Add it and deliver again.",
    ),
    "not-text": (
        "{field} 的值应为文本，金额和日期也写成文本。请更正。",
        "The value of {field} must be text, amounts and dates included. Correct it.",
    ),
    "broken-text": (
        "{title}（{field}）含有控制字符或无法识别的字符。请清除后重新报送。",
        "{field} contains control characters or broken characters. Remove them and deliver again.",
    ),
    "too-long": (
        "{title}（{field}）超过{length}个字符。请缩短后重新报送。",
        "{field} is longer than {length} characters. Shorten it and deliver again.",
    ),
    "not-a-date": (
        "{title}（{field}）不是日期，应写作2026-04-01。请更正。",
        "{field} is not a date; write it as 2026-04-01. Correct it.",
    ),
    "impossible-date": (
        "{title}（{field}）中的日期不存在。请核对后更正。",
        "{field} holds a date that does not exist. Check and correct it.",
    ),
    "future-date": (
        "{title}（{field}）晚于今天。请核对后更正，或到期后再报送。",
        "{field} lies in the future. Correct it, or deliver when the day has come.",
    ),
    "dates-reversed": (
        "{title}（{field}）早于其起始日期。请核对两个日期。",
        "{field} is earlier than the date it follows. Check both dates.",
    ),
    "not-a-choice": (
        "{title}（{field}）不在标准取值之内。请按标准填写。",
        "{field} is not one of the values of the standard. Use one of them.",
    ),
    "not-an-amount": (
        "{title}（{field}）应为不带符号的十进制金额，精确到分。请更正。",
        "{field} is an amount in plain decimal digits, exact to the fen. Correct it.",
    ),
    "not-a-whole-number": (
        "{title}（{field}）应为不带小数的正整数。请取整后重新报送。",
        "{field} is a positive whole number without a fraction. Round it and deliver again.",
    ),
    # the delivery
    "duplicate-in-delivery": (
        "同一批次中已有同一文书号、同一版本的记录。请只报送一次；更新时加大 sequence。",
        "This delivery already has a record with the same document number and version. "
        "Deliver it once; for an update raise sequence.",
    ),
}

REASON_CODES = frozenset(_TEXTS) | {"malformed", "wrong-check-digit"}
"""Every code a reason can have; `malformed`, `wrong-check-digit` and `impossible-date` also come from identifiers."""


def reason(code: str, field: str = "", title: str = "", length: int = 0) -> Reason:
    """The reason of a code for a column; `field` comes from the delivery, so a long one is cut and what cannot be stored or
    shown is replaced."""
    field = _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", field[:_LONGEST_NAME]).encode("utf-8", "replace").decode()
    zh, en = _TEXTS[code]
    title = title or field
    return Reason(
        code,
        field,
        zh.format(field=field, title=title, length=length),
        en.format(field=field, title=title, length=length),
    )


def identifier_reason(invalid: InvalidIdentifier, field: str) -> Reason:
    """The reason for a refused identifier in a column."""
    return Reason(invalid.code, field, invalid.zh, invalid.en)
