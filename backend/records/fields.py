"""The field lists of deliveries as data: which columns an item has, what each holds, and what role it plays.

Permits (XK_) and penalties (CF_) carry the columns of the national 双公示 standard, commitments the twenty fields of the
commitment standard. Honours, volunteering, donations, contracts and court records follow the same habit under a prefix
of their own. Columns are accepted exactly as named here.
"""

from typing import Literal

import msgspec

FieldKind = Literal[
    "text",  # free text
    "reference",  # the number of a document: spaces and full-width forms do not count
    "date",  # a day that has come
    "any-date",  # a day that may lie ahead
    "ten-thousand-yuan",  # decimal text in units of 10,000 yuan
    "yuan",  # decimal text in yuan
    "whole-number",
    "choice",
    "choices",  # several choices, separated by 、 , ; or |
    "subject-kind",
    "document-kind",
    "document-number",  # checked with the document kind of its row
    "credit-code",
    "identity-number",
]


class Field(msgspec.Struct, frozen=True):
    """One column. `length` counts characters; `personal` columns are identity and never part of a record's facts."""

    name: str
    title: str
    kind: FieldKind = "text"
    required: bool = False
    length: int = 200
    choices: dict[str, str] = {}
    personal: bool = False


class SubjectColumns(msgspec.Struct, frozen=True):
    """Which columns name the subject 行政相对人. Without `document_kind` the document is an identity card."""

    name: str
    kind: str
    credit_code: str
    document_kind: str | None
    document_number: str


class FieldList(msgspec.Struct, frozen=True):
    """The columns of one kind of delivery and their roles.

    `key` is the source's own document number; `effective_document` are the columns that prove an effective legal document
    (Reg. art. 27); `in_order` are pairs of dates of which the first comes first; `required_when` are triples of a column,
    another one, and the values of that other one which make the first required; `penalty_kinds` and `penalty_licence` are
    the columns of which a penalty's class is derived.
    """

    prefix: str
    fields: tuple[Field, ...]
    subject: SubjectColumns
    key: str
    occurred_on: str
    ends_on: str | None = None
    published_until: str | None = None
    grade: str | None = None
    amount: str | None = None
    penalty_kinds: str | None = None
    penalty_licence: str | None = None
    effective_document: tuple[str, ...] = ()
    in_order: tuple[tuple[str, str], ...] = ()
    required_when: tuple[tuple[str, str, tuple[str, ...]], ...] = ()


# Each normalised value is accepted too: a stored row must pass again when it is corrected.
SUBJECT_KINDS = {
    **{kind: kind for kind in ("natural", "legal", "unincorporated", "individual-business")},
    "01": "natural",
    "自然人": "natural",
    "02": "legal",
    "法人": "legal",
    "法人及非法人组织": "legal",
    "03": "unincorporated",
    "非法人组织": "unincorporated",
    "04": "individual-business",
    "个体工商户": "individual-business",
}
DOCUMENT_KINDS = {
    "01": "01",
    "身份证": "01",
    "02": "02",
    "护照": "02",
    "护照号": "02",
    "03": "03",
    "港澳居民来往内地通行证": "03",
    "04": "04",
    "台湾居民来往大陆通行证": "04",
    "05": "05",
    "外国人永久居留身份证": "05",
}
GRADES = {
    "county": "county",
    "县级": "county",
    "区县级": "county",
    "city": "city",
    "市级": "city",
    "province": "province",
    "省级": "province",
    "nation": "nation",
    "国家级": "nation",
}
PERMIT_KINDS = ("普通", "特许", "认可", "核准", "登记", "其他")
PENALTY_KINDS = (
    "警告",
    "通报批评",
    "罚款",
    "没收违法所得",
    "没收非法财物",
    "暂扣许可证件",
    "降低资质等级",
    "吊销许可证件",
    "限制开展生产经营活动",
    "责令停产停业",
    "责令关闭",
    "限制从业",
    "行政拘留",
    "列入严重违法失信名单",
    "其他",
)
COMMITMENT_TYPES = ("审批替代", "容缺受理", "证明事项", "信用修复", "行业自律", "主动", "其他")
COMMITMENT_STATES = ("全部履行", "部分履行", "全部未履行")
COMMITMENT_OPENNESS = ("可向社会公开", "特定范围内公开", "不可公开")


def _same(values: tuple[str, ...]) -> dict[str, str]:
    return {value: value for value in values}


