"""What the room of status lists does: finding the list of a name."""

from collections.abc import Mapping

from backend.devices.lists import DEVICES
from backend.displays.lists import DISPLAYS
from backend.partner_accounts.lists import PARTNER_KEYS
from backend.passes.lists import PASSES
from backend.platform import status_lists
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND
from backend.platform.status_lists import PublishedList

LISTS: Mapping[str, PublishedList] = {each.name: each for each in (PASSES, DISPLAYS, DEVICES, PARTNER_KEYS)}


def status_list(platform: Platform, name: str) -> str:
    """The signed list of this name. Raises NOT_FOUND. No round trip."""
    published = LISTS.get(name)
    if published is None:
        raise NOT_FOUND.error()
    return status_lists.token(platform, published)
