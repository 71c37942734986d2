"""Rows that the demonstration's source delivers."""

from typing import Any

from backend.commands.demo.actors import Person
from backend.platform.clock import SystemClock, local_date

AUTHORITY = "91320100748204660Q"


def volunteering(person: Person, number: str, hours: str = "30") -> dict[str, Any]:
    """A row about volunteer hours of today."""
    return {
        "item": "volunteer-service",
        "fields": {
            "ZY_XDR_MC": person.name,
            "ZY_XDR_LB": "自然人",
            "ZY_XDR_ZJLX": "身份证",
            "ZY_XDR_ZJHM": person.identity_number,
            "ZY_JLBH": number,
            "ZY_XM": "河道清理",
            "ZY_SC": hours,
            "ZY_RQ": local_date(SystemClock().now()).isoformat(),
            "ZY_JG": "桃花市民政局",
            "ZY_JGDM": AUTHORITY,
        },
    }
