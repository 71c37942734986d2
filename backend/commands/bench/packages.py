"""What a part of the bench measures beside: packages of the list `bench`, which neither the product nor its tests need."""

from importlib.util import find_spec

from backend.platform.refusal import Refusal


def require(part: str, *packages: str) -> None:
    """Raises Refusal, with the command that brings them, unless all are there."""
    if any(find_spec(package) is None for package in packages):
        raise Refusal(
            f"缺少测量用的依赖，请用 python3 dev.py bench {part} 运行。",
            f"The packages of the bench are missing: run `python3 dev.py bench {part}`.",
        )
