"""One worker of a server, in a process of its own that a test can kill: delivers what is due at the given instant.

python -m tests.webhooks.worker 2026-11-23T08:00:00+00:00
"""

import asyncio
import sys
from datetime import datetime

from backend import rooms
from backend.platform.clock import SettableClock
from backend.platform.errands import Errands
from backend.platform.platform import build
from backend.platform.settings import read_settings


async def main(instant: str) -> None:
    clock = SettableClock(datetime.fromisoformat(instant))
    platform = build(read_settings(), rooms.PERSONAL_TABLES, rooms.REFERENCES, clock=clock)
    await platform.open(listen=False)
    Errands(platform.database, clock, rooms.errands(platform)).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
