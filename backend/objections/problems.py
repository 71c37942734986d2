"""How an objection can be refused at the door."""

from backend.platform.problems import declare

OBJECTION_OPEN = declare(
    409, "objection-open", "该记录已有办理中的异议", "An objection to this record is already open",
    "请在“我的异议”中查看进度，办结后可再次提出。", "See its progress under your objections; you can file again when it is decided.",
)  # fmt: skip
OBJECTION_NEEDS_RECORD = declare(
    422, "objection-needs-record", "请指明有异议的记录", "Name the record you object to",
    "除“遗漏”外，须填写本人记录的编号 record_id。", "Except for an omission, give the record_id of one of your own records.",
)  # fmt: skip
