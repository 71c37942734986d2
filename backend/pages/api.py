"""The pages over HTTP: two shells, the pages of a display code, a promise card, the alliance and the city's savings, and the files beside them."""

from litestar import MediaType, Response, get
from litestar.datastructures import CacheControlHeader
from litestar.static_files import create_static_files_router

from backend.pages import shell
from backend.pages.displays import display
from backend.pages.promises import members, promises
from backend.pages.savings import savings
from backend.platform.http.inputs import ThePlatform
from backend.platform.roles import Permission

_YEAR_SECONDS = 365 * 24 * 3600


@get("/resident", include_in_schema=False, media_type=MediaType.HTML, opt={"permission": Permission.PUBLIC_READ})
async def resident(platform: ThePlatform) -> Response[str]:
    return Response(shell.render_once("resident", platform.settings.external_url), headers=shell.headers(camera=False))


@get("/till", include_in_schema=False, media_type=MediaType.HTML, opt={"permission": Permission.PUBLIC_READ})
async def till(platform: ThePlatform) -> Response[str]:
    return Response(shell.render_once("till", platform.settings.external_url), headers=shell.headers(camera=True))


_FILES = create_static_files_router(
    path=shell.FILES_PATH,
    directories=[shell.FILES],
    include_in_schema=False,
    opt={"permission": Permission.PUBLIC_READ},
    cache_control=CacheControlHeader(public=True, max_age=_YEAR_SECONDS, immutable=True),
)

HANDLERS = (resident, till, display, promises, members, savings, _FILES)
