"""The published versions as every process holds them, each read strictly and checked for lawfulness once more."""

from datetime import date, datetime
from functools import cache, lru_cache
from hashlib import sha256

import msgspec
import structlog

from backend.platform.database import Connection, Row
from backend.platform.reference import Reference
from backend.rule_sets import store
from backend.rule_sets.states import STANDING
from scoring import RuleSet, RuleSetError, load, shipped

# The rule set by which persons are scored. Its first version comes with the product and is published with it.
PERSONAL = "taohua"

SIGNAL = "rule-sets"

_log = structlog.get_logger()


class PublishedVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A published version. `loaded` is None for one that no longer loads, for example because the law forbids since what it
    says; `failure` is then why, in Chinese and English. `published_at` is None for one that came with the product."""

    rule_set: str
    version: str
    effective_from: date
    source: bytes
    digest: str
    published_at: datetime | None
    loaded: RuleSet | None
    failure: tuple[str, str] = ("", "")


@cache
def shipped_version() -> PublishedVersion:
    """What comes with the product. Raises RuleSetError at start if it is unlawful."""
    source = shipped(PERSONAL)
    loaded = _loaded(source)
    return PublishedVersion(
        rule_set=loaded.id,
        version=loaded.version,
        effective_from=loaded.effective_from,
        source=source,
        digest=digest_of(source),
        published_at=None,
        loaded=loaded,
    )


def digest_of(source: bytes) -> str:
    """The SHA-256 of a source text in hexadecimal."""
    return sha256(source).hexdigest()


async def _read(connection: Connection) -> tuple[PublishedVersion, ...]:
    """All published versions, the first to take effect first."""
    stored = [_opened(row) for row in await store.in_states(connection, sorted(STANDING))]
    return tuple(sorted([shipped_version(), *stored], key=lambda version: version.effective_from))


PUBLISHED = Reference(SIGNAL, _read)


def _opened(row: Row) -> PublishedVersion:
    source = bytes(row["source"])
    loaded, failure = None, ("", "")
    try:
        if digest_of(source) != row["digest"]:
            raise RuleSetError(
                "文本与公布时的摘要不符。", "Its text is not the one that was published: another digest."
            )
        loaded = _loaded(source)
    except RuleSetError as error:
        failure = (error.chinese, error.english)
        _log.error("rule-set-unusable", rule_set=row["rule_set"], version=row["version"], reason=error.english)
    return PublishedVersion(
        rule_set=row["rule_set"],
        version=row["version"],
        effective_from=row["effective_from"],
        source=source,
        digest=row["digest"],
        published_at=row["decided_at"],
        loaded=loaded,
        failure=failure,
    )


@lru_cache(maxsize=256)
def _loaded(source: bytes) -> RuleSet:
    """The same text is the same object after every reload: what was compiled of it is kept."""
    return load(source)
