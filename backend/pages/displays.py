"""The public page of a display code: what a visitor's phone opens after scanning the sign in a shop. No script, nothing kept."""

from datetime import timedelta

from litestar import MediaType, Response, get
from litestar.params import FromPath
from litestar.status_codes import HTTP_200_OK, HTTP_404_NOT_FOUND, HTTP_410_GONE

from backend.displays import service as displays
from backend.displays.messages import EndedDisplay, SectorOut
from backend.displays.states import DisplayKind
from backend.pages import shell, words
from backend.platform.clock import SHANGHAI
from backend.platform.http.inputs import ThePlatform
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND, Problem
from backend.platform.roles import Permission


@get("/c/{token:str}", include_in_schema=False, media_type=MediaType.HTML, opt={"permission": Permission.PUBLIC_READ})
async def display(platform: ThePlatform, token: FromPath[str]) -> Response[str]:
    status, page = await _page(platform, token)
    return Response(page, status_code=status, headers=shell.headers(camera=False))


async def _page(platform: Platform, token: str) -> tuple[int, str]:
    """Status and HTML. Round trips as `displays.show`."""
    address = platform.settings.external_url
    try:
        shown = await displays.show(platform, token)
    except Problem as problem:
        if problem.kind is not NOT_FOUND:
            raise
        # What was scanned is not repeated: it may be anything.
        return HTTP_404_NOT_FOUND, shell.render("display_unknown", address=address)
    title = _title(shown.kind, shown.sector)
    if isinstance(shown, EndedDisplay):
        page = shell.render("display_ended", address=address, ended=shown, title=title, ended_by=words.ENDED_BY)
        return HTTP_410_GONE, page
    checked_at = shown.checked_at.astimezone(SHANGHAI)
    return HTTP_200_OK, shell.render(
        "display",
        address=address,
        shown=shown,
        title=title,
        one_day=timedelta(days=1),
        checked_at=f"{checked_at:%Y-%m-%d %H:%M}",
        permits=[record for record in shown.records if record.information_class != "negative"],
        penalties=[record for record in shown.records if record.information_class == "negative"],
        commitment_types=words.COMMITMENT_TYPES,
        performances=words.PERFORMANCES,
        declaration_kinds=words.DECLARATION_KINDS,
    )


def _title(kind: DisplayKind, sector: SectorOut | None) -> words.Words:
    return words.DISPLAY_KINDS[kind] if sector is None else (sector.name, sector.name_en)
