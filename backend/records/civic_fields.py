"""The field lists of what residents do by choice: service, giving, promises kept, learning; and of one decision, a permit
obtained by deception. All have one form: document number, what it was, perhaps how much, the day, and who says so.
"""

from typing import Any

from backend.records.columns import GRADES, Field, FieldList, origin_fields, subject_columns, subject_fields


def _civic_list(prefix: str, number: str, what: str, day: str, authority: str, *more: Field, **roles: Any) -> FieldList:
    """A list of the common form with columns of its own; `roles` are those of FieldList."""
    return FieldList(
        prefix=prefix,
        fields=(
            *subject_fields(prefix),
            Field(f"{prefix}BH", number, "reference", required=True, length=64),
            Field(f"{prefix}MC", what, required=True),
            *more,
            Field(f"{prefix}RQ", day, "date", required=True, length=32),
            *origin_fields(prefix, authority),
        ),
        subject=subject_columns(prefix),
        key=f"{prefix}BH",
        occurred_on=f"{prefix}RQ",
        **roles,
    )


def _whole_number(name: str, title: str) -> Field:
    return Field(name, title, "whole-number", required=True, length=8)


CIVIC_FIELD_LISTS: dict[str, FieldList] = {
    "volunteer-organiser": _civic_list("ZZ_", "项目编号", "组织的志愿服务项目", "项目完成日期", "记录单位"),
    "volunteer-training": _civic_list(
        "PX_", "培训记录编号", "培训名称", "培训日期", "记录单位", _whole_number("PX_SC", "培训时长（小时）"), amount="PX_SC"
    ),
    "emergency-volunteering": _civic_list(
        "YJ_", "服务记录编号", "应急志愿服务任务", "服务日期", "记录单位",
        _whole_number("YJ_SC", "服务时长（小时）"), amount="YJ_SC",
    ),
    "goods-donation": _civic_list(
        "WZ_", "捐赠票据号", "捐赠物资名称", "捐赠日期", "受赠单位",
        Field("WZ_JE", "票据价值（元）", "yuan", required=True, length=24), amount="WZ_JE",
    ),
    "mediation-agreement-kept": _civic_list("TJ_", "调解协议编号", "协议类别", "履行完毕日期", "调解组织"),
    "library-returns": _civic_list(
        "TS_", "借阅结算编号", "借阅服务", "结算日期", "图书馆", _whole_number("TS_CS", "按期归还册数"), amount="TS_CS"
    ),
    "judgment-performed": _civic_list("LX_", "自动履行证明编号", "裁判文书号", "履行完毕日期", "出具证明的法院"),
    "repair-kept": _civic_list("XF_", "确认编号", "信用修复决定文号", "守信期满日期", "确认单位"),
    "skills-competition": _civic_list(
        "JN_", "证书编号", "竞赛名称", "公布日期", "主办单位",
        Field("JN_JB", "竞赛级别", "choice", required=True, length=32, choices=GRADES), grade="JN_JB",
    ),
    "first-aid-certificate": _civic_list(
        "JH_", "证书编号", "证书名称", "发证日期", "发证单位",
        Field("JH_YXQZ", "有效期至", "any-date", length=32),
        ends_on="JH_YXQZ", in_order=(("JH_RQ", "JH_YXQZ"),),
    ),
    "mediation-service": _civic_list(
        "TY_", "统计编号", "调解组织或领域", "统计截止日期", "确认单位",
        _whole_number("TY_JS", "调解成功件数"), amount="TY_JS",
    ),
    "community-post": _civic_list(
        "SQ_", "任职证明编号", "社区公益职务", "任职起始日期", "确认单位",
        Field("SQ_RZQZ", "任期届满日期", "any-date", required=True, length=32),
        ends_on="SQ_RZQZ", in_order=(("SQ_RQ", "SQ_RZQZ"),),
    ),
    "tree-planting": _civic_list(
        "ZS_", "尽责证书编号", "尽责形式", "尽责日期", "发证单位", _whole_number("ZS_KS", "折合株数"), amount="ZS_KS"
    ),
    "permit-by-deception": _civic_list(
        "CX_", "撤销决定文书号", "被撤销的许可名称", "撤销决定日期", "作出决定的机关",
        Field("CX_SXRQ", "决定生效日期", "date", required=True, length=32),
        effective_document=("CX_BH", "CX_SXRQ"), in_order=(("CX_RQ", "CX_SXRQ"),),
    ),
}  # fmt: skip
