"""What the rule sets room does: the published versions, for the other rooms and for the public; from memory, no round trip.

How a version comes to be published stands in `publishing`.
"""

from collections.abc import Iterable
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Any

from backend.platform.clock import local_date
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND, UNAVAILABLE
from backend.rule_sets.messages import PublishedVersionOut, RuleSetSummary, Standing
from backend.rule_sets.published import PERSONAL, PUBLISHED, PublishedVersion
from scoring import RuleSet
from scoring.ruleset import json_schema

# The topic of the due queue for versions whose day has come; the scores room waits on it.
TAKES_EFFECT = "rule-set-takes-effect"


def versions(platform: Platform, identifier: str = PERSONAL) -> tuple[RuleSet, ...]:
    """Every published version of a rule set, past, present and announced, the first to take effect first. No round trip.

    Empty for an id that was never published. A version that was revoked never took effect and is not among them; nor is one
    that no longer loads (`unusable`). `scoring.in_force(versions(platform), PERSONAL, day)` is the version of a day.
    """
    return tuple(each.loaded for each in _published(platform, identifier) if each.loaded is not None)


def in_force_on(platform: Platform, day: date, identifier: str = PERSONAL) -> RuleSet:
    """The version of a rule set in force on a day (a date in Asia/Shanghai), past or to come: the one that took effect last.
    No round trip.

    Raises LookupError if none was in force, and UNAVAILABLE if it is one that no longer loads: no older one takes its place.
    """
    begun = [each for each in _published(platform, identifier) if each.effective_from <= day]
    if begun:
        found = _loaded(begun[-1])
        if found.effective_until is None or day < found.effective_until:
            return found
    raise LookupError(f"no version of {identifier} is in force on {day}")


def version_of(platform: Platform, identifier: str, version: str) -> RuleSet:
    """One published version, also after it has ended: a stored score names the version it was computed with. No round trip.

    Raises LookupError for one that was never published, UNAVAILABLE for one that no longer loads.
    """
    return _loaded(_version(platform, identifier, version))


def unusable(platform: Platform) -> tuple[PublishedVersion, ...]:
    """Published versions that no longer load, with the reason in `failure`; none when all is well. No round trip."""
    return tuple(each for each in platform.references.get(PUBLISHED) if each.loaded is None)


async def refresh(platform: Platform) -> None:
    """Reads the published versions again, for what may not wait for the signal. One round trip."""
    await platform.references.refresh(PUBLISHED)


def listing(platform: Platform) -> list[RuleSetSummary]:
    """Every version in force or announced: a measure that is not published is void (Reg. art. 30). No round trip."""
    published = platform.references.get(PUBLISHED)
    everything = sorted(published, key=attrgetter("rule_set"))
    return [
        _summary(each, each.loaded, standing)
        for _, of_one in groupby(everything, key=attrgetter("rule_set"))
        for each, _, standing in _placed(platform, of_one)
        if standing is not Standing.PAST and each.loaded is not None
    ]


def history(platform: Platform, identifier: str) -> list[PublishedVersionOut]:
    """Every published version of a rule set with its dates and digest, so that any past score stays checkable. No round trip.

    Raises NOT_FOUND.
    """
    found = [
        PublishedVersionOut(
            version=each.version,
            effective_from=each.effective_from,
            followed_on=followed_on,
            standing=standing,
            digest=each.digest,
            published_at=each.published_at,
            usable=each.loaded is not None,
        )
        for each, followed_on, standing in _placed(platform, _published(platform, identifier))
    ]
    if not found:
        raise NOT_FOUND.error()
    return found


def whole(platform: Platform, identifier: str, version: str | None) -> RuleSet:
    """A rule set whole: the version in force, or the published one that is asked for. Raises NOT_FOUND, UNAVAILABLE."""
    try:
        if version is not None:
            return version_of(platform, identifier, version)
        return in_force_on(platform, local_date(platform.clock.now()), identifier)
    except LookupError:
        raise NOT_FOUND.error() from None


def source(platform: Platform, identifier: str, version: str) -> bytes:
    """The text of a published version as it was proposed, byte for byte: what its digest is of. Raises NOT_FOUND."""
    try:
        return _version(platform, identifier, version).source
    except LookupError:
        raise NOT_FOUND.error() from None


def schema() -> dict[str, Any]:
    """The JSON Schema of the file format."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:xinyi:rule-set", **json_schema()}


def _published(platform: Platform, identifier: str) -> list[PublishedVersion]:
    return [each for each in platform.references.get(PUBLISHED) if each.rule_set == identifier]


def _version(platform: Platform, identifier: str, version: str) -> PublishedVersion:
    for each in _published(platform, identifier):
        if each.version == version:
            return each
    raise LookupError(f"{identifier} {version} was never published")


def _loaded(version: PublishedVersion) -> RuleSet:
    if version.loaded is None:
        chinese, english = version.failure
        named = f"{version.rule_set} {version.version}"
        raise UNAVAILABLE.error(
            detail=f"评价规则 {named} 不能使用：{chinese}", detail_en=f"The rule set {named} cannot be used. {english}"
        )
    return version.loaded


def _placed(
    platform: Platform, versions_of_one: Iterable[PublishedVersion]
) -> list[tuple[PublishedVersion, date | None, Standing]]:
    """Each version of one rule set, when it is followed by the next, and where it stands today."""
    today, ordered = local_date(platform.clock.now()), list(versions_of_one)
    starts = [each.effective_from for each in ordered[1:]]
    placed = []
    for each, followed_on in zip(ordered, [*starts, None], strict=False):
        if each.effective_from > today:
            standing = Standing.ANNOUNCED
        else:
            standing = Standing.PAST if followed_on is not None and followed_on <= today else Standing.IN_FORCE
        placed.append((each, followed_on, standing))
    return placed


def _summary(version: PublishedVersion, rule_set: RuleSet, standing: Standing) -> RuleSetSummary:
    return RuleSetSummary(
        id=rule_set.id,
        version=rule_set.version,
        name=rule_set.names.zh,
        name_en=rule_set.names.en,
        published_by=rule_set.published_by,
        effective_from=rule_set.effective_from,
        effective_until=rule_set.effective_until,
        rules=len(rule_set.rules),
        standing=standing,
        digest=version.digest,
        published_at=version.published_at,
    )
