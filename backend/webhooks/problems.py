"""How an act on webhooks can be refused."""

from backend.platform.problems import declare

URL_REFUSED = declare(
    422, "url-refused", "回调地址不可用", "The address cannot be used",
    "请使用 https、公网域名、443 或 8443 端口，不含用户名、密码和片段。",
    "Use https, a public domain name, port 443 or 8443, no user name, password or fragment.",
)  # fmt: skip
ENDPOINT_EXISTS = declare(
    409, "endpoint-exists", "该回调地址已登记", "The address is registered already",
    "请使用已登记的那一个；密钥遗失时轮换密钥。", "Use the one that is there; if its secret is lost, rotate it.",
)  # fmt: skip
TOO_MANY_ENDPOINTS = declare(
    409, "too-many-endpoints", "回调地址已达三个", "Three addresses are registered already",
    "请先删除一个不再使用的地址。", "Delete one that is no longer used first.",
)  # fmt: skip
ENDPOINT_DISABLED = declare(
    409, "endpoint-disabled", "该回调地址已停用", "The address is disabled",
    "它曾答复 410。请删除后重新登记。", "It answered 410. Delete it and register it again.",
)  # fmt: skip
SECRET_ROTATING = declare(
    409, "secret-rotating", "轮换过于频繁", "Rotated too often",
    "已有两把旧密钥仍在 24 小时交接期内；如已泄露，请删除该地址后重新登记。",
    "Two old secrets still sign for their 24 hours; if one was stolen, delete the address and register it again.",
)  # fmt: skip
