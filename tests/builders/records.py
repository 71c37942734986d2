"""Records of a test's people and enterprises in one line, through the same intake as a delivery."""

from uuid import UUID

from backend.platform.access import Ground
from backend.platform.callers import Signer, system_access
from backend.platform.platform import Platform
from backend.platform.roles import Role
from backend.records import intake
from backend.records import service as records
from backend.records.messages import DeliveryIn, NewSource
from tests.builders.people import Person
from tests.records.rows import permit, volunteer_service

SOURCE = "test-source"
_ACCESS = system_access("test", "测试", "测试", Ground.LEGAL_DUTY)


async def add_source(platform: Platform) -> None:
    """A source that may deliver volunteer service, permits and penalties."""
    async with platform.database.transaction() as connection:
        items = ["volunteer-service", "permit", "penalty"]
        await intake.add_source(platform, connection, NewSource(SOURCE, "桃花市民政局", "Civil Affairs", items))


async def deliver(platform: Platform, item: str, row: dict[str, object]) -> None:
    """One record, accepted."""
    async with platform.database.connection() as connection:
        source_id = await connection.fetch_value("SELECT id FROM source WHERE code = $1", SOURCE)
    signer = Signer(role=Role.SOURCE, owner_id=source_id, key_id="test", request_id="")
    delivered = await intake.deliver(
        platform, signer, DeliveryIn("test", [{"item": item, "fields": row, "sequence": 1}])
    )
    assert delivered.accepted == 1, delivered


async def volunteering(platform: Platform, someone: Person, hours: int = 3, number: int = 1) -> UUID:
    """The id of a record of volunteer service of a person."""
    row = volunteer_service(
        ZY_XDR_MC=someone.name,
        ZY_XDR_ZJHM=someone.identity_number,
        ZY_SC=str(hours),
        ZY_JLBH=f"桃志〔2026〕{number}号-{someone.identity_number[-5:]}",
    )
    await deliver(platform, "volunteer-service", row)
    async with platform.database.connection() as connection:
        found = await connection.impersonal(
            "the test needs the id", "SELECT id FROM record WHERE subject_id = $1 ORDER BY id DESC", someone.subject_id
        )
    return UUID(str(found[0]["id"]))


async def permitted(platform: Platform, code: str) -> None:
    """A permit of an enterprise."""
    await deliver(platform, "permit", permit(XK_XDR_SHXYM=code))


async def state_and_amount(platform: Platform, record_id: UUID) -> tuple[str, int | None]:
    """How a record stands."""
    async with platform.database.transaction() as connection:
        row = await records.record_of(connection, _ACCESS, record_id)
    assert row is not None
    return row["state"], row["amount"]
