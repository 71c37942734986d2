"""An offline till 离线核验: says yes or no to IC3 codes without a network, from documents that it fetched while it had one.

    till = OfflineTill(OfflineStore(Path("till.db")), "https://city.example/v1/status-lists/attestations")
    till.install_keys(jwks)                      # bytes of /.well-known/jwks.json
    till.install_status_list(token)              # text of the status list
    till.install_benefits([OfflineBenefit(7, "library-deposit-waiver", 86_400)])
    verdict = till.verify(scanned, "library-deposit-waiver")
    if verdict.outcome is Outcome.VALID:
        till.redeem(verdict.use, partner_ref="2026-0001")
    for batch in iter(till.waiting, []): ...     # later, with a network: upload, then till.uploaded(uses)

What is decided is decided by `partners.codes.ic3`; here it is put together with a file. Keys and list serve for 24 hours, then
nothing is accepted until they were fetched again: so long a revoked device or key may still be believed offline, no longer.
"""

import secrets
import time
from collections.abc import Callable, Iterable, Mapping

import msgspec

from partners import status_lists
from partners.codes import ic3
from partners.codes.ic3 import NO_CHALLENGE, Outcome, Terminal, Verdict
from partners.sdk.offline_store import Accepted, Document, OfflineRedemption, OfflineStore
from partners.signatures.key_sets import KeySet, read_key_set
from partners.status_lists import Failure, Freshness, StatusListToken

KEYS_USABLE_SECONDS = 86_400
UPLOAD_LIMIT = 500

_NO_KEYS = KeySet({}, {}, {}, {})


class OfflineBenefit(msgspec.Struct, frozen=True):
    """A benefit of this till: its number in codes, its code in the catalogue, and the seconds an attestation for it lives."""

    number: int
    code: str
    lifetime_seconds: int


class OfflineTill:
    """One till. All it knows is in its store, so it goes on after a restart; nothing here uses the network."""

    def __init__(self, store: OfflineStore, status_list_url: str, *, now: Callable[[], float] = time.time) -> None:
        """`status_list_url` is the published address of the list of attestations, which its token must name."""
        self._store = store
        self._url = status_list_url
        self._now = now
        self._keys, self._keys_fetched_at = _NO_KEYS, 0
        self._list: StatusListToken | None = None
        self._list_fetched_at = 0
        self._benefits: Mapping[str, OfflineBenefit] = {}
        self._load()

    def install_keys(self, content: bytes) -> None:
        """Takes the platform's key set, fetched just now. Raises ValueError if it is none; the keys before it then stay."""
        read_key_set(content)
        self._store.keep("keys", Document(content, self._moment()))
        self._load()

    def install_status_list(self, text: str) -> Failure | None:
        """Takes the status list, fetched just now, or says why not; the list before it then stays."""
        moment = self._moment()
        newest = self._list.claims.issued_at if self._list is not None else 0
        read = status_lists.read_token(text, self._keys.status.get, self._url, moment, newest=newest)
        if isinstance(read, Failure):
            return read
        self._store.keep("status-list", Document(text.encode("ascii"), moment))
        # The platform dated it: that instant has passed, whatever this till's clock says.
        self._store.advance(read.claims.issued_at)
        self._list, self._list_fetched_at = read, moment
        return None

    def install_benefits(self, benefits: Iterable[OfflineBenefit]) -> None:
        """Takes the benefits that may be given here offline, in place of those before."""
        self._store.keep("benefits", Document(msgspec.json.encode(list(benefits)), self._moment()))
        self._load()

    def freshness(self) -> Freshness:
        """Whether keys and list are current, due to be fetched again, or too old to accept anything."""
        moment = self._moment()
        if self._list is None or not 0 <= moment - self._keys_fetched_at < KEYS_USABLE_SECONDS:
            return Freshness.EXPIRED
        return status_lists.freshness(self._list.claims, self._list_fetched_at, moment)

    def draw_challenge(self) -> bytes:
        """A challenge for the next code, to be shown as `ic3.challenge_text`: with it, no copy of a code works anywhere else."""
        return secrets.token_bytes(ic3.CHALLENGE_BYTES - 1) + bytes([1 + secrets.randbelow(255)])

    def verify(self, text: str, benefit: str, challenge: bytes = NO_CHALLENGE) -> Verdict:
        """Judges a scanned text for a benefit; VALID is said once for each use, and only after it is on the disk."""
        moment = self._moment()
        offered = self._benefits.get(benefit)
        lifetimes = {offered.number: offered.lifetime_seconds} if offered is not None else {}
        terminal = Terminal(self._keys.attestation.get, lifetimes, self._status)
        verdict = ic3.verify(text, terminal, moment, self._store.seen, challenge)
        if verdict.outcome is not Outcome.VALID or verdict.attestation is None or verdict.use is None:
            return verdict
        ends_at = verdict.attestation.not_before + lifetimes[verdict.attestation.benefit]
        accepted = Accepted(use=verdict.use, text=text, benefit=benefit, accepted_at=moment, ends_at=ends_at)
        return verdict if self._store.claim(accepted) else Verdict(Outcome.SEEN, verdict.attestation, verdict.use)

    def redeem(self, use: bytes, *, partner_ref: str, amount_fen: int = 0) -> bool:
        """Queues the redemption of an accepted use for upload; the same again changes nothing.

        False if the use was not accepted here, or was redeemed with another reference or amount.
        """
        if amount_fen < 0:
            raise ValueError("an amount is not negative")
        return self._store.redeem(use, partner_ref, amount_fen)

    def waiting(self, limit: int = UPLOAD_LIMIT) -> list[OfflineRedemption]:
        """The redemptions to upload next, at most as many as one upload takes; empty when there is nothing left."""
        return self._store.waiting(limit)

    def uploaded(self, uses: Iterable[bytes]) -> None:
        """Takes redemptions out of the queue, once the platform has answered for them, whatever the answer was."""
        self._store.uploaded(uses)

    def forget(self) -> int:
        """Deletes uses whose window has ended and that wait for nothing; gives how many."""
        return self._store.forget(self._moment())

    def _status(self, index: int) -> int | None:
        if self._list is None or self.freshness() is Freshness.EXPIRED:
            return None
        return self._list.statuses.status(index)

    def _moment(self) -> int:
        """Now, in Unix seconds, and never before the latest instant known to have passed: a clock that is set back brings
        neither an expired list nor a forgotten use to life."""
        return max(int(self._now()), self._store.latest())

    def _load(self) -> None:
        """Reads the documents of the store; a list whose key has left the key set is not believed any more."""
        keys, listed, offered = (self._store.kept(kind) for kind in ("keys", "status-list", "benefits"))
        if keys is not None:
            self._keys, self._keys_fetched_at = read_key_set(keys.content), keys.fetched_at
        if listed is not None:
            text = listed.content.decode("ascii")
            read = status_lists.read_token(text, self._keys.status.get, self._url, self._moment())
            self._list, self._list_fetched_at = (None if isinstance(read, Failure) else read), listed.fetched_at
        if offered is not None:
            benefits = msgspec.json.decode(offered.content, type=list[OfflineBenefit])
            self._benefits = {benefit.code: benefit for benefit in benefits}
