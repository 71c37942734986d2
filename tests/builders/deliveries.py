"""A phone for tests: remembers the last code sent to each number."""


class RememberedDelivery:
    """The delivery port of the tests."""

    def __init__(self) -> None:
        self.codes: dict[str, str] = {}

    async def send_code(self, phone: str, code: str) -> None:
        self.codes[phone] = code
