"""Every place that reads a personal table without a row in the access log, reviewed one by one."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders.server import REPOSITORY

# Room and function, with the reason that the code gives; once for every use. A new use fails until somebody has reviewed
# it and put it here.
REVIEWED = [
    ("commands.redeemed_of", "counts of people who were made for measuring"),
    ("city.holds_people", "existence only"),
    ("codes.add", "ids only, of tickets that are being made for the person who asks"),
    (
        "codes.burns",
        "ids only, and whose code it is; the verification that follows in this transaction writes the access row",
    ),
    ("counters.recent", "ids of verifications that the partner was told of; whose they are is not read"),
    ("market.locking", "locks persons for whom places are taken; who they are is not read"),
    ("market.marking_redeemed", "marks what was read and locked under its access context in this transaction"),
    ("market.uses_of_everyone", "counters of everyone together; whose verifications name them is not read"),
    ("market.usable_among", "what the partner was told already, by ids that it was told; whose they are is not read"),
    ("codes.by_handle", "ids only, to check what was typed; says nothing about whose ticket it is"),
    ("commands.scores_written", "counts of a city that was made for measuring"),
    ("complaints.clocks", "whether the authority is late: ids, states and dates of its own work"),
    ("complaints.for_partner", "what an officer wrote for the partner, by a random number; who complained is not read"),
    ("complaints.of_partner", "what an officer wrote for the partner, by a random number; who complained is not read"),
    ("complaints.open_of_subject", "ids and states only, of the person who is leaving"),
    (
        "consents.given",
        "whether the processing that follows is allowed at all; decides before anything about the person is read",
    ),
    (
        "consents.subjects_in_force",
        "whether the processing that follows is allowed at all; decides before anything about the person is read",
    ),
    (
        "consents.was_in_force",
        "whether the processing that follows is allowed at all; decides before anything about the person is read",
    ),
    ("deposits.closes_offer", "existence only, to decide whether one offer opens again"),
    ("identity.subject_of_account", "ids only, of the person who is signing in"),
    ("identity.subject_taken", "existence only, of the account of the person who proves their identity"),
    ("objections.clocks", "whether the authority is late: ids, states and dates of its own work"),
    ("objections.open_records", "ids only, of the person who is leaving"),
    ("deposits.verifications_used", "ids and instants, to count uses anew; whose orders they are is not read"),
    ("deposits.losses", "ids and sums of orders whose loss was shared; whose they are is not read"),
    ("deposits.wrong_totals", "ids and sums of orders that do not add up; whose they are is not read"),
    ("market.counters_of_everyone", "counts of everyone together, to compare them with what is kept"),
    (
        "market.counters_of_persons",
        "benefits, periods and counts that differ; whose they are is compared in the database and not read",
    ),
    ("market.redeemed", "what partners were given and gave back, for the ledger; whose they were is not read"),
    ("market.given_between", "counts and sums of what was given; to whom is not read"),
    ("market.told_between", "counts of answers by result and reasons; of whom is not read"),
    ("deposits.opened_between", "counts and sums of orders by state; whose they are is not read"),
    ("market.reversed_sums", "ids, sums and states of redemptions that do not add up; whose they were is not read"),
    ("market.wrongly_reserved", "ids and states of verifications that hold a place; whose they were is not read"),
    ("market.uses_by_tier", "uses counted by tier, for the cost of changed terms; whose they were is not read"),
    ("market.unused_verifications", "ids and states of verifications; whose they were is not read"),
    ("passes._lock_live", "ids only, of passes that are about to be revoked"),
    (
        "passes.revoked_places",
        "random numbers that are published to everybody; they say nothing of whose passes they were",
    ),
    ("records.archive_due", "ids only, for the scores that must be looked at again"),
    ("records.disclosed", "what the law opens to everybody about an organisation; never a record of a natural person"),
    ("records.merge_staged", "what a source's own delivery changed: keys and ids, no content"),
    ("records.next_retention", "dates for the due queue; nothing is shown to anybody"),
    ("records.verdicts", "compares a delivery with what the same source delivered before; no content is read"),
    (
        "reviews.counted",
        "how many people gave the same review; nothing is made of it unless they are ten together, and who they are is not read",
    ),
    ("reviews.people_left", "a count, to compare it with what was drawn; who they are is not read"),
    ("reviews.reviewed", "which partners were reviewed at all"),
    ("scores.computed_otherwise", "ids only, for the scores that must be looked at again"),
    (
        "scores.people_by_rank",
        "people counted by level, to assess changed terms before they are published; nobody is read",
    ),
    (
        "scores.write_differences",
        "compared with the recomputed score in the same statement; the recomputation itself is logged",
    ),
    ("scores.stored", "compared with the recomputed score in the same transaction; the recomputation itself is logged"),
]


def uses(folder: Path) -> list[tuple[str, str]]:
    """Room and function with the reason that the code gives, once for every use, in the order of REVIEWED.

    Whatever names the door counts, also outside of a function; what is not called there with a constant reason cannot be reviewed.
    """
    found = []
    for path in sorted(folder.rglob("*.py")):
        room = path.relative_to(folder).parts[0]
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
        for function, node in named(tree, "module"):
            if isinstance(node, ast.Constant) and node.value == "impersonal":
                raise AssertionError(f"{path}:{node.lineno}: the door is named by a text")
            if not (isinstance(node, ast.Attribute) and node.attr == "impersonal"):
                continue
            call = calls.get(id(node))
            reason = call.args[0] if call is not None and call.args else None
            assert isinstance(reason, ast.Constant), f"{path}:{node.lineno}: not a call with a constant reason"
            assert isinstance(reason.value, str)
            found.append((f"{room}.{function}", reason.value))
    return sorted(found)


def named(node: ast.AST, function: str) -> Iterator[tuple[str, ast.AST]]:
    """Every node below, with the name of the innermost function around it."""
    for child in ast.iter_child_nodes(node):
        around = child.name if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) else function
        yield around, child
        yield from named(child, around)


def test_every_read_without_an_access_row_was_reviewed() -> None:
    assert uses(REPOSITORY / "backend") == sorted(REVIEWED)


@pytest.mark.parametrize(
    "source",
    [
        "async def seen(c):\n    await c.impersonal('first', '')\n    await c.impersonal('second', '')\n",
        "def seen(c):\n    c.impersonal('first', '')\n    return lambda: c.impersonal('second', '')\n",
        "class Store:\n    def seen(self):\n        return self.c.impersonal('first', self.c.impersonal('second', ''))\n",
    ],
)
def test_every_use_is_listed_wherever_it_stands(tmp_path: Path, source: str) -> None:
    (tmp_path / "store.py").write_text(source, encoding="utf-8")
    assert uses(tmp_path) == [("store.py.seen", "first"), ("store.py.seen", "second")]


@pytest.mark.parametrize(
    "source",
    [
        "async def seen(c, reason):\n    return await c.impersonal(reason, '')\n",
        "async def seen(c):\n    door = c.impersonal\n    return await door('first', '')\n",
        "async def seen(c):\n    return await getattr(c, 'impersonal')('first', '')\n",
    ],
)
def test_a_use_that_cannot_be_reviewed_is_refused(tmp_path: Path, source: str) -> None:
    (tmp_path / "store.py").write_text(source, encoding="utf-8")
    with pytest.raises(AssertionError):
        uses(tmp_path)
