"""Examples of display codes for the published contract."""

from typing import Any

from partners.codes.display import TOKEN_LENGTH

_URL = "https://xinyi.example/c/" + "A" * TOKEN_LENGTH
_REASON = "经核查，未履行公开承诺的服务标准。"

PRODUCT: dict[str, Any] = {
    "name": "桃花蜜 500 克",
    "batch": "20261101-A",
    "origin": "桃花市云岭县",
    "made_on": "2026-11-01",
    "best_before": "2028-10-31",
    "report_number": "桃检字〔2026〕7号",
    "report_body": "桃花市产品质量检验所",
}
SECTOR: dict[str, Any] = {
    "code": "tourism",
    "name": "旅游诚信码",
    "name_en": "Tourism integrity code",
    "authority": "文化和旅游主管部门",
    "authority_en": "Culture and tourism authority",
    "legal_basis": [{"document": "中华人民共和国旅游法", "article": "第一百零八条"}],
    "months": 12,
}
DISPLAY: dict[str, Any] = {
    "id": "0193a1c0-0000-7000-8000-000000000050",
    "enterprise_id": "0193a1c0-0000-7000-8000-000000000020",
    "enterprise_name": "桃花市示例装饰有限公司",
    "enterprise_code": "91320100748204660Q",
    "kind": "enterprise",
    "sector": None,
    "commitment_id": None,
    "product": None,
    "state": "live",
    "made_at": "2026-11-23T08:00:00Z",
    "issued_on": "2026-11-23",
    "valid_until": "2027-11-23",
    "url": _URL,
    "reason": None,
    "ended_at": None,
    "ended_by": None,
    "how_to_object": None,
    "history": [
        {
            "at": "2026-11-23T08:00:00Z",
            "event": "make",
            "before": None,
            "after": "live",
            "actor_kind": "agent",
            "note": None,
        }
    ],
}
RECALLED: dict[str, Any] = {
    **DISPLAY,
    "kind": "product",
    "product": PRODUCT,
    "state": "revoked",
    "url": None,
    "reason": "该批次包装密封不良，已召回。",
    "ended_at": "2026-11-24T02:00:00Z",
    "ended_by": "agent",
}
PROPOSED: dict[str, Any] = {
    **DISPLAY,
    "state": "revocation-proposed",
    "reason": _REASON,
    "how_to_object": "该处理尚未生效，确认之前可向受理机关陈述、申辩。You may be heard before it is confirmed.",
}
REVOKED: dict[str, Any] = {
    **DISPLAY,
    "state": "revoked",
    "url": None,
    "reason": _REASON,
    "ended_at": "2026-11-24T02:00:00Z",
    "ended_by": "officers",
    "how_to_object": "如有异议，可向作出决定的机关提出。You may object to the authority that decided.",
}
SHOWN: dict[str, Any] = {
    "kind": "enterprise",
    "url": _URL,
    "issued_on": "2026-11-23",
    "valid_until": "2027-11-23",
    "checked_at": "2026-11-23T08:00:00Z",
    "enterprise": {"name": "桃花市示例装饰有限公司", "code": "91320100748204660Q", "state": "registered"},
    "sector": None,
    "product": None,
    "records": [
        {
            "item": "permit",
            "item_name": "行政许可",
            "item_name_en": "Administrative permit",
            "information_class": "basic",
            "source": "桃花市行政审批服务局",
            "occurred_on": "2026-05-08",
            "published_until": "2031-05-08",
            "objected": False,
            "fields": [{"name": "XK_NR", "title": "许可内容", "value": "准予从事预包装食品销售"}],
        }
    ],
    "commitments": [],
    "declarations": [],
    "more": False,
}
