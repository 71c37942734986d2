"""Benefits and their counters, verifications, redemptions, reversals and closed offers."""

from piccolo.columns import JSONB, UUID, BigInt, BigSerial, Bytea, Integer, Text, Timestamptz
from piccolo.table import Table


class Benefit(Table, tablename="benefit"):
    """One version of a benefit's terms. A change is a new version; two people stand behind each that is published."""

    benefit_id = Text(null=False, default=None)
    version = Integer(null=False, default=None)
    terms = JSONB(null=False, default=None)
    state = Text(null=False, default=None)
    proposed_by = UUID(null=False, default=None)
    proposed_at = Timestamptz(null=False, default=None)
    approved_by = UUID(null=True, default=None)
    approved_at = Timestamptz(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)


class BenefitUse(Table, tablename="benefit_use"):
    """How often a benefit was redeemed in a period, by everyone together."""

    benefit_id = Text(null=False, default=None)
    period = Text(null=False, default=None)
    used = BigInt(null=False, default=None)
    allowed = BigInt(null=False, default=None)


class PersonUse(Table, tablename="person_use"):
    """How often one person redeemed a benefit in a period."""

    subject_id = UUID(null=False, default=None)
    benefit_id = Text(null=False, default=None)
    period = Text(null=False, default=None)
    used = BigInt(null=False, default=None)
    allowed = BigInt(null=False, default=None)


class ClosedOffer(Table, tablename="closed_offer"):
    """An offer closed to one person because its bill is unpaid; no other offer is touched."""

    subject_id = UUID(null=False, default=None)
    benefit_id = Text(null=False, default=None)
    because = Text(null=False, default=None)
    closed_at = Timestamptz(null=False, default=None)


class BenefitCommitment(Table, tablename="benefit_commitment"):
    """What a person promised for one benefit to have a tier of it; it binds for that benefit alone and is taken back at will."""

    subject_id = UUID(null=False, default=None)
    benefit_id = Text(null=False, default=None)
    kind = Text(null=False, default=None)
    benefit_version = Integer(null=False, default=None)
    made_at = Timestamptz(null=False, default=None)


class BenefitEvent(Table, tablename="benefit_event"):
    """One event of a version of a benefit: who acted, and what followed."""

    id = BigSerial(primary_key=True)
    benefit_id = Text(null=False, default=None)
    version = Integer(null=False, default=None)
    event = Text(null=False, default=None)
    before = Text(null=True, default=None)
    after = Text(null=False, default=None)
    account_id = UUID(null=False, default=None)
    at = Timestamptz(null=False, default=None)


class Verification(Table, tablename="verification"):
    """One answer to one scan. `reason` is for the holder alone; `ephemeral_ref` is random and used once; lapsing is told by `expires_at`.

    While it waits for the holder, it is decided but not answered: nothing of the decision leaves, and `receipt` is empty.
    `request_mark`: the digest of the request (32 bytes), for the receipt that is signed then.
    """

    id = UUID(primary_key=True, default=None)
    partner_id = UUID(null=False, default=None)
    terminal = Text(null=False, default=None)
    benefit_id = Text(null=False, default=None)
    benefit_version = Integer(null=False, default=None)
    account_id = UUID(null=True, default=None)
    subject_id = UUID(null=True, default=None)
    result = Text(null=False, default=None)
    reason = JSONB(null=True, default=None)
    tier_value = BigInt(null=False, default=None)
    amount_fen = BigInt(null=True, default=None)
    partner_ref = Text(null=False, default=None)
    ephemeral_ref = Text(null=False, default=None)
    receipt = Text(null=False, default=None)
    state = Text(null=False, default=None)
    answered_at = Timestamptz(null=False, default=None)
    expires_at = Timestamptz(null=False, default=None)
    confirm_by = Timestamptz(null=True, default=None)
    confirmed_at = Timestamptz(null=True, default=None)
    request_mark = Bytea(null=True, default=None)
    store_id = UUID(null=True, default=None)


