"""The catalogue over HTTP."""

from litestar import get

from backend.catalogue import service
from backend.catalogue.messages import CatalogueEntry
from backend.platform.http.inputs import ThePlatform
from backend.platform.http.operation import operation
from backend.platform.roles import Permission

_PENALTY = {
    "code": "penalty",
    "name": "行政处罚",
    "name_en": "Administrative penalty",
    "provider": "作出行政处罚决定的机关",
    "provider_en": "Authorities that impose penalties",
    "legal_basis": [{"document": "中华人民共和国行政处罚法", "article": "第四十八条"}],
    "class": "negative",
    "term": [{"grade": "minor", "months": 3}],
    "until_own_end": False,
    "publicity": [{"grade": "minor", "published": False, "minimum_months": 0, "maximum_months": 3}],
    "sharing": "shared",
    "openness_natural": "closed",
    "openness_organisation": "public",
    "update_cycle_unit": "working-day",
    "update_cycle_count": 7,
    "subject_kinds": ["natural", "legal", "unincorporated", "individual-business"],
    "grades": ["minor", "general", "serious"],
    "amount_unit": "fen",
    "personal_data": "姓名、证件号码和处罚决定。",
    "personal_data_en": "Name, document number and decision.",
    "effective_from": "2026-04-01",
    "effective_until": None,
}


@get(
    "/v1/catalogue",
    **operation(
        Permission.PUBLIC_READ,
        "记录目录 Catalogue of recorded items",
        "目录之外的信息一律不归集：每一事项列明提供单位、法律依据、性质、期限、共享与公开属性和生效日期。"
        "Nothing outside it is recorded: every item in force with provider, legal basis, class, term, sharing, openness "
        "and effective dates. No database round trip.",
        answer=[_PENALTY],
    ),
)
async def list_items(platform: ThePlatform) -> list[CatalogueEntry]:
    return service.entries(platform)


HANDLERS = (list_items,)
