"""The books at the end of a test: whatever it did, they agree with the events to the fen."""

from backend.audit import service as audit
from backend.platform.platform import Platform


async def require_agreeing_books(platform: Platform) -> None:
    """Fails, naming every difference, unless the audit finds none."""
    assert await audit.examine(platform) == []