class Confirmation(Table, tablename="confirmation"):
    """What the holder's device signed to confirm a verification: kept for disputes, gone with the holder."""

    verification_id = UUID(primary_key=True, default=None)
    subject_id = UUID(null=False, default=None)
    device_id = UUID(null=False, default=None)
    signature = Text(null=False, default=None)
    signed_at = Timestamptz(null=False, default=None)


class Redemption(Table, tablename="redemption"):
    """The one use of an eligible verification. Amounts are fen."""

    id = UUID(primary_key=True, default=None)
    verification_id = UUID(null=False, default=None)
    partner_id = UUID(null=False, default=None)
    benefit_id = Text(null=False, default=None)
    benefit_version = Integer(null=False, default=None)
    subject_id = UUID(null=True, default=None)
    amount_fen = BigInt(null=False, default=None)
    reversed_fen = BigInt(null=False, default=None)
    state = Text(null=False, default=None)
    partner_ref = Text(null=False, default=None)
    idempotency_key = Text(null=False, default=None)
    receipt = Text(null=False, default=None)
    redeemed_at = Timestamptz(null=False, default=None)


class Reservation(Table, tablename="reservation"):
    """A place held between a verification and its redemption: counted on the day of `reserved_at` like a use, and `held_fen` of a
    budget (fen). It names no person: the verification does."""

    id = UUID(primary_key=True, default=None)
    verification_id = UUID(null=False, default=None)
    partner_id = UUID(null=False, default=None)
    benefit_id = Text(null=False, default=None)
    benefit_version = Integer(null=False, default=None)
    store_id = UUID(null=True, default=None)
    amount_fen = BigInt(null=False, default=None)
    budget_id = UUID(null=True, default=None)
    held_fen = BigInt(null=False, default=None)
    partner_ref = Text(null=False, default=None)
    state = Text(null=False, default=None)
    reserved_at = Timestamptz(null=False, default=None)
    expires_at = Timestamptz(null=False, default=None)
    ended_at = Timestamptz(null=True, default=None)


class Reversal(Table, tablename="reversal"):
    """Taking back a redemption, whole or in part: a record of its own."""

    id = UUID(primary_key=True, default=None)
    redemption_id = UUID(null=False, default=None)
    amount_fen = BigInt(null=False, default=None)
    partner_ref = Text(null=False, default=None)
    receipt = Text(null=False, default=None)
    reversed_at = Timestamptz(null=False, default=None)


