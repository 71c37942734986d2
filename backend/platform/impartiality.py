"""Impartiality 回避与双人: who may not act on a matter. Every negative act about somebody, and the publication of rules, needs
two persons, and no one acts on a matter of their own.
"""

from uuid import UUID

from backend.platform.problems import declare

SECOND_PERSON_NEEDED = declare(
    403, "second-person-needed", "须由另一名工作人员确认", "A second person is needed",
    "不利决定、评价规则的公布和撤销，须由提出人以外的另一名工作人员确认或退回，请转交同事办理。",
    "A negative decision, and rules that are published or revoked, are confirmed or sent back by somebody other than the "
    "proposer: hand it to a colleague.",
)  # fmt: skip
OWN_MATTER = declare(
    403, "own-matter", "本人事项应当回避", "This is a matter of your own",
    "办理人与事项有关，请转交同事办理。", "You have a part in this matter: hand it to a colleague.",
)  # fmt: skip


def require_second_person(proposed_by: UUID, account_id: UUID) -> None:
    """Raises SECOND_PERSON_NEEDED if the one who confirms is the one who proposed."""
    if proposed_by == account_id:
        raise SECOND_PERSON_NEEDED.error()
