"""Public review over HTTP, for everybody and for residents."""

from typing import Annotated, Any
from uuid import UUID

from litestar import delete, get, post
from litestar.params import FromPath, JSONBody, Parameter
from litestar.status_codes import HTTP_204_NO_CONTENT

from backend.platform.cursors import DEFAULT_LIMIT, Cursor, Limit
from backend.platform.http.inputs import TheCaller, ThePlatform
from backend.platform.http.operation import operation
from backend.platform.impartiality import OWN_MATTER
from backend.platform.problems import BAD_CURSOR, NOT_FOUND
from backend.platform.roles import Permission
from backend.reviews import examples, problems, service
from backend.reviews.messages import MyReview, MyReviewPage, NewReview, PromiseCard, RankedPage, ReviewRulesList

# PostgreSQL text takes no NUL, so the shape of codes is checked at the door.
_CODE = r"^[a-z][a-z-]{0,39}(?!\n)$"
SceneCode = Annotated[str | None, Parameter(pattern=_CODE, max_length=40, description="场景 scene")]
DistrictCode = Annotated[str | None, Parameter(pattern=_CODE, max_length=40, description="区县 district")]


@get(
    "/v1/promises",
    **operation(
        Permission.PUBLIC_READ,
        "商户评议排名 Partners by their rating",
        "按评分置信下限从高到低；不足 10 人评议的不列。By the lower bound of the rating, the highest first; nobody of whom fewer than ten people "
        "said anything. Three database round trips.",
        raises=(BAD_CURSOR,),
        answer={"partners": [examples.RANKED], "next": None},
    ),
)
async def ranking(
    platform: ThePlatform,
    scene: SceneCode = None,
    district: DistrictCode = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> RankedPage:
    return await service.ranking(platform, scene, district, cursor, limit)


@get(
    "/v1/promises/{partner_id:uuid}",
    **operation(
        Permission.PUBLIC_READ,
        "承诺镜 A partner's promise card",
        "承诺的权益与近 90 日评议：如约、拒绝、等候；每月更新，不足 10 人不显示。What it promised beside what its guests of 90 days say; drawn monthly, never of fewer than "
        "ten people. Five database round trips.",
        raises=(NOT_FOUND,),
        answer=examples.CARD,
    ),
)
async def card(platform: ThePlatform, partner_id: FromPath[UUID]) -> PromiseCard:
    return await service.card(platform, partner_id)


@get(
    "/v1/review-rules",
    **operation(
        Permission.PUBLIC_READ,
        "公众评议规则 Rules of the public review",
        "阈值、期限、依据和公布日期，历次版本。Thresholds, terms, legal basis and day of publication of every version. No round trip.",
        answer={"versions": [examples.RULES]},
    ),
)
async def rules() -> ReviewRulesList:
    return service.rules()


@post(
    "/v1/me/reviews",
    **operation(
        Permission.SELF_REVIEW,
        "评议一次到店 Review a visit",
        "只评本人 30 日内的到店，一次到店评一次；商户看不到是谁、哪天评的，文字只有主管部门看。A visit of one's own within 30 days, once. "
        "No partner learns who or when; the words are the authority's to read. Six database round trips.",
        raises=(
            NOT_FOUND,
            OWN_MATTER,
            problems.VISIT_OPEN,
            problems.REVIEW_LATE,
            problems.REVIEW_GIVEN,
            problems.REVIEW_UNFIT,
        ),
        example=examples.REVIEW_ORDER,
        answer=examples.REVIEW,
    ),
)
async def review(platform: ThePlatform, caller: TheCaller, data: JSONBody[NewReview]) -> MyReview:
    return await service.review(platform, caller, data)


@get(
    "/v1/me/reviews",
    **operation(
        Permission.SELF_REVIEW,
        "我的评议 My reviews",
        "最新在前。Newest first. Two database round trips.",
        raises=(BAD_CURSOR,),
        answer={"reviews": [examples.REVIEW], "next": None},
    ),
)
async def list_mine(
    platform: ThePlatform, caller: TheCaller, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> MyReviewPage:
    return await service.mine(platform, caller, cursor, limit)


@delete(
    "/v1/me/reviews/{review_id:uuid}",
    status_code=HTTP_204_NO_CONTENT,
    **operation(
        Permission.SELF_REVIEW,
        "撤回评议 Withdraw a review",
        "删除本人的一条评议；下月起不再计入。Deletes one's own review; it counts no more from the next month on. One database round trip.",
        raises=(NOT_FOUND,),
    ),
)
async def withdraw(platform: ThePlatform, caller: TheCaller, review_id: FromPath[UUID]) -> None:
    await service.withdraw(platform, caller, review_id)


HANDLERS: tuple[Any, ...] = (ranking, card, rules, review, list_mine, withdraw)