def _subject_fields(prefix: str) -> tuple[Field, ...]:
    return (
        Field(f"{prefix}XDR_MC", "行政相对人名称", required=True, personal=True),
        Field(f"{prefix}XDR_LB", "行政相对人类别", "subject-kind", required=True, length=32, choices=SUBJECT_KINDS),
        Field(f"{prefix}XDR_SHXYM", "统一社会信用代码", "credit-code", length=18, personal=True),
        Field(f"{prefix}XDR_ZJLX", "证件类型", "document-kind", length=32, choices=DOCUMENT_KINDS, personal=True),
        Field(f"{prefix}XDR_ZJHM", "证件号码", "document-number", length=64, personal=True),
    )


def _subject_columns(prefix: str) -> SubjectColumns:
    return SubjectColumns(
        f"{prefix}XDR_MC", f"{prefix}XDR_LB", f"{prefix}XDR_SHXYM", f"{prefix}XDR_ZJLX", f"{prefix}XDR_ZJHM"
    )


def _publicity_subject_fields(prefix: str) -> tuple[Field, ...]:
    """The subject block of 双公示, with the older registration numbers and the representative."""
    name, kind, credit_code, document_kind, document_number = _subject_fields(prefix)
    return (
        name,
        kind,
        credit_code,
        Field(f"{prefix}XDR_GSZC", "工商注册号", "reference", length=50, personal=True),
        Field(f"{prefix}XDR_ZZJG", "组织机构代码", "reference", length=9, personal=True),
        Field(f"{prefix}XDR_SWDJ", "税务登记号", "reference", length=20, personal=True),
        Field(f"{prefix}XDR_SYDW", "事业单位证书号", "reference", length=50, personal=True),
        Field(f"{prefix}XDR_SHZZ", "社会组织登记证号", "reference", length=50, personal=True),
        Field(f"{prefix}FRDB", "法定代表人", length=50, personal=True),
        Field(f"{prefix}FR_SFZH", "法定代表人身份证号", "identity-number", length=18, personal=True),
        document_kind,
        document_number,
    )


def _origin_fields(prefix: str, authority: str) -> tuple[Field, ...]:
    return (
        Field(f"{prefix}JG", authority, required=True),
        Field(f"{prefix}JGDM", f"{authority}统一社会信用代码", "credit-code", required=True, length=18),
        Field(f"{prefix}BZ", "备注", length=512),
    )


