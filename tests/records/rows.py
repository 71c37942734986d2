"""Rows as sources deliver them, valid in one line and changed by keyword; columns set to None are left out."""

from collections.abc import Mapping
from datetime import date

from backend.catalogue.catalogue import load_catalogue
from backend.records.validation import Accepted, Returned, Validator

TODAY = date(2026, 11, 23)
PERSON = "000000199001010018"
CODE = "91320100748204660Q"
AUTHORITY = "11320100MB1886843H"
VALIDATOR = Validator(load_catalogue())

Row = dict[str, object]


def _subject(prefix: str, organisation: bool) -> Row:
    if organisation:
        return {f"{prefix}XDR_MC": "桃源商贸有限公司", f"{prefix}XDR_LB": "02", f"{prefix}XDR_SHXYM": CODE}
    return {
        f"{prefix}XDR_MC": "张小三",
        f"{prefix}XDR_LB": "01",
        f"{prefix}XDR_ZJLX": "01",
        f"{prefix}XDR_ZJHM": PERSON,
    }


def _changed(row: Row, changes: Mapping[str, object]) -> Row:
    return {name: value for name, value in {**row, **changes}.items() if value is not None}


def penalty(organisation: bool = False, **changes: object) -> Row:
    """A penalty: a fine of 200 yuan."""
    row: Row = {
        **_subject("CF_", organisation),
        "CF_WSH": "桃市监罚〔2026〕18号",
        "CF_WFXW": "占道经营",
        "CF_SY": "当事人在人行道摆放商品。",
        "CF_YJ": "《城市市容和环境卫生管理条例》第三十四条",
        "CF_CFLB": "罚款",
        "CF_NR": "罚款200元",
        "CF_NR_FK": "0.02",
        "CF_JDRQ": "2026-05-08",
        "CF_CFJG": "桃花市市场监督管理局",
        "CF_CFJGDM": AUTHORITY,
        "CF_SJLY": "桃花市市场监督管理局",
        "CF_SJLYDM": AUTHORITY,
    }
    return _changed(row, changes)


def permit(organisation: bool = True, **changes: object) -> Row:
    """A permit of five years."""
    row: Row = {
        **_subject("XK_", organisation),
        "XK_XKWS": "食品经营许可证",
        "XK_WSH": "桃许〔2026〕1号",
        "XK_XKLB": "普通",
        "XK_NR": "准予从事预包装食品销售",
        "XK_JDRQ": "2026-05-08",
        "XK_YXQZ": "2026-05-08",
        "XK_YXQZI": "2031-05-07",
        "XK_XKJG": "桃花市行政审批服务局",
        "XK_XKJGDM": AUTHORITY,
        "XK_ZT": "1",
        "XK_LYDW": "桃花市行政审批服务局",
        "XK_LYDWDM": AUTHORITY,
    }
    return _changed(row, changes)


def honour(organisation: bool = False, **changes: object) -> Row:
    """A honour of the city."""
    row: Row = {
        **_subject("RY_", organisation),
        "RY_ZSBH": "桃荣〔2026〕7号",
        "RY_MC": "道德模范",
        "RY_JB": "市级",
        "RY_RQ": "2026-05-08",
        "RY_JG": "桃花市文明办",
        "RY_JGDM": AUTHORITY,
    }
    return _changed(row, changes)


def volunteer_service(**changes: object) -> Row:
    """Three hours of volunteer service."""
    row: Row = {
        **_subject("ZY_", False),
        "ZY_JLBH": "桃志〔2026〕7号",
        "ZY_XM": "助老陪诊",
        "ZY_SC": "3",
        "ZY_RQ": "2026-05-08",
        "ZY_JG": "桃花市民政局",
        "ZY_JGDM": AUTHORITY,
    }
    return _changed(row, changes)


def donation(**changes: object) -> Row:
    """A donation of 100.50 yuan."""
    row: Row = {
        **_subject("JZ_", False),
        "JZ_PJH": "桃捐〔2026〕7号",
        "JZ_XM": "助学金",
        "JZ_JE": "100.50",
        "JZ_RQ": "2026-05-08",
        "JZ_JG": "桃花市慈善总会",
        "JZ_JGDM": AUTHORITY,
    }
    return _changed(row, changes)


def commitment(organisation: bool = False, **changes: object) -> Row:
    """A commitment that was kept."""
    row: Row = {
        "CN_BM": "00000020260217000011",
        "CN_MC": "桃源商贸有限公司" if organisation else "张小三",
        "CN_LB": "02" if organisation else "01",
        "CN_ZJHM": CODE if organisation else PERSON,
        "CN_LX": "审批替代",
        "CN_SY": "公共场所卫生许可告知承诺",
        "CN_NR": "三十日内使场所符合卫生要求。",
        "CN_WYZR": "自愿承担违诺的法律责任。",
        "CN_RQ": "2026-02-17",
        "CN_YXQZ": "2027-02-16",
        "CN_LXZT": "全部履行",
        "CN_QRRQ": "2026-05-08",
        "CN_QRDW": "桃花市行政审批服务局",
        "CN_QRDWDM": AUTHORITY,
        "CN_SLDW": "桃花市行政审批服务局",
        "CN_SLDWDM": AUTHORITY,
        "CN_GKLX": "不可公开",
    }
    return _changed(row, changes)


def judgment_default(**changes: object) -> Row:
    """An entry on the court's list of judgment defaulters."""
    row: Row = {
        **_subject("SX_", False),
        "SX_AH": "（2026）桃执7号",
        "SX_ZXYJ": "（2025）桃民初9号",
        "SX_SXRQ": "2026-01-08",
        "SX_QX": "有履行能力而拒不履行",
        "SX_RQ": "2026-05-08",
        "SX_JG": "桃花市中级人民法院",
        "SX_JGDM": AUTHORITY,
    }
    return _changed(row, changes)


def accepted(item: str, row: Mapping[str, object], on: date = TODAY) -> Accepted:
    """The record that a row becomes."""
    answer = VALIDATOR.validate(row, item, on)
    assert isinstance(answer, Accepted), answer
    return answer


def returned(item: str, row: Mapping[str, object], on: date = TODAY) -> list[tuple[str, str]]:
    """Code and column of every reason for which a row is returned."""
    answer = VALIDATOR.validate(row, item, on)
    assert isinstance(answer, Returned), answer
    assert all(reason.zh and reason.en for reason in answer.reasons)
    return [(reason.code, reason.field) for reason in answer.reasons]
