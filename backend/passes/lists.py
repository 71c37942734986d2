"""The status list 状态列表 of passes: which are void."""

from backend.passes import store
from backend.platform.status_lists import published_list

# Of passes that live at one time: half a megabyte unfolded, half a kilobyte on the way while few are marked.
PLACES = 1 << 22

PASSES = published_list("attestations", PLACES, "passes", store.revoked_places)
