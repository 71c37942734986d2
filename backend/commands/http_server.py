"""Granian as we run it, for `xinyi up` and for what measures it."""

import ctypes
import os
import signal
import sys

from granian.constants import Interfaces, Loops
from granian.server import Server

from backend.platform.settings import Settings

_PARENT_DEATH_SIGNAL = 1


def serve(settings: Settings, target: str) -> None:
    """Serves in the foreground until told to stop. `target` makes a worker's application, as `module:function`; workers
    read their settings from the environment."""
    Server(
        target,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        workers=settings.workers or most_workers(),
        factory=True,
        websockets=False,
        log_enabled=False,
        backpressure=512,
        respawn_failed_workers=True,
    ).serve()


def most_workers() -> int:
    """One process for each core, two at most: past that PostgreSQL is what is waited for."""
    return min(2, os.cpu_count() or 1)


def end_with_parent() -> None:
    """A process ends with its parent, however that ends, so that no orphan keeps the port."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGTERM)
