"""Good records of the synthetic city, in the real columns: one function per item, each a draw from the record's stream."""

from collections.abc import Callable
from datetime import date, timedelta

from backend.city.draw import Draw
from backend.city.materials import Materials
from backend.city.people import Enterprise, Resident, Source
from backend.platform.identifiers import ADULT_AGE, make_commitment_code
from backend.platform.working_days import add_months
from backend.records.civic_fields import CIVIC_FIELD_LISTS

Fields = dict[str, str]
Subject = Resident | Enterprise

_DAYS_OF_HISTORY = 1095
_GRADES = ("县级", "县级", "县级", "市级", "市级", "省级", "国家级")
_FOR_EVER = "2099-12-31"
# From how much to how much a record of an item says, in the unit of its column.
_AMOUNTS = {
    "volunteer-training": (2, 8),
    "emergency-volunteering": (3, 24),
    "goods-donation": (100, 3000),
    "library-returns": (1, 12),
    "mediation-service": (1, 6),
    "tree-planting": (1, 6),
}
_MONTHS_OF_OWN_TERM = {"first-aid-certificate": 36, "community-post": 36}


class RecordWriter:
    """Writes the columns of a record about a subject; `serial` makes its document number unique in the city."""

    def __init__(self, as_of: date, materials: Materials) -> None:
        self._as_of = as_of
        self._materials = materials
        self._writers: dict[str, Callable[[Draw, Subject, Source, date, int], Fields]] = {
            "honour": self._honour,
            "righteous-act": self._righteous_act,
            "volunteer-service": self._volunteer_service,
            "donation": self._donation,
            "contract-kept": self._contract_kept,
            "commitment-kept": self._commitment_kept,
            "commitment-broken": self._commitment_broken,
            "permit": self._permit,
            "penalty": self._penalty,
            "judgment-default": self._judgment_default,
            "breach-judged": self._breach_judged,
        }

    def write(self, draw: Draw, item: str, subject: Subject, source: Source, serial: int) -> Fields:
        """The columns of a valid record of `item`. A person's acts all fall after the eighteenth birthday."""
        first = self._as_of - timedelta(days=_DAYS_OF_HISTORY)
        if isinstance(subject, Resident):
            first = max(first, add_months(subject.birth_date, 12 * ADULT_AGE) + timedelta(days=1))
        occurred_on = first + timedelta(days=draw.below((self._as_of - first).days + 1))
        if item in CIVIC_FIELD_LISTS:
            return self._civic(draw, item, subject, source, occurred_on, serial)
        return self._writers[item](draw, subject, source, occurred_on, serial)

    def _civic(self, draw: Draw, item: str, subject: Subject, source: Source, day: date, serial: int) -> Fields:
        columns, material = CIVIC_FIELD_LISTS[item], self._materials.civic[item]
        fields = {
            **_subject(columns.prefix, subject),
            columns.key: _number(material.number, day, serial),
            f"{columns.prefix}MC": draw.pick(material.what),
            columns.occurred_on: day.isoformat(),
            **_origin(columns.prefix, source),
        }
        if columns.amount is not None:
            fields[columns.amount] = str(draw.between(*_AMOUNTS[item]))
        if columns.grade is not None:
            fields[columns.grade] = draw.pick(_GRADES)
        if columns.ends_on is not None:
            fields[columns.ends_on] = (add_months(day, _MONTHS_OF_OWN_TERM[item]) - timedelta(days=1)).isoformat()
        # The decision took effect on the day on which it was served.
        fields.update(dict.fromkeys(columns.effective_document[1:], day.isoformat()))
        return fields

    def _honour(self, draw: Draw, subject: Subject, source: Source, day: date, serial: int) -> Fields:
        return {
            **_subject("RY_", subject),
            "RY_ZSBH": _number("荣", day, serial),
            "RY_MC": draw.pick(self._materials.honours),
            "RY_JB": draw.pick(_GRADES),
            "RY_RQ": day.isoformat(),
            **_origin("RY_", source),
        }

    def _righteous_act(self, draw: Draw, subject: Subject, source: Source, day: date, serial: int) -> Fields:
        return {
            **_subject("YW_", subject),
            "YW_QRSH": _number("义", day, serial),
            "YW_NR": "确认为见义勇为行为",
            "YW_JB": draw.pick(_GRADES),
            "YW_RQ": day.isoformat(),
            **_origin("YW_", source),
        }

    def _volunteer_service(self, draw: Draw, subject: Subject, source: Source, day: date, serial: int) -> Fields:
        return {
            **_subject("ZY_", subject),
            "ZY_JLBH": _number("志", day, serial),
            "ZY_XM": draw.pick(self._materials.volunteer_projects),
            "ZY_SC": str(draw.between(1, 12)),
            "ZY_RQ": day.isoformat(),
            **_origin("ZY_", source),
        }

    def _donation(self, draw: Draw, subject: Subject, source: Source, day: date, serial: int) -> Fields:
        yuan = draw.between(1, 20) * draw.pick((10, 50, 100, 500))
        return {
            **_subject("JZ_", subject),
            "JZ_PJH": _number("捐", day, serial),
            "JZ_XM": draw.pick(self._materials.donation_projects),
            "JZ_JE": f"{yuan}.{draw.below(100):02d}",
            "JZ_RQ": day.isoformat(),
            **_origin("JZ_", source),
        }

    def _contract_kept(self, draw: Draw, subject: Subject, source: Source, day: date, serial: int) -> Fields:
        return {
            **_subject("HT_", subject),
            "HT_BH": _number("约", day, serial),
            "HT_LB": draw.pick(self._materials.contract_kinds),
            "HT_QSRQ": (day - timedelta(days=draw.between(30, 365))).isoformat(),
            "HT_RQ": day.isoformat(),
            **_origin("HT_", source),
        }

    def _commitment(self, draw: Draw, subject: Subject, source: Source, day: date, serial: int) -> Fields:
        made_on = day - timedelta(days=draw.between(10, 60))
        material = draw.pick(self._materials.commitments)
        natural = isinstance(subject, Resident)
        # Past a million commitments the serial runs over into the area, which stays one that is nobody's.
        return {
            "CN_BM": make_commitment_code(f"{serial // 1_000_000:06d}", made_on, serial % 1_000_000),
            "CN_MC": _name(subject),
            "CN_LB": _kind(subject),
            "CN_ZJHM": _identifier(subject),
            "CN_LX": draw.pick(("审批替代", "容缺受理", "主动")),
            "CN_SY": material.reason,
            "CN_NR": material.content,
            "CN_WYZR": "自愿承担违诺的法律责任，接受依法公示。",
            "CN_RQ": made_on.isoformat(),
            "CN_YXQZ": add_months(made_on, 12).isoformat(),
            "CN_QRRQ": day.isoformat(),
            "CN_QRDW": source.names.zh,
            "CN_QRDWDM": source.credit_code,
            "CN_SLDW": source.names.zh,
            "CN_SLDWDM": source.credit_code,
            "CN_GKLX": "不可公开" if natural else "可向社会公开",
        }

    def _commitment_kept(self, draw: Draw, subject: Subject, source: Source, day: date, serial: int) -> Fields:
        return {**self._commitment(draw, subject, source, day, serial), "CN_LXZT": "全部履行"}

    def _commitment_broken(self, draw: Draw, subject: Subject, source: Source, day: date, serial: int) -> Fields:
        return {
            **self._commitment(draw, subject, source, day, serial),
            "CN_LXZT": draw.pick(("部分履行", "全部未履行")),
            "CN_WLXNR": "逾期未补交材料",
            "CN_CJCS": "暂停适用告知承诺，限期整改",
        }

    def _permit(self, draw: Draw, subject: Subject, source: Source, day: date, serial: int) -> Fields:
        material = draw.pick(self._materials.permits)
        return {
            **_subject("XK_", subject),
            "XK_XKWS": material.document,
            "XK_WSH": _number("许", day, serial),
            "XK_XKLB": draw.pick(("普通", "核准", "登记")),
            "XK_NR": material.content,
            "XK_JDRQ": day.isoformat(),
            "XK_YXQZ": day.isoformat(),
            "XK_YXQZI": draw.pick((add_months(day, 60).isoformat(), _FOR_EVER)),
            "XK_XKJG": source.names.zh,
            "XK_XKJGDM": source.credit_code,
            "XK_ZT": "1",
            "XK_LYDW": source.names.zh,
            "XK_LYDWDM": source.credit_code,
        }

    def _penalty(self, draw: Draw, subject: Subject, source: Source, day: date, serial: int) -> Fields:
        material = draw.pick(self._materials.penalties)
        fine = material.fine[0 if isinstance(subject, Resident) else 1]
        fields = {
            **_subject("CF_", subject),
            "CF_WSH": _number("罚", day, serial),
            "CF_WFXW": material.act,
            "CF_SY": f"经查，当事人{material.act}。",
            "CF_YJ": material.basis,
            "CF_CFLB": material.kinds,
            "CF_NR": f"{material.kinds}{fine and f'{fine}万元'}。",
            "CF_JDRQ": day.isoformat(),
            "CF_CFJG": source.names.zh,
            "CF_CFJGDM": source.credit_code,
            "CF_SJLY": source.names.zh,
            "CF_SJLYDM": source.credit_code,
        }
        if fine:
            fields["CF_NR_FK"] = fine
        if "吊销" in material.kinds:
            fields["CF_NR_ZKDX"] = "吊销生产许可证"
        return fields

    def _judgment_default(self, draw: Draw, subject: Subject, source: Source, day: date, serial: int) -> Fields:
        effective_on = day - timedelta(days=draw.between(60, 400))
        return {
            **_subject("SX_", subject),
            "SX_AH": _number("执", day, serial),
            "SX_ZXYJ": _number("民初", effective_on, serial),
            "SX_SXRQ": effective_on.isoformat(),
            "SX_QX": draw.pick(self._materials.default_situations),
            "SX_RQ": day.isoformat(),
            **_origin("SX_", source),
        }

    def _breach_judged(self, draw: Draw, subject: Subject, source: Source, day: date, serial: int) -> Fields:
        return {
            **_subject("PJ_", subject),
            "PJ_AH": _number("民终", day, serial),
            "PJ_WSH": _number("民终判", day, serial),
            "PJ_LB": draw.pick(self._materials.breach_kinds),
            "PJ_JE": f"{draw.between(500, 200_000)}.{draw.below(100):02d}",
            "PJ_RQ": (day - timedelta(days=15)).isoformat(),
            "PJ_SXRQ": day.isoformat(),
            **_origin("PJ_", source),
        }


def _number(kind: str, day: date, serial: int) -> str:
    return f"桃{kind}〔{day.year}〕{serial:06d}号"


def _name(subject: Subject) -> str:
    return subject.name if isinstance(subject, Resident) else subject.names.zh


def _identifier(subject: Subject) -> str:
    return subject.identity_number if isinstance(subject, Resident) else subject.credit_code


def _kind(subject: Subject) -> str:
    if isinstance(subject, Resident):
        return "自然人"
    return "个体工商户" if subject.kind == "individual-business" else "法人"


def _subject(prefix: str, subject: Subject) -> Fields:
    fields = {f"{prefix}XDR_MC": _name(subject), f"{prefix}XDR_LB": _kind(subject)}
    if isinstance(subject, Resident):
        return {**fields, f"{prefix}XDR_ZJLX": "身份证", f"{prefix}XDR_ZJHM": subject.identity_number}
    return {**fields, f"{prefix}XDR_SHXYM": subject.credit_code}


def _origin(prefix: str, source: Source) -> Fields:
    return {f"{prefix}JG": source.names.zh, f"{prefix}JGDM": source.credit_code}
