"""`xinyi openapi`: the contract from the code, without any server."""

import base64

from backend.app import build
from backend.operations.contract import encoded
from backend.platform.settings import Settings


def current() -> bytes:
    """The contract of this code. The addresses and the key are never used: nothing is connected."""
    settings = Settings(
        database_url="postgresql://localhost/none",
        redis_url="redis://localhost",
        master_key=base64.b64encode(bytes(32)).decode(),
    )
    return encoded(build(settings, background=False))
