"""账本: a subsidy is exact, every posting balances, and whatever is redeemed and reversed in whatever order, no fen is lost."""

import csv
from datetime import UTC, date, datetime
from io import StringIO
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from partners.ledger.audit import Difference, Plan, Redemption, Reversal, compare, postings_of
from partners.ledger.postings import Account, AccountKind, Cause, Posting, appropriation, balances, paid, returned
from partners.ledger.statements import Line, Statement, as_csv, yuan
from partners.ledger.subsidies import Formula, subsidy, taken_back

FEN = st.integers(0, 10_000_000)
FORMULAS = st.builds(Formula, rate_permille=st.integers(1, 1000), cap_fen=st.none() | st.integers(1, 1_000_000))
BUDGET, PARTNER = UUID(int=1), UUID(int=2)
DAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rate", "cap", "worth", "share"),
    [(500, None, 1201, 600), (500, None, 1, 0), (1000, None, 1, 1), (333, None, 1000, 333), (500, 2000, 4001, 2000)],
)
def test_a_part_of_a_fen_is_the_merchants(rate: int, cap: int | None, worth: int, share: int) -> None:
    assert subsidy(Formula(rate_permille=rate, cap_fen=cap), worth) == share


@given(FORMULAS, FEN)
def test_the_city_never_pays_more_than_the_benefit_was_worth(formula: Formula, worth: int) -> None:
    share = subsidy(formula, worth)
    assert 0 <= share <= worth
    assert formula.cap_fen is None or share <= formula.cap_fen
    assert worth * formula.rate_permille - share * 1000 < 1000 or share == formula.cap_fen


@given(FORMULAS, FEN, st.lists(st.integers(1, 2_000_000), max_size=12))
def test_pieces_taken_back_sum_to_what_the_whole_would(formula: Formula, worth: int, pieces: list[int]) -> None:
    left, back = worth, 0
    for piece in pieces:
        after = max(0, left - piece)
        share = taken_back(formula, left, after)
        assert 0 <= share <= left - after
        back, left = back + share, after
    assert subsidy(formula, worth) - back == subsidy(formula, left)
    assert back + taken_back(formula, left, 0) == subsidy(formula, worth)


@given(st.lists(FEN, max_size=20))
def test_every_posting_and_all_balances_sum_to_zero(amounts: list[int]) -> None:
    postings = [paid(UUID(int=number), BUDGET, PARTNER, amount) for number, amount in enumerate(amounts)]
    assert all(sum(entry.fen for entry in posting.entries()) == 0 for posting in postings)
    assert sum(balances(postings).values()) == 0


def test_money_does_not_move_backwards() -> None:
    with pytest.raises(ValueError, match="not negative"):
        appropriation(BUDGET, -1)


class Books(RuleBasedStateMachine):
    """A till that redeems online, settles offline and reverses in any order, under one budget that may run out."""

    formula = Formula(rate_permille=333, cap_fen=700)
    budget_fen = 3000

    def __init__(self) -> None:
        super().__init__()
        self.kept = [appropriation(BUDGET, self.budget_fen)]
        self.redeemed: dict[UUID, tuple[int, list[Reversal]]] = {}
        self.number = 10
        self.plan = Plan(
            id=UUID(int=3), budget_id=BUDGET, benefit_id="b", formula=self.formula, begins=DAY, last_day=DAY
        )

    def new_id(self) -> UUID:
        self.number += 1
        return UUID(int=self.number)

    def left_in_budget(self) -> int:
        return balances(self.kept)[Account(AccountKind.BUDGET, BUDGET)]

    def redeem(self, worth: int) -> bool:
        share = subsidy(self.formula, worth)
        if share > self.left_in_budget():
            return False
        redemption_id = self.new_id()
        self.kept.append(paid(redemption_id, BUDGET, PARTNER, share))
        self.redeemed[redemption_id] = (worth, [])
        return True

    @rule(worth=st.integers(0, 5000))
    def redeem_online(self, worth: int) -> None:
        self.redeem(worth)

    @rule(worths=st.lists(st.integers(0, 3000), max_size=4))
    def settle_offline(self, worths: list[int]) -> None:
        for worth in worths:
            self.redeem(worth)

    @precondition(lambda self: self.redeemed)
    @rule(data=st.data())
    def reverse(self, data: st.DataObject) -> None:
        redemption_id = data.draw(st.sampled_from(sorted(self.redeemed)))
        worth, reversals = self.redeemed[redemption_id]
        left = worth - sum(reversal.amount_fen for reversal in reversals)
        amount = data.draw(st.integers(0, left))
        reversal = Reversal(self.new_id(), amount)
        share = taken_back(self.formula, left, left - amount)
        self.kept.append(returned(reversal.id, BUDGET, PARTNER, share))
        reversals.append(reversal)

    @invariant()
    def no_fen_is_lost_and_none_is_made(self) -> None:
        held = balances(self.kept)
        assert sum(held.values()) == 0
        left = [worth - sum(each.amount_fen for each in reversals) for worth, reversals in self.redeemed.values()]
        assert held.get(Account(AccountKind.PARTNER, PARTNER), 0) == sum(subsidy(self.formula, each) for each in left)

    @invariant()
    def the_budget_is_never_exceeded(self) -> None:
        assert 0 <= self.left_in_budget() <= self.budget_fen

    @invariant()
    def the_events_alone_tell_the_same_books(self) -> None:
        events = [
            Redemption(
                id=redemption_id,
                partner_id=PARTNER,
                benefit_id="b",
                amount_fen=worth,
                day=DAY,
                reversals=tuple(reversals),
            )
            for redemption_id, (worth, reversals) in self.redeemed.items()
        ]
        assert compare(self.kept, postings_of({BUDGET: self.budget_fen}, [self.plan], events)) == []


