"""The public pages of a partner's promise card and of the alliance: no script, nothing kept, and no person in them."""

from uuid import UUID

from litestar import MediaType, Response, get
from litestar.params import FromPath
from litestar.status_codes import HTTP_200_OK, HTTP_404_NOT_FOUND

from backend.pages import shell, words
from backend.partner_accounts import service as partner_accounts
from backend.platform.http.inputs import ThePlatform
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND, Problem
from backend.platform.roles import Permission
from backend.reviews import service as reviews

# Stars from 1 to 5 in tenths: one star is 0 permille, five are 1000.
_TENTHS_OF_ONE_STAR, _TENTHS_ABOVE = 10, 40
_PERMILLE = 1000


@get("/p/{partner:str}", include_in_schema=False, media_type=MediaType.HTML, opt={"permission": Permission.PUBLIC_READ})
async def promises(platform: ThePlatform, partner: FromPath[str]) -> Response[str]:
    status, page = await _card(platform, partner)
    return Response(page, status_code=status, headers=shell.headers(camera=False))


@get("/alliance", include_in_schema=False, media_type=MediaType.HTML, opt={"permission": Permission.PUBLIC_READ})
async def members(platform: ThePlatform) -> Response[str]:
    shown = await partner_accounts.alliance_members(platform)
    page = shell.render("alliance", address=platform.settings.external_url, shown=shown)
    return Response(page, headers=shell.headers(camera=False))


async def _card(platform: Platform, partner: str) -> tuple[int, str]:
    """Status and HTML. Round trips as `reviews.card`."""
    address = platform.settings.external_url
    try:
        card = await reviews.card(platform, UUID(partner))
    except (ValueError, Problem) as error:
        if isinstance(error, Problem) and error.kind is not NOT_FOUND:
            raise
        # What was opened is not repeated: it may be anything.
        return HTTP_404_NOT_FOUND, shell.render("promises_unknown", address=address)
    figures = card.figures
    return HTTP_200_OK, shell.render(
        "promises",
        address=address,
        card=card,
        state=words.PARTNER_STATES[card.state],
        stars=None if figures is None else stars_of(figures.rating_permille),
        waiting=None if figures is None else words.WAITING[figures.median_waiting],
        offers={promise.benefit: words.tiers_in_words(promise.unit, promise.tiers) for promise in card.promises},
    )


def stars_of(permille: int) -> str:
    """A rating in stars with one decimal, rounded down: 0 permille are 1.0, 1000 are 5.0."""
    tenths = _TENTHS_OF_ONE_STAR + permille * _TENTHS_ABOVE // _PERMILLE
    return f"{tenths // 10}.{tenths % 10}"
