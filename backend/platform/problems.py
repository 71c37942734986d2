"""Problem details (RFC 9457): every error a caller can meet, with a stable code, in Chinese first and in English.

A room declares its problem types as constants with `declare`; `ALL` is the one table of them. `detail` is constant for
each type where a partner reads it, so that an error tells nothing about a person.
"""

from collections.abc import Mapping

import msgspec

from partners.signatures.diagnosis import Diagnosis

MEDIA_TYPE = "application/problem+json"


class FieldError(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is wrong with one field of the request: its path, and the reason in Chinese and English."""

    field: str
    reason: str
    reason_en: str


class ProblemDetails(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of every error answer (RFC 9457, section 3) with our extension members."""

    type: str
    status: int
    code: str
    title: str
    title_en: str
    detail: str
    detail_en: str
    request_id: str = ""
    errors: list[FieldError] = []
    # Only under a test key of the sandbox: what its integrator needs to see of their own request.
    diagnosis: Diagnosis | None = None


class ProblemType(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of error: what was wrong (title) and what to do next (detail)."""

    code: str
    status: int
    title: str
    title_en: str
    detail: str
    detail_en: str

    def error(
        self,
        *,
        detail: str | None = None,
        detail_en: str | None = None,
        errors: list[FieldError] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> "Problem":
        """An exception of this type; `detail` only where the caller may read more than the constant sentence."""
        return Problem(self, detail or self.detail, detail_en or self.detail_en, errors or [], dict(headers or {}))


class Problem(Exception):
    """A refusal on its way to the caller."""

    def __init__(
        self, kind: ProblemType, detail: str, detail_en: str, errors: list[FieldError], headers: dict[str, str]
    ) -> None:
        super().__init__(kind.code)
        self.kind = kind
        self.detail = detail
        self.detail_en = detail_en
        self.errors = errors
        self.headers = headers
        self.diagnosis: Diagnosis | None = None

    def body(self, request_id: str = "") -> ProblemDetails:
        """The answer's body."""
        return ProblemDetails(
            type=f"urn:xinyi:problem:{self.kind.code}",
            status=self.kind.status,
            code=self.kind.code,
            title=self.kind.title,
            title_en=self.kind.title_en,
            detail=self.detail,
            detail_en=self.detail_en,
            request_id=request_id,
            errors=self.errors,
            diagnosis=self.diagnosis,
        )


ALL: dict[str, ProblemType] = {}


def declare(status: int, code: str, title: str, title_en: str, detail: str, detail_en: str) -> ProblemType:
    """Adds a problem type to the one table. Raises ValueError if the code is taken."""
    if code in ALL:
        raise ValueError(f"problem code {code} is declared twice")
    kind = ProblemType(code=code, status=status, title=title, title_en=title_en, detail=detail, detail_en=detail_en)
    ALL[code] = kind
    return kind


MALFORMED_REQUEST = declare(
    400, "malformed-request", "请求格式不正确", "The request is malformed",
    "请按 errors 中所列字段修改后重试。", "Correct the fields named in errors and send it again.",
)  # fmt: skip
BAD_CURSOR = declare(
    400, "bad-cursor", "翻页标记无效", "The cursor is not usable",
    "请从第一页重新开始，或使用上一页返回的 next。", "Start from the first page, or use the `next` of the page before.",
)  # fmt: skip
NOT_SIGNED_IN = declare(
    401, "not-signed-in", "尚未登录", "Not signed in",
    "请先登录，并在 Authorization 中携带访问令牌。", "Sign in and send the access token as `Authorization: Bearer`.",
)  # fmt: skip
NOT_ALLOWED = declare(
    403, "not-allowed", "没有权限", "Not allowed",
    "当前身份不能做此操作。", "Your role does not allow this.",
)  # fmt: skip
NOT_FOUND = declare(
    404, "not-found", "没有找到", "Not found",
    "请检查地址或编号。", "Check the address or the id.",
)  # fmt: skip
METHOD_NOT_ALLOWED = declare(
    405, "method-not-allowed", "不支持此方法", "The method is not supported here",
    "请使用 Allow 头中列出的方法。", "Use one of the methods in the Allow header.",
)  # fmt: skip
STATE_CONFLICT = declare(
    409, "state-conflict", "当前状态不允许此操作", "The present state does not allow this",
    "请刷新后查看当前状态。", "Fetch the present state and decide again.",
)  # fmt: skip
TOO_LARGE = declare(
    413, "too-large", "请求内容过大", "The request body is too large",
    "请拆分后分批发送。", "Split it and send the parts.",
)  # fmt: skip
UNSUPPORTED_MEDIA_TYPE = declare(
    415, "unsupported-media-type", "内容类型不正确", "The content type is not accepted",
    "请使用文档中规定的 Content-Type。", "Use the Content-Type named in the documentation.",
)  # fmt: skip
RATE_LIMITED = declare(
    429, "rate-limited", "请求过于频繁", "Too many requests",
    "请在 Retry-After 所示秒数之后重试。", "Try again after the seconds in Retry-After.",
)  # fmt: skip
INTERNAL_ERROR = declare(
    500, "internal-error", "服务器内部错误", "Internal error",
    "请稍后重试；若仍失败，请把 request_id 告诉我们。", "Try again later; if it persists, tell us the request_id.",
)  # fmt: skip
UNAVAILABLE = declare(
    503, "unavailable", "服务暂不可用", "Temporarily unavailable",
    "请稍后重试；不得据此推定符合条件。", "Try again shortly; never assume eligibility.",
)  # fmt: skip
