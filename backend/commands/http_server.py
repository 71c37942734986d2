"""Granian as we run it, for `xinyi up` and for what measures it."""

import ctypes
import os
import signal
import sys

from granian.constants import Interfaces, Loops
from granian.server import Server

from backend.platform.settings import Settings

_PARENT_DEATH_SIGNAL = 1
_SECONDS_TO_END = 10


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
        workers_kill_timeout=_SECONDS_TO_END,
    ).serve()


def most_workers() -> int:
    """One process for each core, two at most: past that PostgreSQL is what is waited for."""
    return min(2, os.cpu_count() or 1)


def obey_parent_only() -> None:
    """Called first in a worker process: it ends when its parent says so or dies, so that no orphan keeps the port.

    Ctrl-C at a terminal reaches the whole process group, and a worker of Granian that is told twice to stop hangs; so
    a worker is in no group but its own. What it inherited would ignore the parent's word until it serves.
    """
    os.setpgid(0, 0)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGTERM)
