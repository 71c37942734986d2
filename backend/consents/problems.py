"""How consent can be refused or be missing."""

from backend.platform.problems import declare

CONSENT_TEXT_CHANGED = declare(
    409, "consent-text-changed", "同意书已更新", "The consent text has changed",
    "请阅读最新版本后再次确认。", "Read the present version and confirm again.",
)  # fmt: skip
CONSENT_MISSING = declare(
    403, "consent-missing", "尚未同意", "Consent is missing",
    "请先在“我的同意”中同意相应事项；不同意不影响其他服务。", "Give the consent this needs first; declining affects nothing else.",
)  # fmt: skip
