"""How a commitment can be refused."""

from backend.platform.problems import declare

UNIT_CODE_INVALID = declare(
    422, "unit-code-invalid", "机关单位的统一社会信用代码不正确", "The authority's unified social credit code is not valid",
    "请核对该单位的 18 位代码。", "Check the 18 characters of the authority's code.",
)  # fmt: skip
COMMITMENT_ROUTE_CLOSED = declare(
    409, "commitment-route-closed", "暂不适用告知承诺", "The commitment route is closed for now",
    "有未修复的违诺记录时，不适用审批替代、容缺受理和证明事项承诺；请先办理信用修复，或按一般程序办理。",
    "While a broken commitment is not repaired, approvals are not given on a commitment: repair it first, or use the ordinary procedure.",
)  # fmt: skip
FINDING_INCOMPLETE = declare(
    422, "finding-incomplete", "履行认定不完整", "The finding is incomplete",
    "未全部履行的，须写明未履行内容、惩戒措施和整改期限。",
    "Unless all was performed, state what was not, the sanction and the day by which to rectify.",
)  # fmt: skip
COMMITMENT_CODES_EXHAUSTED = declare(
    409, "commitment-codes-exhausted", "当日承诺编码已用完", "The commitment codes of today are used up",
    "请于次日办理。", "Make the commitment tomorrow.",
)  # fmt: skip
