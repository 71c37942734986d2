"""Scores over HTTP."""

from litestar import get

from backend.consents.problems import CONSENT_MISSING
from backend.platform.cursors import DEFAULT_LIMIT, Cursor, Limit
from backend.platform.http.inputs import TheCaller, ThePlatform
from backend.platform.http.operation import operation
from backend.platform.problems import BAD_CURSOR
from backend.platform.roles import Permission
from backend.scores import service
from backend.scores.messages import ExplanationOut, HistoryPage, ScoreOut
from backend.scores.problems import SCORE_NOT_READY

_SCORE = {
    "points": "605",
    "millipoints": 605000,
    "level": {"rank": 1, "name": "诚信", "name_en": "Trusted", "at_least": 550000},
    "rule_set": "taohua",
    "version": "2026.1",
    "as_of": "2026-11-23",
    "next_change_on": "2028-03-01",
    "computed_at": "2026-11-23T08:00:00Z",
    "pending": False,
}


@get(
    "/v1/me/score",
    **operation(
        Permission.SELF_READ,
        "我的信用分 My score",
        "仅用于激励。For incentives only. Two database round trips.",
        raises=(CONSENT_MISSING, SCORE_NOT_READY),
        answer=_SCORE,
    ),
)
async def read_mine(platform: ThePlatform, caller: TheCaller) -> ScoreOut:
    return await service.mine(platform, caller)


@get(
    "/v1/me/score/explanation",
    **operation(
        Permission.SELF_READ,
        "为什么是这个分 Why this score",
        "基础分与逐条记录相加，恰好等于信用分。Base plus the lines is exactly the score. Two database round trips.",
        raises=(CONSENT_MISSING, SCORE_NOT_READY),
        answer={
            "score": _SCORE,
            "base": "600",
            "base_millipoints": 600000,
            "lines": [
                {
                    "record_id": "0193a1c0-0000-7000-8000-000000000011",
                    "rule": "volunteer-hours",
                    "dimension": "volunteering",
                    "points": "+5",
                    "millipoints": 5000,
                    "text": "+5 分：志愿服务时长（按年累计）（桃花市民政局，计至 2028-03-01 前）",
                    "text_en": "+5: Volunteer hours, added up within the year (桃花市民政局, until 2028-03-01)",
                    "source": "桃花市民政局",
                    "occurred_on": "2026-03-01",
                    "until": "2028-03-01",
                    "capped_millipoints": 0,
                }
            ],
            "not_counted": [],
        },
    ),
)
async def explain_mine(platform: ThePlatform, caller: TheCaller) -> ExplanationOut:
    return await service.explanation(platform, caller)


@get(
    "/v1/me/score/history",
    **operation(
        Permission.SELF_READ,
        "信用分变化 History of my score",
        "每次变化一行，最新在前。One row for each change, newest first. One database round trip.",
        raises=(BAD_CURSOR,),
        answer={
            "changes": [
                {
                    "at": "2026-11-23T08:00:00Z",
                    "before": "600",
                    "after": "605",
                    "level_rank": 1,
                    "rule_set": "taohua",
                    "version": "2026.1",
                }
            ],
            "next": None,
        },
    ),
)
async def read_history(
    platform: ThePlatform, caller: TheCaller, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> HistoryPage:
    return await service.history(platform, caller, cursor, limit)


HANDLERS = (read_mine, explain_mine, read_history)
