"""The status list 状态列表 of display codes: which were revoked before their last day."""

from backend.displays import store
from backend.platform.status_lists import published_list

# Of codes that have not ended: 128 KiB unfolded.
PLACES = 1 << 20

DISPLAYS = published_list("displays", PLACES, "displays", store.revoked_places)
