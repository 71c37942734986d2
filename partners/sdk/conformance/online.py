"""The online scenes, and the cases that are judged from them."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from partners.sdk.conformance import checks, replies
from partners.sdk.conformance.checks import Check, CheckOfAll
from partners.sdk.conformance.platform import Reply

Act = Literal["verify", "redeem", "reverse"]
Level = Literal["must", "should"]


class Scene(msgspec.Struct, frozen=True):
    """One run of the adapter: what it is ordered to do, and what the platform answers in turn, the last reply for ever."""

    act: Act
    replies: tuple[Reply, ...]


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What is expected and why, in two languages, and how it is seen. `id` is stable: it is never given to another case."""

    id: str
    level: Level
    zh: str
    en: str
    scenes: tuple[str, ...]
    checks: tuple[Check, ...]
    of_all: CheckOfAll | None = None


_BUSY = replies.problem(503, "unavailable", retry_after=1)

SCENES: Mapping[str, Scene] = {
    "eligible": Scene("verify", (replies.good(),)),
    "declined": Scene("verify", (replies.good("declined"),)),
    "declined-later": Scene("verify", (replies.good("declined", {"added_later": "eligible"}),)),
    "redeem": Scene("redeem", (replies.good(),)),
    "reverse": Scene("reverse", (replies.good(),)),
    "busy": Scene("verify", (_BUSY, replies.good())),
    "down": Scene("verify", (replies.problem(503, "unavailable", retry_after=0),)),
    "gateway": Scene("redeem", (replies.gateway, replies.good())),
    "cut-verify": Scene("verify", (replies.lost, replies.good())),
    "cut-redeem": Scene("redeem", (replies.lost, replies.good())),
    "cut-reverse": Scene("reverse", (replies.lost, replies.good())),
    "in-progress": Scene("redeem", (replies.problem(409, "idempotency-in-progress", retry_after=1), replies.good())),
    "rate-limited": Scene("verify", (replies.problem(429, "rate-limited", retry_after=1), replies.good())),
    "unusable": Scene("verify", (replies.problem(422, "code-unusable"),)),
    "stale": Scene("verify", (replies.problem(422, "code-stale"),)),
    "unknown-problem": Scene("redeem", (replies.problem(409, "said-by-a-later-version"),)),
    "redirect": Scene("verify", (replies.redirect,)),
    "endless": Scene("verify", (replies.endless,)),
    "rotation": Scene("verify", (_BUSY, replies.by_next_key)),
    "pending": Scene("verify", (replies.pending, replies.pending, replies.confirmed("eligible"))),
    "unconfirmed": Scene("verify", (replies.pending, replies.confirmed("declined"))),
    "unsigned": Scene("verify", (replies.unsigned,)),
    "wrong-signature": Scene("verify", (replies.wrong_signature,)),
    "unknown-key": Scene("verify", (replies.unknown_key,)),
    "other-purpose": Scene("verify", (replies.other_purpose,)),
    "outdated": Scene("verify", (replies.outdated,)),
    "altered": Scene("verify", (replies.altered,)),
    "altered-with-digest": Scene("verify", (replies.altered_with_digest,)),
    "status-changed": Scene("verify", (replies.status_changed,)),
    "moved": Scene("verify", (_BUSY, replies.moved)),
    "unbound": Scene("verify", (replies.unbound,)),
}


def _case(
    name: str, zh: str, en: str, scenes: str, *seen: Check, level: Level = "must", of_all: CheckOfAll | None = None
) -> Case:
    return Case(id=name, level=level, zh=zh, en=en, scenes=tuple(scenes.split()), checks=seen, of_all=of_all)


