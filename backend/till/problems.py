"""How the till can refuse a clerk or a frame."""

from backend.platform.problems import declare

NOT_A_CLERK = declare(
    403, "not-a-clerk", "不是任何门店的收银员", "Not a clerk of any store",
    "请让商户管理员把您添加到门店，或换一个账户登录。", "Ask the partner to add you to a store, or sign in with another account.",
)  # fmt: skip
FRAME_TOO_LARGE = declare(
    413, "frame-too-large", "图片尺寸过大", "The picture has too many pixels",
    "请把图片缩小到 400 万像素以内再发送。", "Scale it down to 4 million pixels at most and send it again.",
)  # fmt: skip
FRAME_UNREADABLE = declare(
    422, "frame-unreadable", "无法读取图片", "The picture cannot be read",
    "请发送完整的 PNG 或 JPEG 图片，并使用相应的 Content-Type。", "Send a whole PNG or JPEG with the Content-Type that fits it.",
)  # fmt: skip
