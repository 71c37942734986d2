"""The pages and the files beside them, served with a policy that admits our own files only."""

import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

FILES = Path(__file__).parent / "files"


def _version() -> str:
    digest = hashlib.sha256()
    for path in sorted(FILES.iterdir()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


# Part of every file's address, so that browsers may keep files for ever and never mix two versions.
FILES_PATH = f"/pages/{_version()}"

_ENVIRONMENT = Environment(
    loader=PackageLoader("backend.pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

# The last two make the browser refuse a script that would write markup from text; ours never do.
_DIRECTIVES = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob:",
    "media-src blob:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
)


def render(name: str, **values: object) -> str:
    """The HTML of a page, filled with values that everybody may read: what is personal is fetched by its scripts."""
    return _ENVIRONMENT.get_template(f"{name}.html").render(files=FILES_PATH, **values)


@cache
def render_once(name: str, server: str) -> str:
    """The HTML of a page that is the same for everybody, rendered once.

    `server` is the address that the platform is published under: phones sign for it and for no other.
    """
    return render(name, server=server)


def headers(camera: bool) -> dict[str, str]:
    """The headers of a page; `camera` allows it the camera."""
    return {
        "Content-Security-Policy": "; ".join(_DIRECTIVES),
        "Permissions-Policy": f"camera=({'self' if camera else ''}), microphone=(), geolocation=()",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-cache",
    }
