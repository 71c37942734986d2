"""Clerks in one line."""

from backend.partner_accounts import service as partner_accounts
from backend.platform.platform import Platform
from tests.builders.partners import PartnerCaller
from tests.builders.people import Person, PersonBuilder


async def place_at(platform: Platform, person: PersonBuilder, shop: PartnerCaller) -> Person:
    """A signed-in clerk at the first till of a shop."""
    clerk = await person("李四", proven=False)
    async with platform.database.transaction() as connection:
        await partner_accounts.add_clerk(platform, connection, clerk.account_id, shop.store_id, "一号收银台")
    await person.sign_in(clerk)
    return clerk
