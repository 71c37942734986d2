"""The pages over HTTP: two shells, the pages of a display code, a promise card and the alliance, the files beside them, and the drawing of codes."""

from litestar import MediaType, Response, get, post
from litestar.datastructures import CacheControlHeader
from litestar.params import JSONBody
from litestar.static_files import create_static_files_router
from litestar.status_codes import HTTP_200_OK

from backend.pages import shell
from backend.pages.displays import display
from backend.pages.drawings import draw
from backend.pages.messages import DrawingOrder, Drawings
from backend.pages.promises import members, promises
from backend.platform.http.inputs import ThePlatform
from backend.platform.http.operation import operation
from backend.platform.roles import Permission

_YEAR_SECONDS = 365 * 24 * 3600


@get("/resident", include_in_schema=False, media_type=MediaType.HTML, opt={"permission": Permission.PUBLIC_READ})
async def resident(platform: ThePlatform) -> Response[str]:
    return Response(shell.render_once("resident", platform.settings.external_url), headers=shell.headers(camera=False))


@get("/till", include_in_schema=False, media_type=MediaType.HTML, opt={"permission": Permission.PUBLIC_READ})
async def till(platform: ThePlatform) -> Response[str]:
    return Response(shell.render_once("till", platform.settings.external_url), headers=shell.headers(camera=True))


@post(
    "/v1/me/code-drawings",
    status_code=HTTP_200_OK,
    **operation(
        Permission.SELF_SHOW_CODE,
        "绘制诚信码 Draw codes",
        "把手机算出的诚信码画成二维码（文本）与条形码（数字）路径，供其离线出示；不保存。"
        "Draws codes that the phone computed from its tickets as SVG paths, so that it can show them without a signal: a text as "
        "QR, 20 digits as Code 128, for tills without a camera. "
        "Nothing is kept. No round trip.",
        example={"texts": ["IC1:0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ012"]},
        answer={"drawings": [{"size": 29, "path": "M0 0h7v1h-7z"}]},
    ),
)
async def draw_codes(data: JSONBody[DrawingOrder]) -> Drawings:
    return Drawings([draw(text) for text in data.texts])


_FILES = create_static_files_router(
    path=shell.FILES_PATH,
    directories=[shell.FILES],
    include_in_schema=False,
    opt={"permission": Permission.PUBLIC_READ},
    cache_control=CacheControlHeader(public=True, max_age=_YEAR_SECONDS, immutable=True),
)

HANDLERS = (resident, till, display, promises, members, draw_codes, _FILES)
