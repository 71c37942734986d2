"""`xinyi partner`: a till in the terminal, made of nothing but the partner library, for trying an integration out.

A code of IC1 is asked of the server; one of IC3 is judged here, from what was fetched before, with or without a network. Without
a network nobody is assumed to be eligible.
"""

import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import httpx2
import msgspec

from backend.platform.refusal import Refusal
from partners.codes import ic1, ic3
from partners.codes.ic3 import Outcome
from partners.sdk import (
    STATUS_LIST,
    AnswerNotTrusted,
    HolderAsked,
    OfflineStore,
    OfflineTill,
    OutcomeUnknown,
    PartnerClient,
    ServerProblem,
    StoreUnusable,
    load_signing_key,
    refresh,
    upload,
)

_WORDS = {
    Outcome.VALID: "有效，已受理 accepted",
    Outcome.MALFORMED: "不是诚信码 not a code of ours",
    Outcome.UNKNOWN_KEY: "密钥未知，请先联网更新 key unknown: fetch while there is a network",
    Outcome.BAD_ISSUER_SIG: "伪造的凭证 a forged pass",
    Outcome.WRONG_BENEFIT: "不是本权益的凭证 a pass for another benefit",
    Outcome.OUT_OF_WINDOW: "凭证不在有效期 outside its dates",
    Outcome.REVOKED: "凭证已作废 revoked",
    Outcome.BAD_HOLDER_SIG: "不是登记的设备出示 not shown by its phone",
    Outcome.STALE: "截图或旧码，请出示当前的码 an old picture: ask for the present code",
    Outcome.WRONG_CHALLENGE: "须扫描本终端的挑战码 shown for another terminal",
    Outcome.SEEN: "本终端已受理过 accepted here before",
    Outcome.LIST_EXPIRED: "状态列表已过期，请先联网更新 status list too old: fetch while there is a network",
}


class TillSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Whose till it is, where it keeps what it knows, and what it gives."""

    url: str
    key: Path
    store: Path
    terminal: str


class SimulatedTill:
    """A till. Raises Refusal for a key or a store that cannot be used."""

    def __init__(
        self,
        settings: TillSettings,
        *,
        http: httpx2.Client | None = None,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        tell: Callable[[str], None] = print,
    ) -> None:
        try:
            key = load_signing_key(settings.key.read_bytes())
        except (OSError, ValueError) as error:
            raise Refusal(f"密钥文件不可用：{error}", f"The key file cannot be used: {error}") from None
        self._client = PartnerClient(settings.url, key, http=http, now=now, sleep=sleep)
        try:
            self._offline = OfflineTill(OfflineStore(settings.store), self._client.url + STATUS_LIST, now=now)
        except StoreUnusable as error:
            raise Refusal(f"终端存储不可用：{error}", f"The till's store cannot be used: {error}") from None
        self._terminal = settings.terminal
        self._tell = tell

    def fetch(self) -> list[str]:
        """Keys, status list and benefits for the time without a network."""
        try:
            count = refresh(self._offline, self._client)
        except httpx2.TransportError:
            return [
                "网络不通，未更新；之前取得的仍可使用至多 24 小时。 No connection: what was fetched before serves for 24 hours at most."
            ]
        except AnswerNotTrusted as error:
            return [f"答复不可信，未更新：{error.code}。 The answer was not believed."]
        return [
            f"已更新密钥、状态列表和 {count} 项可离线办理的权益。 Fetched keys, status list and {count} offline benefits."
        ]

    def scan(self, code: str, benefit: str, partner_ref: str, amount_fen: int | None) -> list[str]:
        """One scan: what the screen of the till says."""
        if code.startswith(ic3.PREFIX):
            return self._judge(code, benefit, partner_ref, amount_fen or 0)
        try:
            return self._ask(code, benefit, partner_ref, amount_fen)
        except ServerProblem as problem:
            return [
                f"{problem.body.get('title')}（{problem.code}）。{problem.body.get('detail')} {problem.body.get('detail_en')}"
            ]
        except OutcomeUnknown as unknown:
            return [
                "网络不通：不得推定符合，可请居民出示离线码。 No connection: never assume a yes; an offline code may be shown instead.",
                f"幂等键 idempotency key: {unknown.idempotency_key}",
            ]
        except AnswerNotTrusted as error:
            return [f"答复不可信，请勿采信：{error.code}。 Do not act on this answer."]

    def _ask(self, code: str, benefit: str, partner_ref: str, amount_fen: int | None) -> list[str]:
        def asked(_: HolderAsked) -> None:
            self._tell("… 请持码人在手机上确认（60 秒内） ask the customer to confirm on their phone, within a minute")

        verification = self._client.verify(
            code, benefit, terminal=self._terminal, partner_ref=partner_ref, amount_fen=amount_fen, on_asked=asked
        )
        if not verification.eligible:
            return ["✗ 不符合 declined"]
        told = [f"✓ 符合 eligible：{int(verification.tier.value)} {verification.tier.unit}"]
        redemption = self._client.redeem(verification.verification_id, partner_ref=partner_ref, amount_fen=amount_fen)
        return [*told, f"已核销 redeemed：{redemption.redemption_id}"]

    def _judge(self, code: str, benefit: str, partner_ref: str, amount_fen: int) -> list[str]:
        verdict = self._offline.verify(code, benefit)
        if verdict.outcome is not Outcome.VALID or verdict.use is None:
            return [f"✗ {_WORDS[verdict.outcome]}（{verdict.outcome.value}）"]
        self._offline.redeem(verdict.use, partner_ref=partner_ref, amount_fen=amount_fen)
        return [f"✓ {_WORDS[verdict.outcome]}", "已入队，联网后上传 queued: upload while there is a network"]

    def upload(self) -> list[str]:
        """Uploads what was given offline; says what became of each."""
        try:
            settled = upload(self._offline, self._client, terminal=self._terminal)
        except (httpx2.TransportError, OutcomeUnknown):
            return ["网络不通，仍在队列中。 No connection: everything still waits."]
        except ServerProblem as problem:
            return [f"{problem.body.get('title')}（{problem.code}）。{problem.body.get('detail')}"]
        if not settled:
            return ["没有待上传的核销。 Nothing waits."]
        return [f"{each.partner_ref}：{each.outcome} {each.redemption_id or ''}".rstrip() for each in settled]


def code_in(picture: Path) -> str:
    """The text of the integrity code in a picture file. Raises Refusal if there is none."""
    import zxingcpp
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(picture, formats=("PNG", "JPEG")) as opened:
            found = zxingcpp.read_barcodes(opened.convert("L"))
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise Refusal(f"无法读取图片 {picture}。", f"{picture} cannot be read: {type(error).__name__}.") from None
    # A picture may say anything: only what begins like a code of ours leaves here, and nothing in it is followed.
    for barcode in found:
        if barcode.text.startswith((ic1.PREFIX, ic3.PREFIX)) or (barcode.text.isascii() and barcode.text.isdigit()):
            return str(barcode.text)
    raise Refusal("图片中没有诚信码。", "There is no integrity code in the picture.")


def typed_codes() -> Iterable[str]:
    """Codes as a scanner types them, one on a line, until the end of the input."""
    for line in sys.stdin:
        if line.strip():
            yield line.strip()
