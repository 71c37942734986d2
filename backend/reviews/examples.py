"""Examples of this room's answers, for the published contract."""

from typing import Any

REVIEW_ORDER: dict[str, Any] = {
    "verification_id": "0193a1c0-0000-7000-8000-000000000020",
    "stars": 5,
    "kept": "honoured",
    "waiting": "under-5-minutes",
    "words": "店员很熟悉流程。",
}
REVIEW: dict[str, Any] = {
    **REVIEW_ORDER,
    "id": "0193a1c0-0000-7000-8000-000000000040",
    "partner": "桃花书店",
    "benefit": "bookshop-discount",
    "visited_at": "2026-11-23T08:00:00Z",
    "filed_at": "2026-11-23T09:00:00Z",
}
FIGURES: dict[str, Any] = {
    "from_day": "2026-08-03",
    "until_day": "2026-10-31",
    "people_at_least": 40,
    "rating_permille": 810,
    "honoured_permille": 900,
    "refused_permille": 50,
    "median_waiting": "under-5-minutes",
}
CARD: dict[str, Any] = {
    "partner_id": "0193a1c0-0000-7000-8000-000000000010",
    "name": "桃花书店",
    "name_en": "Taohua Books",
    "state": "live",
    "alliance_since": "2026-09-01",
    "scenes": ["shopping"],
    "stores": [{"id": "0193a1c0-0000-7000-8000-000000000011", "name": "总店", "district": "taoyuan"}],
    "promises": [
        {
            "benefit": "bookshop-discount",
            "scene": "shopping",
            "kind": "discount",
            "unit": "permille",
            "name": {"zh": "购书优惠", "en": "Discount on books"},
            "description": {"zh": "凭诚信码购书享折扣。", "en": "A discount on books with the integrity code."},
            "tiers": [{"name": {"zh": "人人", "en": "Everyone"}, "minimum_rank": 0, "value": 50}],
            "legal_basis": "激励措施清单",
            "valid_until": "2028-01-01",
        }
    ],
    "figures": FIGURES,
}
RANKED: dict[str, Any] = {name: CARD[name] for name in ("partner_id", "name", "name_en", "scenes", "figures")}
RULES: dict[str, Any] = {
    "effective_from": "2026-01-01",
    "published_on": "2025-12-15",
    "legal_basis": [{"document": "黑龙江省社会信用条例", "article": "第三十条"}],
    "counted_days": 90,
    "shown_days": 180,
    "review_within_days": 30,
    "thresholds": {"refused": 100, "not_honoured": 200, "rated": 500},
    "reply_working_days": 10,
    "rectify_working_days": 20,
    "notice_working_days": 5,
    "objection_working_days": 20,
}
HISTORY: list[dict[str, Any]] = [
    {
        "event": "review",
        "before": "live",
        "after": "under-review",
        "because": "公众评议：当场拒绝比例过高。请于 2026-12-15 前答复。",
        "at": "2026-12-01T00:30:00Z",
    }
]
CASE: dict[str, Any] = {
    "case_id": "0193a1c0-0000-7000-8000-000000000050",
    "grounds": ["refuses-at-the-till"],
    "opened_on": "2026-12-01",
    "next_day": "2026-12-15",
    "provisional": False,
    "reply": None,
    "found_again": None,
    "objection_by": None,
    "objection": None,
    "outcome": None,
    "closed_on": None,
    "because": None,
}
STANDING: dict[str, Any] = {"state": "under-review", "figures": FIGURES, "case": CASE, "history": HISTORY}
STAFF_CASE: dict[str, Any] = {
    "case": CASE,
    "partner_id": "0193a1c0-0000-7000-8000-000000000010",
    "partner": "桃花书店",
    "state": "under-review",
    "rules_from": "2026-01-01",
    "proposal": None,
    "because": None,
    "history": HISTORY,
}