TABLES = (
    Benefit,
    BenefitUse,
    PersonUse,
    ClosedOffer,
    BenefitCommitment,
    BenefitEvent,
    Verification,
    Confirmation,
    Redemption,
    Reservation,
    Reversal,
)
PERSONAL = frozenset({"person_use", "closed_offer", "benefit_commitment", "verification", "confirmation", "redemption"})
CONSTRAINTS = (
    "ALTER TABLE benefit DROP COLUMN id",
    "ALTER TABLE benefit ADD PRIMARY KEY (benefit_id, version)",
    "CREATE UNIQUE INDEX benefit_offered ON benefit (benefit_id) WHERE state IN ('published', 'paused')",
    # Two benefits published at the same instant: `number_taken` sees neither.
    "CREATE UNIQUE INDEX benefit_offline_number ON benefit ((terms->'offline'->>'number')) "
    "WHERE state IN ('published', 'paused')",
    "ALTER TABLE benefit ADD CHECK (state IN ('draft', 'published', 'paused', 'ended', 'refused'))",
    # Two people stand behind every offer: who proposes does not approve.
    "ALTER TABLE benefit ADD CHECK (approved_by IS NULL OR approved_by <> proposed_by)",
    "ALTER TABLE benefit ADD CHECK (state IN ('draft', 'refused') OR approved_by IS NOT NULL)",
    "ALTER TABLE benefit_use DROP COLUMN id",
    "ALTER TABLE benefit_use ADD PRIMARY KEY (benefit_id, period)",
    "ALTER TABLE benefit_use ADD CHECK (used >= 0 AND used <= allowed)",
    "ALTER TABLE person_use DROP COLUMN id",
    "ALTER TABLE person_use ADD PRIMARY KEY (subject_id, benefit_id, period)",
    "ALTER TABLE person_use ADD CHECK (used >= 0 AND used <= allowed)",
    "ALTER TABLE closed_offer DROP COLUMN id",
    "ALTER TABLE closed_offer ADD PRIMARY KEY (subject_id, benefit_id)",
    "ALTER TABLE benefit_commitment DROP COLUMN id",
    "ALTER TABLE benefit_commitment ADD PRIMARY KEY (subject_id, benefit_id, kind)",
    "ALTER TABLE benefit_event ADD FOREIGN KEY (benefit_id, version) REFERENCES benefit (benefit_id, version)",
    "CREATE INDEX benefit_event_version ON benefit_event (benefit_id, version, id)",
    "CREATE INDEX verification_subject ON verification (subject_id, id DESC)",
    "CREATE INDEX verification_tries ON verification (partner_id, subject_id, answered_at)",
    "ALTER TABLE verification ADD CHECK (result IN ('eligible', 'declined'))",
    "ALTER TABLE verification ADD CHECK (state IN ('pending-confirmation', 'answered', 'reserved', 'redeemed'))",
    "ALTER TABLE verification ADD CHECK ((state = 'pending-confirmation') = (receipt = ''))",
    "ALTER TABLE verification ADD CHECK (state <> 'pending-confirmation' OR "
    "(confirm_by IS NOT NULL AND request_mark IS NOT NULL))",
    # What the holder was asked is given only if the holder said yes.
    "ALTER TABLE verification ADD CHECK (confirm_by IS NULL OR confirmed_at IS NOT NULL OR state = 'pending-confirmation' "
    "OR result = 'declined')",
    "CREATE INDEX verification_pending ON verification (subject_id) WHERE state = 'pending-confirmation'",
    "ALTER TABLE verification ADD FOREIGN KEY (benefit_id, benefit_version) REFERENCES benefit (benefit_id, version)",
    "ALTER TABLE confirmation ADD FOREIGN KEY (verification_id) REFERENCES verification (id)",
    "CREATE INDEX confirmation_subject ON confirmation (subject_id)",
    "CREATE UNIQUE INDEX redemption_verification ON redemption (verification_id)",
    "CREATE INDEX redemption_key ON redemption (partner_id, idempotency_key)",
    "CREATE INDEX redemption_subject ON redemption (subject_id)",
    "ALTER TABLE redemption ADD FOREIGN KEY (verification_id) REFERENCES verification (id)",
    "ALTER TABLE redemption ADD CHECK (reversed_fen >= 0 AND reversed_fen <= amount_fen)",
    "ALTER TABLE redemption ADD CHECK (state IN ('redeemed', 'partly-reversed', 'reversed'))",
    "ALTER TABLE redemption ADD CHECK (state <> 'reversed' OR reversed_fen = amount_fen)",
    "ALTER TABLE reservation ADD FOREIGN KEY (verification_id) REFERENCES verification (id)",
    # A verification holds one place at most.
    "CREATE UNIQUE INDEX reservation_held ON reservation (verification_id) WHERE state = 'held'",
    "CREATE INDEX reservation_verification ON reservation (verification_id)",
    "ALTER TABLE reservation ADD CHECK (state IN ('held', 'redeemed', 'released', 'expired'))",
    "ALTER TABLE reservation ADD CHECK ((state = 'held') = (ended_at IS NULL))",
    "ALTER TABLE reservation ADD CHECK (amount_fen >= 0 AND held_fen >= 0 AND (held_fen = 0 OR budget_id IS NOT NULL))",
    "CREATE INDEX reversal_redemption ON reversal (redemption_id)",
    "ALTER TABLE reversal ADD FOREIGN KEY (redemption_id) REFERENCES redemption (id)",
    "ALTER TABLE reversal ADD CHECK (amount_fen >= 0)",
)
