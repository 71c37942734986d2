"""Reviews, which are about the person who wrote them; the monthly figures of partners and their cases, which are about nobody."""

from piccolo.columns import JSONB, UUID, Array, Boolean, Bytea, Date, Integer, SmallInt, Text, Timestamptz
from piccolo.table import Table


class Review(Table, tablename="review"):
    """What one person said of one visit. The words are sealed, shown to officers only, and never published."""

    id = UUID(primary_key=True, default=None)
    subject_id = UUID(null=False, default=None)
    partner_id = UUID(null=False, default=None)
    benefit_id = Text(null=False, default=None)
    verification_id = UUID(null=False, default=None)
    visited_at = Timestamptz(null=False, default=None)
    stars = SmallInt(null=False, default=None)
    kept = Text(null=False, default=None)
    waiting = Text(null=False, default=None)
    words_sealed = Bytea(null=True, default=None)
    filed_at = Timestamptz(null=False, default=None)


class PartnerFigures(Table, tablename="partner_figures"):
    """What was counted of a partner for a month, from `from_day` to `until_day`, its last. The counts are null where a card may not
    be made: of fewer than ten people, or too few new ones to be told from the card before."""

    partner_id = UUID(null=False, default=None)
    until_day = Date(null=False, default=None)
    from_day = Date(null=False, default=None)
    people = Integer(null=True, default=None)
    points = Integer(null=True, default=None)
    honoured = Integer(null=True, default=None)
    otherwise = Integer(null=True, default=None)
    refused = Integer(null=True, default=None)
    waited = JSONB(null=True, default=None)
    rating_permille = SmallInt(null=True, default=None)
    drawn_at = Timestamptz(null=False, default=None)


class ReviewCase(Table, tablename="review_case"):
    """One public review of a partner, from its opening to its end. Where it stands is the partner's own state; `next_day` is the last
    day of that stage. `outcome` says how it ended; a delisting may be objected to until `objection_by`. `because` is the reason of
    what is proposed, and stays where an objection was not upheld."""

    id = UUID(primary_key=True, default=None)
    partner_id = UUID(null=False, default=None)
    rules_from = Date(null=False, default=None)
    grounds = Array(base_column=Text(), null=False, default=list)
    opened_on = Date(null=False, default=None)
    ordered_on = Date(null=True, default=None)
    next_day = Date(null=True, default=None)
    provisional = Boolean(null=False, default=False)
    found_again = Array(base_column=Text(), null=True, default=None)
    reply = Text(null=True, default=None)
    replied_at = Timestamptz(null=True, default=None)
    objection_by = Date(null=True, default=None)
    objected = Text(null=True, default=None)
    objected_at = Timestamptz(null=True, default=None)
    proposal = Text(null=True, default=None)
    proposed_by = UUID(null=True, default=None)
    because = Text(null=True, default=None)
    outcome = Text(null=True, default=None)
    closed_on = Date(null=True, default=None)


TABLES = (Review, PartnerFigures, ReviewCase)
PERSONAL = frozenset({"review"})
CONSTRAINTS = (
    "CREATE UNIQUE INDEX review_verification ON review (verification_id)",
    "CREATE INDEX review_subject ON review (subject_id, id DESC)",
    "CREATE INDEX review_partner ON review (partner_id, filed_at)",
    "ALTER TABLE review ADD CHECK (stars BETWEEN 1 AND 5)",
    "ALTER TABLE review ADD CHECK (kept IN ('honoured', 'otherwise', 'refused'))",
    "ALTER TABLE review ADD CHECK (waiting IN ('under-5-minutes', '5-to-15-minutes', '15-to-30-minutes', "
    "'over-30-minutes'))",
    "ALTER TABLE partner_figures DROP COLUMN id",
    "ALTER TABLE partner_figures ADD PRIMARY KEY (partner_id, until_day)",
    # Nothing is kept of fewer than ten people.
    "ALTER TABLE partner_figures ADD CHECK (people >= 10)",
    "ALTER TABLE partner_figures ADD CHECK (people = honoured + otherwise + refused AND points BETWEEN 0 AND 4 * people)",
    "ALTER TABLE partner_figures ADD CHECK ((people IS NULL) = (rating_permille IS NULL))",
    "CREATE UNIQUE INDEX review_case_open ON review_case (partner_id) WHERE outcome IS NULL",
    "CREATE INDEX review_case_partner ON review_case (partner_id, id)",
    "ALTER TABLE review_case ADD CHECK (outcome IN ('stopped', 'passed', 'delisted', 'upheld', 'reinstated'))",
    "ALTER TABLE review_case ADD CHECK ((outcome IS NULL) = (closed_on IS NULL))",
    "ALTER TABLE review_case ADD CHECK (proposal IN ('stop', 'reinstate', 'uphold'))",
    "ALTER TABLE review_case ADD CHECK ((proposal IS NULL) = (proposed_by IS NULL) AND (proposal IS NULL OR because IS NOT NULL))",
)
