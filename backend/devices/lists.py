"""The status list 状态列表 of devices: which phones were revoked, by places that say nothing of whose they are."""

from backend.devices import store
from backend.platform.status_lists import published_list

# Of devices, live and revoked: a megabyte unfolded, a kilobyte on the way while few are marked.
PLACES = 1 << 23

DEVICES = published_list("devices", PLACES, "device-places", store.marked_places)
