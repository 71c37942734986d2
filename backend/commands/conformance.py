"""`xinyi partner conformance`: the conformance kit of `partners.sdk`, with its refusals as sentences."""

from collections.abc import Sequence
from typing import Any

import msgspec

from backend.platform.refusal import Refusal
from partners.sdk import conformance
from partners.sdk.conformance import KeyKind, Report, UnknownCase


def examine(command: Sequence[str], only: Sequence[str], key_kind: KeyKind) -> Report:
    """Runs the kit against an adapter's command. Raises Refusal for a case that does not exist."""
    try:
        return conformance.run(conformance.command(command), only=only, key_kind=key_kind)
    except UnknownCase as unknown:
        known = ", ".join(case.id for case in conformance.every_case())
        raise Refusal(
            f"没有 {unknown} 这一项；现有：{known}", f"There is no case {unknown}; there are: {known}"
        ) from None


def report_lines(found: dict[str, Any]) -> list[str]:
    """The report for people."""
    return conformance.lines(msgspec.convert(found, Report))
