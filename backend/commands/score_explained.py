"""`xinyi score explain` and `what-if`: a score line by line, of a subject of this city or of a file of facts."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from backend.commands.rules import load_file
from backend.commands.services import opened, servers
from backend.identity import service as identity
from backend.platform.access import Access, ActorKind, Ground
from backend.platform.clock import SystemClock
from backend.platform.platform import Platform
from backend.platform.problems import Problem
from backend.platform.refusal import Refusal
from backend.platform.settings import Settings
from backend.scores import explaining, views
from backend.scores.messages import ExplanationOut, Outlook, PretendedRecord, WhatIf, WhatIfOut
from scoring import Fact, Result, RuleSet, score

Answer = TypeVar("Answer")


class Told(msgspec.Struct):
    """An explanation, and for today's also what comes."""

    explanation: ExplanationOut
    outlook: Outlook | None


def explain(settings: Settings, subject: str, reason: str, day: date | None) -> Told:
    """A subject's score of a day, with what comes if no day is given. The reason stands in the person's access log.

    `subject` is a subject's id or an account's phone number. Raises Refusal.
    """

    async def act(platform: Platform, access: Access, subject_id: UUID) -> Told:
        explanation = await explaining.explain(platform, access, subject_id, day)
        return Told(explanation, None if day else await explaining.outlook(platform, access, subject_id))

    return asyncio.run(_with_subject(settings, subject, "查看信用分说明", reason, act))


def what_if(settings: Settings, subject: str, reason: str, remove: list[UUID], add: list[str]) -> WhatIfOut:
    """A subject's score with other records; nothing is kept. Raises Refusal."""
    change = WhatIf(remove, [pretended(text) for text in add])

    async def act(platform: Platform, access: Access, subject_id: UUID) -> WhatIfOut:
        return await explaining.imagine(platform, access, subject_id, change)

    return asyncio.run(_with_subject(settings, subject, "试算信用分", reason, act))


def explain_file(rules: Path, facts: Path, day: date) -> Told:
    """The score of a file of facts (a JSON list) by a rule set file: for authors of rules. Raises Refusal."""
    rule_set, listed = load_file(rules), _facts(facts)
    result = _scored(rule_set, listed, day)
    return Told(views.computed_explanation(rule_set, result, day, SystemClock().now()), None)


def lines_of(told: dict[str, Any]) -> list[str]:
    """An explanation as people read it on a terminal."""
    explanation, outlook = told["explanation"], told["outlook"]
    score_of = explanation["score"]
    found = [
        f"{score_of['rule_set']} {score_of['version']}，{score_of['as_of']}："
        f"{score_of['points']} 分，{score_of['level']['name']} {score_of['level']['name_en']}",
        f"{explanation['base']:>8}  基础分 base",
        *(f"{line['points']:>8}  {_reason(line)}" for line in explanation["lines"]),
        *(f"{'不计 none':>6}  {left['item']}：{left['text']} {left['text_en']}" for left in explanation["not_counted"]),
        *(
            f"{'封顶 cap':>7}  {held['level']['name']}：{held['text']} {held['text_en']}"
            for held in explanation["held"]
        ),
        f"{score_of['points']:>8}  合计 sum",
    ]
    if outlook is not None:
        found += [f"今后 ahead  {change['text']} {change['text_en']}" for change in outlook["changes"]]
        found += [f"提升 way up {way['text']} {way['text_en']}" for way in outlook["ways"]]
    return found


def lines_of_what_if(found: dict[str, Any]) -> list[str]:
    """A trial as people read it on a terminal."""
    level = found["level"]
    return [
        f"{found['before']} → {found['after']} 分，{level['name']} {level['name_en']}",
        *(
            f"{effect['points_before']:>8} → {effect['points_after']:<8} {effect['rule'] or '-'} {effect['record_id'] or ''}"
            for effect in found["effects"]
        ),
        "试算未保存任何内容。 Nothing of it was kept.",
    ]


def _reason(line: dict[str, Any]) -> str:
    return f"{line['text'].partition('：')[2]} [{line['rule']}]"


def pretended(text: str) -> PretendedRecord:
    """`ITEM:DAY[:AMOUNT or GRADE]` as a record, for example `volunteer-service:2026-11-20:20`. Raises Refusal."""
    item, _, rest = text.partition(":")
    day, _, more = rest.partition(":")
    amount, grade = (int(more), None) if more.isascii() and more.isdigit() else (None, more or None)
    try:
        return msgspec.convert(
            {"item": item, "occurred_on": day, "amount": amount, "grade": grade}, PretendedRecord, strict=True
        )
    except msgspec.ValidationError as error:
        raise Refusal(
            f"看不懂“{text}”，应写成 事项:日期[:数量或等级]，例如 volunteer-service:2026-11-20:20（{error}）。",
            f"“{text}” is not ITEM:DAY[:AMOUNT or GRADE], as in volunteer-service:2026-11-20:20 ({error}).",
        ) from None


async def _with_subject(
    settings: Settings,
    subject: str,
    action: str,
    reason: str,
    act: Callable[[Platform, Access, UUID], Awaitable[Answer]],
) -> Answer:
    if not reason.strip():
        raise Refusal("请写明查看的原因，它会写入本人的访问记录。", "Say why: it stands in the person's access log.")
    access = Access(
        actor_kind=ActorKind.STAFF,
        actor="xinyi score",
        actor_name="信用主管部门运行人员",
        action=action,
        purpose=reason.strip(),
        ground=Ground.LEGAL_DUTY,
        fields=("records", "explanation"),
    )
    with servers(settings) as addressed:
        async with opened(addressed) as platform:
            subject_id = await _subject_named(platform, access, subject)
            try:
                return await act(platform, msgspec.structs.replace(access, subject=subject_id), subject_id)
            except Problem as problem:
                fields = "".join(f" {error.field}：{error.reason} {error.reason_en}." for error in problem.errors)
                raise Refusal(f"{problem.detail}{fields}", problem.detail_en) from None


async def _subject_named(platform: Platform, access: Access, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        pass
    try:
        found = await identity.subject_with_phone(platform, access, text)
    except Problem:
        found = None
    if found is None:
        raise Refusal(
            f"没有主体 {text}：请给出主体编号，或已实名账户的手机号。",
            f"There is no subject {text}: give a subject's id, or the phone of an account whose identity is proven.",
        )
    return found


def _facts(path: Path) -> list[Fact]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Fact])
    except OSError:
        raise Refusal(f"无法读取 {path}。", f"{path} cannot be read.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refusal(
            f"{path} 不是事实的 JSON 列表：{error}。", f"{path} is not a JSON list of facts: {error}."
        ) from None


def _scored(rule_set: RuleSet, facts: list[Fact], day: date) -> Result:
    try:
        return score(rule_set, facts, day)
    except ValueError as error:
        raise Refusal(f"事实自相矛盾：{error}。", f"The facts contradict themselves: {error}.") from None
