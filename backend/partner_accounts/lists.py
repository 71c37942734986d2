"""The status list 状态列表 of partner keys: which were revoked, for whoever holds something that a partner signed."""

from backend.platform import signers
from backend.platform.status_lists import published_list

# Of keys, live and revoked: eight kilobytes unfolded.
PLACES = 1 << 16

PARTNER_KEYS = published_list("partner-keys", PLACES, signers.SIGNAL, signers.revoked_places)
