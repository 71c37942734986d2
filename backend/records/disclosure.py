"""Disclosure 双公示: which columns of a published record the public reads, as data.

The accounts of facts and the remarks are left out: they tell a story, and stories name people (Reg. art. 23).
"""

from collections.abc import Mapping

DISCLOSED: Mapping[str, tuple[str, ...]] = {
    "permit": (
        "XK_XKWS", "XK_WSH", "XK_XKLB", "XK_XKZS", "XK_XKBH", "XK_NR", "XK_JDRQ", "XK_YXQZ", "XK_YXQZI", "XK_XKJG",
    ),
    "penalty": (
        "CF_WSH", "CF_WFXW", "CF_YJ", "CF_CFLB", "CF_NR", "CF_NR_FK", "CF_NR_WFFF", "CF_JDRQ", "CF_CFJG",
    ),
    "honour": ("RY_ZSBH", "RY_MC", "RY_JB", "RY_RQ", "RY_YXQZ", "RY_JG"),
}  # fmt: skip
"""Item of the catalogue -> its columns. An item that is not here is disclosed by nobody."""
