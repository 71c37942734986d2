"""Why a catalogue cannot be loaded: the item, the ground, and the rule behind it, in Chinese and English."""

_GROUNDS = {
    "provider": ("没有提供单位（条例第十八条）", "names no provider (Reg. art. 18)"),
    "legal-basis": ("没有法律依据及条款（条例第十八条）", "names no legal basis with its article (Reg. art. 18)"),
    "class": ("没有信息性质（条例第十八条）", "names no class (Reg. art. 18)"),
    "term": (
        "没有期限，或某一等级没有期限（条例第十八条）",
        "names no term, or none for one of its grades (Reg. art. 18)",
    ),
    "sharing": ("没有共享属性（条例第十八条）", "names no sharing attribute (Reg. art. 18)"),
    "openness": ("没有公开属性（条例第十八条）", "names no openness attribute (Reg. art. 18)"),
    "update-cycle": ("没有更新周期（条例第十八条）", "names no update cycle (Reg. art. 18)"),
    "publicity": (
        "公示期缺失，或最短期长于最长期",
        "has no publicity period for what it opens, or a minimum beyond the maximum",
    ),
    "grades": ("失信信息没有分类等级", "records dishonesty without classes"),
    "subject-kinds": ("没有适用主体", "names no kind of subject"),
    "personal-data": ("没有个人信息说明", "has no note on personal data"),
    "effective-dates": ("失效日期不晚于生效日期", "ends before it begins"),
    "versions-overlap": ("同一天有两个版本有效", "has two versions in force on one day"),
    "forbidden": ("涉及禁止采集的信息", "names what may not be collected"),
    "fields": (
        "所用字段表不存在，或缺少所需字段",
        "uses a field list that does not exist or lacks a column the item needs",
    ),
    "unreadable": ("格式不正确", "is not in the form of the catalogue"),
}


class CatalogueError(ValueError):
    """A catalogue that may not be used. `ground` is one of the codes above, `item` the item's code or number."""

    def __init__(self, item: str, ground: str, detail: str = "") -> None:
        zh, en = _GROUNDS[ground]
        tail = f": {detail}" if detail else ""
        self.item = item
        self.ground = ground
        self.zh = f"目录事项 {item} {zh}{tail}。请补正后重新加载。"
        self.en = f"The catalogue item {item} {en}{tail}. Correct it and load again."
        super().__init__(f"{self.zh} {self.en}")
