"""What the rule sets room does: the published versions, for the other rooms and for the public."""

from datetime import date
from functools import cache

from backend.platform.clock import local_date
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND
from backend.rule_sets.messages import RuleSetSummary
from scoring import RuleSet, in_force, load, shipped

# The rule set by which persons are scored.
PERSONAL = "taohua"


def versions(platform: Platform, identifier: str = PERSONAL) -> tuple[RuleSet, ...]:
    """Every published version of a rule set, past, present and announced, the first to take effect first. No round trip.

    Empty for an id that was never published. By the side of `in_force_on` this is all that is needed to recompute a score of
    any day: `scoring.in_force(versions(platform), PERSONAL, day)` is the version of that day.
    """
    found = [rule_set for rule_set in _published() if rule_set.id == identifier]
    return tuple(sorted(found, key=lambda rule_set: rule_set.effective_from))


def in_force_on(platform: Platform, day: date, identifier: str = PERSONAL) -> RuleSet:
    """The version of a rule set in force on a day (a date in Asia/Shanghai), past or to come. No round trip.

    Of several the latest to take effect. Raises LookupError if none is.
    """
    found = in_force(versions(platform, identifier), identifier, day)
    if found is None:
        raise LookupError(f"no version of {identifier} is in force on {day}")
    return found


def version_of(platform: Platform, identifier: str, version: str) -> RuleSet:
    """One published version, also after it has ended: a stored score names the version it was computed with. No round trip.

    Raises LookupError for one that was never published.
    """
    for rule_set in versions(platform, identifier):
        if rule_set.version == version:
            return rule_set
    raise LookupError(f"{identifier} {version} was never published")


def listing(platform: Platform) -> list[RuleSetSummary]:
    """Every rule set in force: a measure that is not published is void (Reg. art. 30)."""
    today = local_date(platform.clock.now())
    return [
        RuleSetSummary(
            id=rule_set.id,
            version=rule_set.version,
            name=rule_set.names.zh,
            name_en=rule_set.names.en,
            published_by=rule_set.published_by,
            effective_from=rule_set.effective_from,
            effective_until=rule_set.effective_until,
            rules=len(rule_set.rules),
        )
        for rule_set in _published()
        if rule_set is in_force(_published(), rule_set.id, today)
    ]


def whole(platform: Platform, identifier: str, version: str | None) -> RuleSet:
    """A rule set whole: the version in force, or the one that is asked for. Raises NOT_FOUND."""
    try:
        if version is not None:
            return version_of(platform, identifier, version)
        return in_force_on(platform, local_date(platform.clock.now()), identifier)
    except LookupError:
        raise NOT_FOUND.error() from None


@cache
def _published() -> tuple[RuleSet, ...]:
    """The rule sets that come with the product. Raises RuleSetError at start if one is unlawful."""
    return (load(shipped(PERSONAL)),)
