"""What is asked of a version before anybody may approve it, and again when somebody does: the law and the lists may have
changed in between."""

from collections.abc import Iterable
from datetime import date

import msgspec

from backend.catalogue import service as catalogue
from backend.platform.problems import FieldError
from backend.rule_sets.problems import RULE_SET_DATES, RULE_SET_UNLAWFUL, RULE_SET_UNREADABLE
from scoring.legality import Finding, ListedItem, against_catalogue
from scoring.loading import RuleSetError, read, unlawful_parts
from scoring.ruleset import Rule, RuleSet

_LONGEST_REASON = 500


class Earlier(msgspec.Struct, frozen=True):
    """A published version of the same id: what its successor must go with."""

    version: str
    subject: str
    effective_from: date


def lawful(source: bytes, today: date) -> RuleSet:
    """The rule set of a source text that could be published in this city: by what its catalogue lists on the day of effect.

    Raises RULE_SET_UNREADABLE naming the place, or RULE_SET_UNLAWFUL with every finding: rule, ground and article, items that
    this city's catalogue does not list among them (Reg. art. 18).
    """
    try:
        rule_set = read(source)
    except RuleSetError as error:
        place = FieldError("source", error.chinese[:_LONGEST_REASON], error.english[:_LONGEST_REASON])
        raise RULE_SET_UNREADABLE.error(errors=[place]) from None
    found = [
        FieldError(
            finding.rule,
            f"[{finding.ground}] {finding.article}：{finding.chinese}",
            f"[{finding.ground}] {finding.article}: {finding.english}",
        )
        for finding in breaches(rule_set, max(rule_set.effective_from, today))
    ]
    found += [
        FieldError(
            rule.id,
            f"[not-in-catalogue] 《条例》第十八条 (Reg. art. 18)：本市目录没有此类主体的事项 {rule.item}",
            f"[not-in-catalogue] 《条例》第十八条 (Reg. art. 18): the city's catalogue lists no {rule.item} for its subjects",
        )
        for rule in unlisted(rule_set, max(rule_set.effective_from, today))
    ]
    if found:
        raise RULE_SET_UNLAWFUL.error(errors=found)
    return rule_set


def breaches(rule_set: RuleSet, day: date) -> tuple[Finding, ...]:
    """Every breach of the constitution, and of the city's catalogue of a day: items that it forbids, that are of another class
    or about other subjects. Empty if the rule set is lawful."""
    return (*unlawful_parts(rule_set), *_forbidden_items(rule_set), *against_catalogue(rule_set, _listed(day)))


def unlisted(rule_set: RuleSet, day: date) -> list[Rule]:
    """The rules about items that the city's catalogue does not list on a day for the rule set's kind of subject."""
    listed = _listed(day)
    return [
        rule for rule in rule_set.rules if rule.item not in listed or rule_set.subject not in listed[rule.item].subjects
    ]


def require_successor(rule_set: RuleSet, earlier: Iterable[Earlier], today: date) -> None:
    """Refuses a version that would change the past, leave a day without rules, or score others than the versions before it.

    On any day the version in force is the published one that took effect last: a version that begins after all others,
    and names no end of its own, leaves no gap, and no older one ever comes back. Raises RULE_SET_DATES.
    """
    found = []
    if rule_set.effective_from <= today:
        found.append(
            FieldError(
                "effective_from", f"应晚于今天（{today}）", f"it must lie after today ({today}), in Asia/Shanghai"
            )
        )
    if rule_set.effective_until is not None:
        found.append(
            FieldError("effective_until", "请留空，由下一版本接续", "leave it null: the next version ends this one")
        )
    for version in earlier:
        if version.effective_from >= rule_set.effective_from:
            found.append(
                FieldError(
                    "effective_from",
                    f"应晚于已公布的版本 {version.version}（{version.effective_from} 生效）",
                    f"it must lie after {version.version}, which takes effect on {version.effective_from}",
                )
            )
        if version.subject != rule_set.subject:
            found.append(
                FieldError(
                    "subject",
                    f"与已公布的版本 {version.version} 的评价对象不同",
                    f"{version.version} is about another kind of subject",
                )
            )
    if found:
        raise RULE_SET_DATES.error(errors=found)


def _listed(day: date) -> dict[str, ListedItem]:
    """The catalogue of a day as the checker reads it: to a rule set every organisation is an enterprise."""
    return {
        item.code: ListedItem(
            item.information_class,
            frozenset("person" if kind == "natural" else "enterprise" for kind in item.subject_kinds),
        )
        for item in catalogue.present().in_force(day)
    }


def _forbidden_items(rule_set: RuleSet) -> list[Finding]:
    """Rules about an item by whose name nothing may be recorded (Reg. art. 20)."""
    found = []
    for rule in rule_set.rules:
        if (basis := catalogue.present().forbidden_ground(rule.item)) is not None:
            article = f"《{basis.document}》{basis.article}"
            found.append(
                Finding(
                    rule.id, "forbidden-item", article, "目录禁止归集该事项", "no item of this name may be recorded"
                )
            )
    return found