FIELD_LISTS: dict[str, FieldList] = {
    "permit": FieldList(
        prefix="XK_",
        fields=(
            *_publicity_subject_fields("XK_"),
            Field("XK_XKWS", "行政许可决定文书名称", required=True, length=64),
            Field("XK_WSH", "行政许可决定文书号", "reference", required=True, length=64),
            Field("XK_XKLB", "许可类别", "choice", required=True, length=256, choices=_same(PERMIT_KINDS)),
            Field("XK_XKZS", "许可证书名称", length=64),
            Field("XK_XKBH", "许可编号", "reference", length=64),
            Field("XK_NR", "许可内容", required=True, length=4000),
            Field("XK_JDRQ", "许可决定日期", "date", required=True, length=32),
            Field("XK_YXQZ", "有效期自", "any-date", required=True, length=32),
            Field("XK_YXQZI", "有效期至", "any-date", required=True, length=32),
            Field("XK_XKJG", "许可机关", required=True),
            Field("XK_XKJGDM", "许可机关统一社会信用代码", "credit-code", required=True, length=18),
            Field(
                "XK_ZT",
                "当前状态",
                "choice",
                required=True,
                length=32,
                choices={"1": "1", "有效": "1", "2": "2", "无效": "2"},
            ),
            Field("XK_LYDW", "数据来源单位", required=True),
            Field("XK_LYDWDM", "数据来源单位统一社会信用代码", "credit-code", required=True, length=18),
            Field("XK_BZ", "备注", length=512),
        ),
        subject=_subject_columns("XK_"),
        key="XK_WSH",
        occurred_on="XK_JDRQ",
        ends_on="XK_YXQZI",
        in_order=(("XK_YXQZ", "XK_YXQZI"),),
    ),
    "penalty": FieldList(
        prefix="CF_",
        fields=(
            *_publicity_subject_fields("CF_"),
            Field("CF_WSH", "行政处罚决定文书号", "reference", required=True, length=64),
            Field("CF_WFXW", "违法行为类型", required=True, length=2000),
            Field("CF_SY", "违法事实", required=True, length=4000),
            Field("CF_YJ", "处罚依据", required=True, length=2000),
            Field("CF_CFLB", "处罚类别", "choices", required=True, length=256, choices=_same(PENALTY_KINDS)),
            Field("CF_NR", "处罚内容", required=True, length=4000),
            Field("CF_NR_FK", "罚款金额（万元）", "ten-thousand-yuan", length=24),
            Field("CF_NR_WFFF", "没收违法所得、没收非法财物的金额（万元）", "ten-thousand-yuan", length=24),
            Field("CF_NR_ZKDX", "暂扣或吊销证照名称及编号", length=200),
            Field("CF_JDRQ", "处罚决定日期", "date", required=True, length=32),
            Field("CF_YXQ", "处罚有效期", "any-date", length=32),
            Field("CF_GSJZQ", "公示截止期", "any-date", length=32),
            Field("CF_CFJG", "处罚机关", required=True),
            Field("CF_CFJGDM", "处罚机关统一社会信用代码", "credit-code", required=True, length=18),
            Field("CF_SJLY", "数据来源单位", required=True),
            Field("CF_SJLYDM", "数据来源单位统一社会信用代码", "credit-code", required=True, length=18),
            Field("CF_BZ", "备注", length=512),
        ),
        subject=_subject_columns("CF_"),
        key="CF_WSH",
        occurred_on="CF_JDRQ",
        published_until="CF_GSJZQ",
        amount="CF_NR_FK",
        penalty_kinds="CF_CFLB",
        penalty_licence="CF_NR_ZKDX",
        effective_document=("CF_WSH", "CF_JDRQ"),
        in_order=(("CF_JDRQ", "CF_YXQ"), ("CF_JDRQ", "CF_GSJZQ")),
        required_when=(("CF_NR_FK", "CF_CFLB", ("罚款",)),),
    ),
    "honour": FieldList(
        prefix="RY_",
        fields=(
            *_subject_fields("RY_"),
            Field("RY_ZSBH", "证书编号", "reference", required=True, length=64),
            Field("RY_MC", "荣誉名称", required=True),
            Field("RY_JB", "荣誉级别", "choice", required=True, length=32, choices=GRADES),
            Field("RY_RQ", "授予日期", "date", required=True, length=32),
            Field("RY_YXQZ", "有效期至", "any-date", length=32),
            *_origin_fields("RY_", "授予机关"),
        ),
        subject=_subject_columns("RY_"),
        key="RY_ZSBH",
        occurred_on="RY_RQ",
        ends_on="RY_YXQZ",
        grade="RY_JB",
        in_order=(("RY_RQ", "RY_YXQZ"),),
    ),
    "righteous-act": FieldList(
        prefix="YW_",
        fields=(
            *_subject_fields("YW_"),
            Field("YW_QRSH", "确认书编号", "reference", required=True, length=64),
            Field("YW_NR", "确认结论", required=True, length=512),
            Field("YW_JB", "确认级别", "choice", required=True, length=32, choices=GRADES),
            Field("YW_RQ", "确认日期", "date", required=True, length=32),
            *_origin_fields("YW_", "确认机关"),
        ),
        subject=_subject_columns("YW_"),
        key="YW_QRSH",
        occurred_on="YW_RQ",
        grade="YW_JB",
    ),
    "volunteer-service": FieldList(
        prefix="ZY_",
        fields=(
            *_subject_fields("ZY_"),
            Field("ZY_JLBH", "服务记录编号", "reference", required=True, length=64),
            Field("ZY_XM", "服务项目", required=True),
            Field("ZY_SC", "服务时长（小时）", "whole-number", required=True, length=8),
            Field("ZY_RQ", "服务日期", "date", required=True, length=32),
            *_origin_fields("ZY_", "记录单位"),
        ),
        subject=_subject_columns("ZY_"),
        key="ZY_JLBH",
        occurred_on="ZY_RQ",
        amount="ZY_SC",
    ),
    "donation": FieldList(
        prefix="JZ_",
        fields=(
            *_subject_fields("JZ_"),
            Field("JZ_PJH", "捐赠票据号", "reference", required=True, length=64),
            Field("JZ_XM", "捐赠项目", required=True),
            Field("JZ_JE", "捐赠金额（元）", "yuan", required=True, length=24),
            Field("JZ_RQ", "捐赠日期", "date", required=True, length=32),
            *_origin_fields("JZ_", "受赠单位"),
        ),
        subject=_subject_columns("JZ_"),
        key="JZ_PJH",
        occurred_on="JZ_RQ",
        amount="JZ_JE",
    ),
    "contract-kept": FieldList(
        prefix="HT_",
        fields=(
            *_subject_fields("HT_"),
            Field("HT_BH", "履约记录编号", "reference", required=True, length=64),
            Field("HT_LB", "合同类别", required=True, length=64),
            Field("HT_QSRQ", "履约起始日期", "date", length=32),
            Field("HT_RQ", "履约完成日期", "date", required=True, length=32),
            *_origin_fields("HT_", "提供单位"),
        ),
        subject=_subject_columns("HT_"),
        key="HT_BH",
        occurred_on="HT_RQ",
        in_order=(("HT_QSRQ", "HT_RQ"),),
    ),
    "commitment": FieldList(
        prefix="CN_",
        fields=(
            Field("CN_BM", "信用承诺编码", "reference", required=True, length=20),
            Field("CN_MC", "承诺主体名称", required=True, length=200, personal=True),
            Field("CN_LB", "承诺主体类别", "subject-kind", required=True, length=32, choices=SUBJECT_KINDS),
            Field("CN_ZJHM", "承诺主体证件号码", "document-number", required=True, length=18, personal=True),
            Field("CN_LX", "承诺类型", "choice", required=True, length=32, choices=_same(COMMITMENT_TYPES)),
            Field("CN_SY", "承诺事由", required=True, length=512),
            Field("CN_NR", "承诺内容", required=True, length=4000),
            Field("CN_WYZR", "违诺责任", required=True, length=2000),
            Field("CN_RQ", "承诺作出日期", "date", required=True, length=32),
            Field("CN_YXQZ", "承诺有效期至", "any-date", required=True, length=32),
            Field("CN_LXZT", "承诺履行状态", "choice", required=True, length=32, choices=_same(COMMITMENT_STATES)),
            Field("CN_WLXNR", "承诺未履行内容", length=2000),
            Field("CN_CJCS", "未履行惩戒措施", length=2000),
            Field("CN_QRRQ", "履行状态确认日期", "date", required=True, length=32),
            Field("CN_QRDW", "履行状态确认单位", required=True),
            Field("CN_QRDWDM", "确认单位统一社会信用代码", "credit-code", required=True, length=18),
            Field("CN_SLDW", "承诺受理单位", required=True),
            Field("CN_SLDWDM", "受理单位统一社会信用代码", "credit-code", required=True, length=18),
            Field("CN_GKLX", "公开类型", "choice", required=True, length=32, choices=_same(COMMITMENT_OPENNESS)),
            Field("CN_BZ", "备注", length=512),
        ),
        subject=SubjectColumns("CN_MC", "CN_LB", "CN_ZJHM", None, "CN_ZJHM"),
        key="CN_BM",
        occurred_on="CN_QRRQ",
        effective_document=("CN_QRDW", "CN_QRRQ"),
        in_order=(("CN_RQ", "CN_YXQZ"), ("CN_RQ", "CN_QRRQ")),
        required_when=(
            ("CN_WLXNR", "CN_LXZT", ("部分履行", "全部未履行")),
            ("CN_CJCS", "CN_LXZT", ("部分履行", "全部未履行")),
        ),
    ),
    "judgment-default": FieldList(
        prefix="SX_",
        fields=(
            *_subject_fields("SX_"),
            Field("SX_AH", "执行案号", "reference", required=True, length=64),
            Field("SX_ZXYJ", "执行依据文号", "reference", required=True, length=64),
            Field("SX_SXRQ", "执行依据生效日期", "date", required=True, length=32),
            Field("SX_QX", "失信行为具体情形", required=True, length=2000),
            Field("SX_RQ", "列入日期", "date", required=True, length=32),
            Field("SX_YXQZ", "名单期限届满日", "any-date", length=32),
            *_origin_fields("SX_", "执行法院"),
        ),
        subject=_subject_columns("SX_"),
        key="SX_AH",
        occurred_on="SX_RQ",
        ends_on="SX_YXQZ",
        effective_document=("SX_ZXYJ", "SX_SXRQ"),
        in_order=(("SX_SXRQ", "SX_RQ"), ("SX_RQ", "SX_YXQZ")),
    ),
    "breach-judged": FieldList(
        prefix="PJ_",
        fields=(
            *_subject_fields("PJ_"),
            Field("PJ_AH", "案号", "reference", required=True, length=64),
            Field("PJ_WSH", "裁判文书号", "reference", required=True, length=64),
            Field("PJ_LB", "纠纷类别", required=True, length=64),
            Field("PJ_JE", "裁判确认金额（元）", "yuan", required=True, length=24),
            Field("PJ_RQ", "裁判日期", "date", required=True, length=32),
            Field("PJ_SXRQ", "生效日期", "date", required=True, length=32),
            *_origin_fields("PJ_", "法院"),
        ),
        subject=_subject_columns("PJ_"),
        key="PJ_AH",
        occurred_on="PJ_SXRQ",
        amount="PJ_JE",
        effective_document=("PJ_WSH", "PJ_SXRQ"),
        in_order=(("PJ_RQ", "PJ_SXRQ"),),
    ),
}

ITEMS_OF_PREFIX: dict[str, str] = {
    **{field_list.prefix: item for item, field_list in FIELD_LISTS.items() if item != "commitment"},
    "CN_": "commitment-kept",
}
"""Which item a file's columns announce. Commitments announce the kept ones; a row's status says otherwise."""
