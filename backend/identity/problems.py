"""How sign-in, real name and sessions can be refused."""

from backend.platform.problems import declare

CODE_WRONG = declare(
    422, "sign-in-code-wrong", "验证码不正确或已失效", "The one-time code is wrong or has expired",
    "请核对验证码，或重新获取。", "Check the code or ask for a new one.",
)  # fmt: skip
PHONE_INVALID = declare(
    422, "phone-invalid", "手机号不正确", "The phone number is not valid",
    "请填写 11 位中国大陆手机号。", "Give an 11-digit mainland mobile number.",
)  # fmt: skip
REFRESH_REFUSED = declare(
    401, "refresh-refused", "登录已失效", "The sign-in is no longer valid",
    "请重新登录。若不是您本人操作，请检查您的设备。", "Sign in again. If this was not you, check your devices.",
)  # fmt: skip
IDENTITY_NUMBER_INVALID = declare(
    422, "identity-number-invalid", "身份号码不正确", "The identity number is not valid",
    "请核对 18 位公民身份号码。", "Check the 18 characters of the identity number.",
)  # fmt: skip
NAME_INVALID = declare(
    422, "name-invalid", "姓名不正确", "The name is not valid",
    "请填写证件上的姓名。", "Give the name as it stands on the document.",
)  # fmt: skip
NOT_ADULT = declare(
    422, "not-adult", "未满 18 周岁", "Under 18 years of age",
    "信易只面向年满 18 周岁的完全民事行为能力人。", "Xinyi is for adults of full civil capacity only.",
)  # fmt: skip
IDENTITY_TAKEN = declare(
    409, "identity-taken", "该身份已由另一账户使用", "This identity belongs to another account",
    "请用原手机号登录；如需更换手机号，请联系服务窗口。", "Sign in with the phone number used before, or ask the service desk.",
)  # fmt: skip
IDENTITY_FIXED = declare(
    409, "identity-fixed", "实名信息已核验", "The identity is already proven",
    "实名后不能更改；如有错误请提出异议。", "It cannot be changed; file an objection if it is wrong.",
)  # fmt: skip
