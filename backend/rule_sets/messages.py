"""What goes in and out of the rule sets room."""

from datetime import date

import msgspec


class RuleSetSummary(msgspec.Struct):
    """A rule set in force."""

    id: str
    version: str
    name: str
    name_en: str
    published_by: str
    effective_from: date
    effective_until: date | None
    rules: int
