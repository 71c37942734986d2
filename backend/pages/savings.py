"""The public page of what the city's residents saved: figures of the months that are over. No script, nothing kept."""

from litestar import MediaType, Response, get

from backend.pages import shell
from backend.platform.http.inputs import ThePlatform
from backend.platform.roles import Permission
from backend.reports import service as reports


@get("/savings", include_in_schema=False, media_type=MediaType.HTML, opt={"permission": Permission.PUBLIC_READ})
async def savings(platform: ThePlatform) -> Response[str]:
    told = await reports.city_savings(platform)
    page = shell.render("savings", months=told.months, yuan=_yuan)
    return Response(page, headers=shell.headers(camera=False))


def _yuan(fen: int | None) -> str:
    """Fen as people read them: ¥1,200, ¥0.75, and a dash for what is not told."""
    if fen is None:
        return "—"
    whole, rest = divmod(fen, 100)
    return f"¥{whole:,}.{rest:02d}" if rest else f"¥{whole:,}"