TestBooks = Books.TestCase


def books() -> tuple[list[Posting], dict[tuple[Cause, UUID], Posting]]:
    kept = [appropriation(BUDGET, 1000), paid(UUID(int=7), BUDGET, PARTNER, 300)]
    return kept, {(posting.cause, posting.cause_id): posting for posting in kept}


def test_a_posting_that_is_missing_doubled_altered_or_made_up_is_a_difference() -> None:
    kept, derived = books()
    what = f"posting of redemption {UUID(int=7)}"
    assert compare(kept[:1], derived) == [Difference(what, None, 300)]
    assert compare([*kept, kept[1]], derived) == [Difference(what, 300, None)]
    assert compare([kept[0], paid(UUID(int=7), BUDGET, PARTNER, 301)], derived) == [Difference(what, 301, 300)]
    made_up = paid(UUID(int=8), BUDGET, PARTNER, 5)
    assert compare([*kept, made_up], derived) == [Difference(f"posting of redemption {UUID(int=8)}", 5, None)]
    [moved] = compare([kept[0], paid(UUID(int=7), BUDGET, UUID(int=9), 300)], derived)
    assert moved.what == f"{what}: accounts"


def line(subsidy_fen: int, partner_ref: str = "order-1") -> Line:
    return Line(
        booked_at=NOON,
        happened_at=NOON,
        cause=Cause.REDEMPTION if subsidy_fen >= 0 else Cause.REVERSAL,
        id=UUID(int=7),
        redemption_id=UUID(int=7),
        benefit="reading-discount",
        partner_ref=partner_ref,
        plan=UUID(int=3),
        worth_fen=subsidy_fen * 2,
        subsidy_fen=subsidy_fen,
    )


@given(st.integers(0, 10_000), st.lists(st.integers(-500, 500), max_size=10))
def test_a_statement_leads_from_its_opening_to_its_closing(opening: int, amounts: list[int]) -> None:
    statement = Statement(month="2026-11", opening_fen=opening, lines=tuple(map(line, amounts)))
    assert statement.closing_fen == opening + sum(amounts)
    rows = list(csv.reader(StringIO(as_csv(statement).decode("utf-8-sig"))))
    assert len(rows) == len(amounts) + 3
    assert [rows[1][-1], rows[-1][-1]] == [yuan(opening), yuan(opening + sum(amounts))]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_spreadsheet_computes_nothing_that_a_merchant_wrote(start: str) -> None:
    evil = msgspec.structs.replace(line(5), partner_ref=f'{start}HYPERLINK("x")')
    text = as_csv(Statement(month="2026-11", opening_fen=0, lines=(evil,)))
    assert text.startswith(b"\xef\xbb\xbf")
    row = list(csv.reader(StringIO(text.decode("utf-8-sig"), newline="")))[2]
    assert row[6] == f'\'{start}HYPERLINK("x")'


@pytest.mark.parametrize(("fen", "text"), [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (123456, "1234.56")])
def test_yuan_are_exact(fen: int, text: str) -> None:
    assert yuan(fen) == text
