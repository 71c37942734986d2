"""What everybody reads who scans a display code: facts, and nothing but facts that are public.

No score, no level, and no natural person: of records only what the law opens, inside its publicity period; of commitments and
declarations only public ones. Numbers that somebody wrote into a text are masked.
"""

from collections.abc import Mapping
from uuid import UUID

import msgspec

from backend.commitments import service as commitments
from backend.commitments.messages import PublishedCommitment
from backend.declarations import service as declarations
from backend.displays import store
from backend.displays.messages import (
    EndedDisplay,
    Product,
    ShownDeclaration,
    ShownDisplay,
    ShownEnterprise,
)
from backend.displays.problems import DISPLAY_ENDED
from backend.displays.states import SHOWN, DisplayKind, EndedBy
from backend.displays.views import is_shown, product_of, sector_of
from backend.enterprises import service as enterprises
from backend.enterprises.messages import Profile
from backend.enterprises.states import EnterpriseState
from backend.platform.clock import local_date
from backend.platform.database import Connection, Row
from backend.platform.masking import masked_text, public_name
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND
from backend.records import service as records
from partners.codes import display
from partners.codes.display import Refusal

MOST_RECORDS = 20
MOST_COMMITMENTS = 10
MOST_DECLARATIONS = 10

# Beside what the law makes public, which every page shows. A product's page is about the product.
_WITH_COMMITMENTS = frozenset({DisplayKind.ENTERPRISE, DisplayKind.SECTOR})
_WITH_DECLARATIONS = frozenset({DisplayKind.ENTERPRISE})


async def show(platform: Platform, token: str) -> ShownDisplay | EndedDisplay:
    """What a token shows: a valid code, or one that has ended. Raises NOT_FOUND for what we never signed, without a round trip.

    Of an ended code two round trips; of a valid one three for a product, four for a sector, five for an enterprise.
    """
    said = display.read_token(token, platform.keys.display_slot)
    if isinstance(said, Refusal):
        raise NOT_FOUND.error()
    async with platform.database.connection() as connection:
        row = await store.one(connection, UUID(bytes=said.code_id))
        if row is None:
            raise NOT_FOUND.error()
        enterprise = (await enterprises.profiles(connection, [row["enterprise_id"]]))[row["enterprise_id"]]
        today = local_date(platform.clock.now())
        if not is_shown(row, today) or enterprise.state is EnterpriseState.WITHDRAWN:
            return _ended(platform, row, enterprise)
        return await _shown(platform, connection, row, enterprise, display.link(platform.settings.external_url, token))


async def show_valid(platform: Platform, token: str) -> ShownDisplay:
    """What a valid token shows. Raises NOT_FOUND, and DISPLAY_ENDED saying since when and why. Round trips as `show`."""
    shown = await show(platform, token)
    if isinstance(shown, EndedDisplay):
        word, word_en = ("到期", "expired") if shown.expired else ("撤销", "was revoked")
        because = f"：{shown.reason}" if shown.reason else ""
        raise DISPLAY_ENDED.error(
            detail=f"该码已于 {shown.ended_on} {word}{because}。请勿再据此判断。",
            detail_en=f"It {word_en} on {shown.ended_on}. Do not rely on it.",
        )
    return shown


async def _shown(platform: Platform, connection: Connection, row: Row, enterprise: Profile, url: str) -> ShownDisplay:
    kind = DisplayKind(row["kind"])
    disclosed = await records.disclosed_of_enterprise(platform, connection, enterprise.subject_id, MOST_RECORDS + 1)
    promised: list[PublishedCommitment] = []
    if kind in _WITH_COMMITMENTS:
        promised = await commitments.published_of(
            platform, connection, enterprise.id, row["commitment_id"], MOST_COMMITMENTS + 1
        )
    declared: list[ShownDeclaration] = []
    if kind in _WITH_DECLARATIONS:
        found = await declarations.open_of(platform, connection, enterprise.id, MOST_DECLARATIONS + 1)
        declared = [
            ShownDeclaration(each.kind, masked_text(each.content), each.evidence, each.valid_until) for each in found
        ]
    return ShownDisplay(
        kind=kind,
        url=url,
        issued_on=row["issued_on"],
        valid_until=row["valid_until"],
        checked_at=platform.clock.now(),
        enterprise=_enterprise(enterprise),
        sector=sector_of(row),
        product=_product(row),
        records=disclosed[:MOST_RECORDS],
        commitments=[_commitment(each) for each in promised[:MOST_COMMITMENTS]],
        declarations=declared[:MOST_DECLARATIONS],
        more=len(disclosed) > MOST_RECORDS or len(promised) > MOST_COMMITMENTS or len(declared) > MOST_DECLARATIONS,
    )


def _ended(platform: Platform, row: Row, enterprise: Profile) -> EndedDisplay:
    """A code that is no longer valid, also in the moment before the due queue has written it down."""
    over = row["state"] in SHOWN
    expired = row["valid_until"] < local_date(platform.clock.now()) if over else row["ended_by"] == EndedBy.TERM
    left = EndedBy.TERM if expired else EndedBy.DEPARTURE
    ended_at = platform.clock.now() if over else row["ended_at"]
    return EndedDisplay(
        kind=DisplayKind(row["kind"]),
        sector=sector_of(row),
        product=_product(row),
        enterprise=_enterprise(enterprise),
        issued_on=row["issued_on"],
        valid_until=row["valid_until"],
        expired=expired,
        ended_on=row["valid_until"] if expired else local_date(ended_at),
        ended_by=left if over else EndedBy(row["ended_by"]),
        reason=None if over or row["reason"] is None else masked_text(row["reason"]),
    )


def _enterprise(profile: Profile) -> ShownEnterprise:
    return ShownEnterprise(public_name(profile.name, profile.code), profile.code, profile.state)


def _commitment(commitment: PublishedCommitment) -> PublishedCommitment:
    return msgspec.structs.replace(
        commitment,
        subject_name=public_name(commitment.subject_name, commitment.subject_code),
        reason=masked_text(commitment.reason),
        content=masked_text(commitment.content),
        liability=masked_text(commitment.liability),
    )


def _product(row: Row) -> Product | None:
    product = product_of(row)
    if product is None:
        return None
    texts: Mapping[str, str] = {
        name: value for name, value in msgspec.structs.asdict(product).items() if isinstance(value, str)
    }
    return msgspec.structs.replace(product, **{name: masked_text(value) for name, value in texts.items()})
