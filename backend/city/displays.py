"""What the first enterprise of the synthetic city shows: its own code, a tourism code with the commitment behind it, a product."""

from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

from backend.city.generator import City
from backend.city.materials import load_materials
from backend.city.sign_ins import SignIn
from backend.commitments import service as commitments
from backend.commitments.messages import CommitmentType, MakeCommitment, Openness
from backend.displays import service as displays
from backend.displays.messages import ApplyForSector, DeclareProduct, Display, Grant, Product
from backend.enterprises import service as enterprises
from backend.platform.callers import Caller
from backend.platform.clock import local_date
from backend.platform.platform import Platform
from backend.platform.roles import Role
from backend.platform.row_ids import new_id
from backend.platform.working_days import add_months

_AUTHORITY = "market-regulation"
_SECTOR = "tourism"
_MONTHS = 12


async def show_codes(platform: Platform, city: City, agent_id: UUID, officer_id: UUID) -> list[SignIn]:
    """Makes the codes as their agent and an officer would, through the room's own acts; gives the pages to open."""
    agent = _caller(platform, agent_id, Role.RESIDENT)
    officer = _caller(platform, officer_id, Role.CASE_OFFICER)
    first = (await enterprises.mine(platform, agent))[-1]
    last_day = add_months(local_date(platform.clock.now()), _MONTHS)
    own = await displays.make_own(platform, agent, first.id)
    commitment_id = await _commitment(platform, city, agent, first.id)
    application = await displays.apply_for_sector(platform, agent, first.id, ApplyForSector(_SECTOR, commitment_id))
    tourism = await displays.grant(platform, officer, application.id, Grant(last_day))
    product = await displays.declare_product(platform, agent, first.id, DeclareProduct(_product(platform), last_day))
    return [
        SignIn("display-enterprise", f"展示码 display code of {first.name}", page=_page(own)),
        SignIn("display-sector", f"旅游诚信码 tourism code of {first.name}", page=_page(tourism)),
        SignIn("display-product", f"溯源码 trace code of {first.name}", page=_page(product)),
    ]


async def _commitment(platform: Platform, city: City, agent: Caller, enterprise_id: UUID) -> UUID:
    authority = next(source for source in city.sources if source.code == _AUTHORITY)
    material = load_materials().display.commitment
    made = await commitments.make(
        platform,
        agent,
        enterprise_id,
        MakeCommitment(
            type=CommitmentType.INDUSTRY,
            reason=material.reason,
            content=material.content,
            liability="违反承诺的，自愿接受依法公示和处理。",
            valid_until=add_months(local_date(platform.clock.now()), _MONTHS),
            accepting_unit=authority.names.zh,
            accepting_unit_code=authority.credit_code,
            openness=Openness.PUBLIC,
        ),
    )
    return made.id


def _product(platform: Platform) -> Product:
    today, material = local_date(platform.clock.now()), load_materials().display.product
    made_on = today - timedelta(days=material.made_days_ago)
    return Product(
        name=material.name,
        batch=f"{made_on:%Y%m%d}-A",
        origin=material.origin,
        made_on=made_on,
        best_before=add_months(made_on, material.months),
        report_number=material.report_number,
        report_body=material.report_body,
    )


def _caller(platform: Platform, account_id: UUID, role: Role) -> Caller:
    return Caller(
        account_id=account_id,
        session_id=new_id(platform.clock.now()),
        roles=frozenset({role}),
        subject_id=None,
        request_id="synthetic-city",
    )


def _page(code: Display) -> str:
    """The path of its page: the city may be opened under another address than it was built under."""
    return urlsplit(code.url or "").path