_FORMED = "eligible redeem reverse cut-redeem"
_FORM = (
    _case("request-target", "请求发往规定的方法与地址，地址逐字相同：地址被签名",
          "a request goes to the address of its act, to the letter: the address is signed",
          _FORMED, checks.form("target")),
    _case("request-body", "正文只有该操作的成员，值与要求一致：多余成员会被拒绝，也不得夹带个人信息",
          "a body has the members of its act and no other: others are refused, and could be personal",
          _FORMED, checks.form("body")),
    _case("request-content-type", "正文类型为 application/json", "a body is application/json",
          _FORMED, checks.form("content-type")),
    _case("request-idempotency-key", "每次操作带一个 UUID 幂等键：没有它就无法安全重发",
          "an act has a UUID as idempotency key: without one it cannot be sent again safely",
          _FORMED, checks.form("idempotency-key")),
    _case("request-components", "签名按规定顺序覆盖方法、地址、类型与幂等键：未覆盖的可被改动",
          "the signature covers method, address, type and idempotency key in the order given: what is not covered can be changed",
          _FORMED, checks.form("components")),
    _case("request-digest", "正文摘要 Content-Digest 正确并被签名：否则正文可被改动",
          "Content-Digest is that of the body, and covered: else the body can be changed",
          _FORMED, checks.form("digest")),
    _case("request-created", "签名时间与当前相差不超过 60 秒：否则旧请求可被重放",
          "`created` is within 60 seconds of now: else an old request could be sent again by anybody",
          _FORMED, checks.form("created")),
    _case("request-nonce", "nonce 为 16 至 64 个 base64url 字符", "a nonce has 16 to 64 characters of base64url",
          _FORMED, checks.form("nonce")),
    _case("request-nonce-restart", "重启后也不重复使用 nonce：应随机产生，而非从头计数",
          "no nonce comes twice after a restart either: it is drawn, not counted from the beginning",
          "eligible declined redeem reverse", of_all=checks.nonces_differ),
    _case("request-key", "keyid 是所给密钥的 RFC 7638 指纹", "`keyid` is the RFC 7638 thumbprint of the key that was given",
          _FORMED, checks.form("key")),
    _case("request-signature", "签名由所给密钥作出且验证通过", "the signature is that of the key given, and it verifies",
          _FORMED, checks.form("signature")),
    _case("request-profile", "其余各项符合协议第 2 节：参数顺序、标签、无多余签名",
          "all else is as section 2 of the protocol says: order of parameters, label, tag, one signature",
          _FORMED, checks.form("profile")),
)  # fmt: skip

_ACTS = (
    _case("eligible", "“符合”即报告符合，并给出核验编号", "a yes is told as a yes, with the verification's id",
          "eligible", checks.says("eligible"), checks.sent_once),
    _case("declined", "“不符合”即报告不符合：两种答复等长，须读 result",
          "a no is told as a no: both are equally long, `result` tells them apart",
          "declined", checks.says("declined"), checks.sent_once),
    _case("added-members", "忽略以后新增的成员，不在全文中找词",
          "members that were added later are passed over, and no word is searched for in the text",
          "declined-later", checks.says("declined")),
    _case("redeem", "核销成功即报告已办理，只发送一次", "a redemption is told as done, and sent once",
          "redeem", checks.says("done"), checks.sent_once),
    _case("reverse", "冲正成功即报告已办理，只发送一次", "a reversal is told as done, and sent once",
          "reverse", checks.says("done"), checks.sent_once),
)  # fmt: skip

_RETRIES = (
    _case("retry-unavailable", "暂不可用后重试并取得结果", "after 503 the act is sent again, and its answer is told",
          "busy", checks.says("eligible")),
    _case("retry-same-key", "重发用同一个幂等键：换键就是再办一次", "a retry has the same idempotency key: another key is another act",
          "busy", checks.sent_again, checks.one_key),
    _case("retry-same-body", "重发的正文逐字节相同：否则幂等键被拒绝", "a retry has the same body to the byte: else its key is refused",
          "busy", checks.sent_again, checks.one_body),
    _case("retry-fresh-nonce", "每次发送用新的 nonce：相同的会被当作重放拒绝",
          "every sending has a fresh nonce: the same one is refused as a replay",
          "busy", checks.sent_again, checks.fresh_nonce),
    _case("retry-fresh-created", "每次发送重新签署时间", "every sending is dated anew",
          "busy", checks.sent_again, checks.fresh_created),
    _case("retry-waits", "按 Retry-After 等待后再发", "a retry waits as long as Retry-After says",
          "busy", checks.sent_again, checks.waited(1)),
    _case("rate-limited", "429 后等待并以同一幂等键重发", "after 429 the act waits, and is sent again under the same key",
          "rate-limited", checks.says("eligible"), checks.one_key, checks.waited(1)),
    _case("in-progress", "409 办理中：等待并以同一幂等键重发", "while the act is in progress it waits, and is sent again under the same key",
          "in-progress", checks.says("done"), checks.one_key, checks.waited(1)),
    _case("gateway", "网关的 502 不说明是否办理：以同一幂等键重发",
          "a gateway's 502 says nothing about the act: it is sent again under the same key",
          "gateway", checks.says("done"), checks.one_key),
    _case("cut-verify", "核验后断线：以同一幂等键重发，绝不换键：码已用过",
          "cut off after a verification: sent again under the same key, never another: the code is burned",
          "cut-verify", checks.says("eligible"), checks.one_key),
    _case("cut-redeem", "核销后断线：凭幂等键查询或重发，绝不换键，否则重复核销",
          "cut off after a redemption: asked for or sent again by the same key, never another, which would redeem twice",
          "cut-redeem", checks.says("done"), checks.one_key),
    _case("cut-reverse", "冲正后断线：以同一幂等键重发，绝不换键，否则重复冲正",
          "cut off after a reversal: sent again under the same key, never another, which would reverse twice",
          "cut-reverse", checks.says("done"), checks.one_key),
    _case("down", "一直不可用时不得推定符合", "a platform that stays unavailable never means a yes",
          "down", checks.says("unknown", "problem")),
    _case("gives-up", "一直不可用时十次以内放弃：收银台前有人等候", "a platform that stays unavailable is given up after ten tries at most: somebody waits at the till",
          "down", checks.sent_sparingly, level="should"),
)  # fmt: skip

