"""Reports over HTTP: a resident's own savings, what everybody may read of the city's, and the tables for staff."""

from litestar import Response, get
from litestar.params import FromPath

from backend.platform.http.inputs import TheCaller, ThePlatform
from backend.platform.http.operation import operation
from backend.platform.problems import NOT_FOUND
from backend.platform.roles import Permission
from backend.reports import service
from backend.reports.messages import CitySavings, Month, MonthReport, MySavings

_NAME = {"zh": "书店折扣", "en": "Bookshop discount"}
_FIGURES = {"people": 120, "uses": 340, "saved_fen": 512000, "mean_fen": 4200, "median_fen": 3900}
_MONTH = {
    "month": "2026-10",
    "figures": _FIGURES,
    "benefits": [{"benefit": "bookshop-discount", "name": _NAME, "figures": _FIGURES, "cost_per_use_fen": 750}],
}
_ROWS = [
    {"name": "taoyuan", "figures": {**_FIGURES, "people": 70}},
    {"name": "", "figures": {**_FIGURES, "people": 50}},
]


@get(
    "/v1/me/savings",
    **operation(
        Permission.SELF_READ,
        "我节省了多少 What I saved",
        "累计、今年、本月、各月与各项权益，已扣除冲正；免交的押金另列，不算节省。没有信用分也可查看。In all, this year, this month, by month "
        "and by benefit, net of reversals; deposits waived stand apart, as no money is saved by them. No score is needed. "
        "Three database round trips.",
        answer={
            "saved_fen": 12300,
            "year_fen": 12300,
            "month_fen": 4200,
            "uses": 5,
            "months": [
                {"month": "2026-11", "uses": 2, "saved_fen": 4200},
                {"month": "2026-10", "uses": 3, "saved_fen": 8100},
            ],
            "benefits": [{"benefit": "bookshop-discount", "name": _NAME, "uses": 5, "saved_fen": 12300}],
            "deposits": [
                {
                    "benefit": "library-deposit-waiver",
                    "name": {"zh": "图书馆免押借阅", "en": "Library card without deposit"},
                    "orders": 1,
                    "waived_fen": 10000,
                }
            ],
            "deposits_waived_fen": 10000,
        },
    ),
)
async def my_savings(platform: ThePlatform, caller: TheCaller) -> MySavings:
    return await service.my_savings(platform, caller)


@get(
    "/v1/savings",
    **operation(
        Permission.PUBLIC_READ,
        "全市节省 What the city's residents saved",
        "已结束的各月：人数、次数、节省、人均与中位数、每次的财政成本；不足十人的不公布，数字向下取整。The months that are over: people, uses, "
        "saved, mean, median, and what the city paid for one use. Nothing of fewer than ten people; figures are rounded down. "
        "One database round trip.",
        answer={"months": [_MONTH]},
    ),
)
async def city_savings(platform: ThePlatform) -> CitySavings:
    return await service.city_savings(platform)


@get(
    "/v1/staff/benefit-reports/{month:str}",
    **operation(
        Permission.REPORTS_READ,
        "权益使用报告 A month's report on benefits",
        "按等级、区县、年龄段的使用情况；不足十人的分组并入其他，任何相减都得不到更小的数。Uptake by level, district and age band. Groups of "
        "fewer than ten join the rest, and no subtraction tells of fewer. Nobody is read. One database round trip.",
        raises=(NOT_FOUND,),
        answer={
            "month": "2026-10",
            "drawn_at": "2026-11-01T00:00:00Z",
            "figures": _MONTH,
            "uptake": [{"benefit": "", "levels": _ROWS, "districts": _ROWS, "age_bands": _ROWS}],
        },
    ),
)
async def get_report(platform: ThePlatform, month: FromPath[Month]) -> MonthReport:
    return await service.report(platform, month)


@get(
    "/v1/staff/benefit-reports/{month:str}/csv",
    media_type="text/csv",
    **operation(
        Permission.REPORTS_READ,
        "权益使用报告表格 A month's report as CSV",
        "UTF-8（带 BOM），可直接用表格软件打开。UTF-8 with a byte order mark. One database round trip.",
        raises=(NOT_FOUND,),
        answer="权益 benefit,…\r\n",
    ),
)
async def get_report_csv(platform: ThePlatform, month: FromPath[Month]) -> Response[bytes]:
    text = await service.report_as_csv(platform, month)
    return Response(
        text,
        headers={
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": f'attachment; filename="benefits-{month}.csv"',
        },
    )


HANDLERS = (my_savings, city_savings, get_report, get_report_csv)
