"""Every place that reads a personal table without a row in the access log, reviewed one by one."""

import ast

from tests.builders.server import REPOSITORY

# Room and function, with the reason that the code gives. A new use fails until somebody has reviewed it and put it here.
REVIEWED = {
    "city.holds_people": "existence only",
    "codes.add": "ids only, of tickets that are being made for the person who asks",
    "codes.burn": "ids only, and whose code it is; the verification that follows in this transaction writes the access row",
    "codes.by_handle": "ids only, to check what was typed; says nothing about whose ticket it is",
    "consents.given": "whether the processing that follows is allowed at all; decides before anything about the person is read",
    "consents.subjects_in_force": "whether the processing that follows is allowed at all; decides before anything about the person is read",
    "deposits.has_arrears": "existence only, to decide whether one offer opens again",
    "identity.subject_of_account": "ids only, of the person who is signing in",
    "identity.subject_taken": "existence only, of the account of the person who proves their identity",
    "objections.clocks": "whether the authority is late: ids, states and dates of its own work",
    "objections.open_records": "ids only, of the person who is leaving",
    "records.archive_due": "ids only, for the scores that must be looked at again",
    "records.merge_staged": "what a source's own delivery changed: keys and ids, no content",
    "records.next_retention": "dates for the due queue; nothing is shown to anybody",
    "records.verdicts": "compares a delivery with what the same source delivered before; no content is read",
    "scores.stored": "compared with the recomputed score in the same transaction; the recomputation itself is logged",
}


def uses() -> dict[str, str]:
    """Room and function -> the reason that the code gives."""
    found: dict[str, str] = {}
    for path in sorted((REPOSITORY / "backend").rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(function, ast.AsyncFunctionDef):
                continue
            for call in ast.walk(function):
                if (
                    isinstance(call, ast.Call)
                    and isinstance(call.func, ast.Attribute)
                    and call.func.attr == "impersonal"
                ):
                    reason = call.args[0]
                    assert isinstance(reason, ast.Constant), f"{path}: the reason is a constant"
                    assert isinstance(reason.value, str)
                    room = path.relative_to(REPOSITORY / "backend").parts[0]
                    found[f"{room}.{function.name}"] = reason.value
    return found


def test_every_read_without_an_access_row_was_reviewed() -> None:
    assert uses() == REVIEWED
