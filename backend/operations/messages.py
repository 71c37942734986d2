"""What the operations room answers."""

import msgspec


class Liveness(msgspec.Struct):
    """The process runs."""

    status: str


class Readiness(msgspec.Struct):
    """Whether the database and the cache answer. `rule_sets` is false when a published version no longer loads; `xinyi doctor`
    says which."""

    status: str
    database: bool
    cache: bool
    rule_sets: bool


class KeySet(msgspec.Struct):
    """A JWK set (RFC 7517)."""

    keys: list[dict[str, str | int]]


class ProblemKind(msgspec.Struct):
    """One problem type: its stable code, what was wrong, and what to do next."""

    type: str
    code: str
    status: int
    title: str
    title_en: str
    detail: str
    detail_en: str
