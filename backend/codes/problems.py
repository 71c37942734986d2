"""How a code can be refused. Every cause but a late picture looks the same, so that guessing teaches nothing."""

from backend.platform.problems import declare

CODE_MALFORMED = declare(
    400, "code-malformed", "不是诚信码", "This is not an integrity code",
    "请扫描“信易”手机页面上的诚信码，或逐位核对数字。", "Scan the code on the holder's phone, or compare the digits.",
)  # fmt: skip
CODE_UNUSABLE = declare(
    422, "code-unusable", "诚信码不可用", "The code cannot be used",
    "请持码人刷新后重新出示。", "Ask the holder to show a fresh code.",
)  # fmt: skip
CODE_STALE = declare(
    422, "code-stale", "诚信码已过时", "The code is stale",
    "截图和旧码无效，请持码人出示屏幕上的当前码。", "Pictures and old codes do not work: ask for the code now on the screen.",
)  # fmt: skip
SCENE_UNKNOWN = declare(
    422, "scene-unknown", "没有这个场景", "There is no such scene",
    "请选择 errors 中列出的场景之一。", "Choose one of the scenes named in errors.",
)  # fmt: skip
