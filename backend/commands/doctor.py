"""`xinyi doctor`: what is in order and what is not, each in one sentence that says how to mend it."""

import asyncio
import sys

import msgspec

from backend.commands.services import opened, servers
from backend.operations.service import readiness
from backend.platform.keys import Purpose
from backend.platform.platform import Platform
from backend.platform.refusal import Refusal
from backend.platform.settings import Settings
from backend.rule_sets import service as rule_sets
from backend.schema import pending_migrations
from backend.scores.messages import Reconciliation
from backend.scores.reconciliation import last_reconciliation


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at."""

    name: str
    good: bool
    chinese: str
    english: str


def examine(settings: Settings) -> list[Finding]:
    """Looks at Python, the servers, the schema, the keys, the rule sets, the due queue and the last reconciliation of scores."""
    findings = [_python()]
    try:
        with servers(settings) as addressed:
            findings += asyncio.run(_examine(addressed))
    except Refusal as refusal:
        findings.append(Finding("servers", False, refusal.chinese, refusal.english))
    return findings


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Finding("python", sys.version_info >= (3, 11), f"Python {version}。", f"Python {version}.")


async def _examine(settings: Settings) -> list[Finding]:
    pending = await pending_migrations(settings.database_url)
    findings = [
        Finding("schema", True, "数据库结构是最新的。", "The schema is up to date.")
        if not pending
        else Finding(
            "schema",
            False,
            f"有 {len(pending)} 项迁移未执行，请运行 xinyi migrate。",
            "Migrations wait: run `xinyi migrate`.",
        )
    ]
    if pending:
        return findings
    async with opened(settings) as platform:
        ready = await readiness(platform)
        findings.append(Finding("database", ready.database, "数据库有应答。", "The database answers."))
        findings.append(Finding("cache", ready.cache, "缓存有应答。", "The cache answers."))
        findings.append(_keys(platform))
        findings += _rule_sets(platform)
        findings.append(await _queue(platform))
        findings.append(scores_finding(await last_reconciliation(platform)))
    return findings


def _keys(platform: Platform) -> Finding:
    try:
        for purpose in Purpose:
            platform.keys.active(purpose)
    except Refusal as refusal:
        return Finding("keys", False, refusal.chinese, refusal.english)
    return Finding("keys", True, "各用途均有可用密钥。", "Every purpose has an active key.")


def _rule_sets(platform: Platform) -> list[Finding]:
    broken = [
        Finding(
            "rule-sets",
            False,
            f"已公布的 {each.rule_set} {each.version} 不能使用，请公布下一版本：{each.failure[0]}",
            f"The published {each.rule_set} {each.version} cannot be used, publish the next version. {each.failure[1]}",
        )
        for each in rule_sets.unusable(platform)
    ]
    return broken or [Finding("rule-sets", True, "已公布的评价规则均可使用。", "Every published rule set can be used.")]


async def _queue(platform: Platform) -> Finding:
    async with platform.database.connection() as connection:
        late = await connection.fetch_value(
            "SELECT count(*) FROM due_work WHERE due_at < $1::timestamptz - interval '5 minutes'", platform.clock.now()
        )
    return Finding(
        "due-queue",
        late == 0,
        "到期队列没有积压。" if late == 0 else f"到期队列积压 {late} 项，请确认服务在运行。",
        "The due queue is not behind." if late == 0 else f"{late} pieces of due work wait: is the server running?",
    )


def scores_finding(last: Reconciliation | None) -> Finding:
    """What the last reconciliation says."""
    if last is None:
        return Finding("scores", True, "信用分尚未对账。", "Scores have not been reconciled yet.")
    if last.differences == 0:
        return Finding(
            "scores",
            True,
            f"最近一次对账核对 {last.checked} 人，没有差异。",
            f"The last reconciliation of scores compared {last.checked} and found no difference.",
        )
    return Finding(
        "scores",
        False,
        f"最近一次对账有 {last.differences} 处差异：运行 xinyi score reconcile 查看，加 --recompute 写回。",
        f"The last reconciliation found {last.differences} differences: see `xinyi score reconcile`, store with --recompute.",
    )