_REFUSALS = (
    _case("code-unusable", "码不可用：报告平台的拒绝，不重试", "an unusable code is told as the platform's refusal, and not tried again",
          "unusable", checks.says("problem", code="code-unusable"), checks.sent_once),
    _case("code-stale", "旧码：报告平台的拒绝，不重试", "a stale code is told as the platform's refusal, and not tried again",
          "stale", checks.says("problem", code="code-stale"), checks.sent_once),
    _case("unknown-problem", "未见过的问题代码：原样报告，不重试", "a problem code never seen before is told as it is, and not tried again",
          "unknown-problem", checks.says("problem", code="said-by-a-later-version"), checks.sent_once),
    _case("redirect", "不跟随跳转：平台从不跳转，跟随会把请求交给别人",
          "no redirect is followed: the platform has none, and following hands the request to somebody else",
          "redirect", checks.never_a_yes, checks.not_elsewhere),
    _case("endless", "没有尽头的答复不得当作符合", "an answer without an end is never a yes",
          "endless", checks.never_a_yes),
    _case("endless-bounded", "答复过长即停止接收（16 MiB 以内）：终端的内存有限",
          "of too long an answer no more is taken than 16 MiB: a till's memory has an end",
          "endless", checks.hung_up, level="should"),
)  # fmt: skip

_TRUST = (
    _case("key-rotation", "未见过的密钥编号：重新取公钥后再判断", "an unknown key id makes it fetch the key set again before it judges",
          "rotation", checks.says("eligible")),
    _case("answer-unsigned", "没有签名的答复不可采信", "an unsigned answer is refused", "unsigned", checks.says("refused")),
    _case("answer-signature", "签名不成立的答复不可采信", "an answer whose signature does not verify is refused",
          "wrong-signature", checks.says("refused")),
    _case("answer-unknown-key", "未公布的密钥所签不可采信", "an answer signed by a key that is not published is refused",
          "unknown-key", checks.says("refused")),
    _case("answer-other-purpose", "其他用途的密钥所签不可采信：purpose 须为 answer",
          "an answer signed by a published key of another purpose is refused", "other-purpose", checks.says("refused")),
    _case("answer-outdated", "十分钟前签的答复不可采信", "an answer signed ten minutes ago is refused",
          "outdated", checks.says("refused")),
    _case("answer-digest", "正文与摘要不符不可采信：“不符合”可被改成“符合”",
          "an answer whose body does not match its digest is refused: a no could be made a yes",
          "altered", checks.says("refused")),
    _case("answer-altered", "正文与摘要同被改动不可采信", "an answer whose body and digest were both changed is refused",
          "altered-with-digest", checks.says("refused")),
    _case("answer-status", "状态码被改动的答复不可采信", "an answer under another status than was signed is refused",
          "status-changed", checks.says("refused")),
    _case("answer-moved", "对前一次发送的答复不可采信：答复绑定该次发送的签名",
          "an answer to an earlier sending is refused: it is bound to the signature of that one", "moved", checks.says("refused")),
    _case("answer-unbound", "没有绑定请求的答复不可采信，即使签名成立",
          "an answer that is bound to no request is refused, however good its signature", "unbound", checks.says("refused")),
)  # fmt: skip

_CONFIRMATION = (
    _case("pending", "202 待持码人确认：既不是符合也不是不符合，确认未成即为不符合",
          "202 waits for the holder: neither a yes nor a no, and without a confirmation never a yes",
          "unconfirmed", checks.says("declined", "pending", "unknown")),
    _case("pending-polled", "待确认时按 poll_seconds 查询，直到有结果",
          "while the holder confirms the verification is looked up, as often as poll_seconds says, until it is answered",
          "pending", checks.says("eligible"), checks.polled, level="should"),
)  # fmt: skip

CASES: tuple[Case, ...] = (*_FORM, *_ACTS, *_RETRIES, *_REFUSALS, *_TRUST, *_CONFIRMATION)
