"""`xinyi openapi`: the contract, the format of a rule set and the list of problems from the code, without any server."""

import base64
from collections.abc import Mapping
from pathlib import Path

import msgspec
from litestar import Litestar

from backend.app import build
from backend.operations.contract import encoded
from backend.platform import problems
from backend.platform.settings import Settings
from backend.rule_sets.service import schema

_PROBLEMS_HEAD = """# 问题代码 Problem codes

错误答复是 `application/problem+json`（RFC 9457）。`code` 固定不变，可供程序判断；`title`、`detail` 说明哪里不对、下一步怎么办；`errors` 指出字段。

Every error is a problem document (RFC 9457). `code` is stable and never reused for something else; `title` says what was wrong, `detail`
what to do next, `errors` names the fields. This page is written by `xinyi openapi` from the code; a running server lists the same at `/v1/problems`.

| `code` | HTTP | 哪里不对 What was wrong | 下一步 What to do next |
|---|---|---|---|
"""


def documents() -> Mapping[Path, bytes]:
    """What is committed and follows from the code: path in the repository -> content."""
    return {
        Path("openapi/xinyi.json"): encoded(application()),
        Path("openapi/rule-set.schema.json"): _rule_set_schema(),
        Path("docs/problems.md"): _problems(),
    }


def application() -> Litestar:
    """The application, for looking at only: the addresses and the key are never used: nothing is connected."""
    settings = Settings(
        database_url="postgresql://localhost/none",
        redis_url="redis://localhost",
        master_key=base64.b64encode(bytes(32)).decode(),
    )
    return build(settings, background=False)


def _rule_set_schema() -> bytes:
    return msgspec.json.format(msgspec.json.encode(schema(), order="sorted"), indent=1) + b"\n"


def _problems() -> bytes:
    rows = (
        f"| `{kind.code}` | {kind.status} | {kind.title}<br>{kind.title_en} | {kind.detail}<br>{kind.detail_en} |\n"
        for kind in sorted(problems.ALL.values(), key=lambda kind: kind.code)
    )
    return (_PROBLEMS_HEAD + "".join(rows)).encode()
