"""Holds the embedded services until it is told to end, as `xinyi up` does: `python -m tests.embedded.holder FOLDER`."""

import signal
import sys
import time
from pathlib import Path

import msgspec

from backend.platform.embedded import EmbeddedServices
from backend.platform.refusal import Refusal


def main() -> int:
    """Prints addresses and process ids as one line of JSON, then waits for SIGTERM."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with EmbeddedServices(Path(sys.argv[1])) as services:
            told = {
                "database_url": services.database_url,
                "redis_url": services.redis_url,
                "servers": services.process_ids(),
            }
            print(msgspec.json.encode(told).decode(), flush=True)
            time.sleep(600)
    except Refusal as refusal:
        print(refusal.chinese, refusal.english, sep="\n", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
