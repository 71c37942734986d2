"""How a case is judged: from what the adapter said and what came to the platform. Each check gives None, or what it saw."""

import itertools
from collections.abc import Callable, Sequence

import msgspec

from partners.sdk.conformance.contract import OnlineInstruction, Outcome, Verdict
from partners.sdk.conformance.form import Aspect, Caller, Expected, faults, signed_parameters
from partners.sdk.conformance.platform import Received

READ_AT_MOST = 16 * 1024 * 1024
MOST_TRIES = 10

# Timers of an operating system may end a little early.
_EARLY_SECONDS = 0.05


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One scene as it was played: what was ordered and said, every signed request, and what else the platform noticed."""

    instruction: OnlineInstruction
    verdict: Verdict
    caller: Caller
    expected: Expected
    wanted_id: str
    received: tuple[Received, ...]
    elsewhere: tuple[str, ...]
    taken_bytes: int

    @property
    def acts(self) -> list[Received]:
        """The sendings of the act itself, without look-ups."""
        return [each for each in self.received if each.message.method == "POST"]


Check = Callable[[Record], str | None]
CheckOfAll = Callable[[Sequence[Record]], str | None]


def says(*outcomes: Outcome, code: str | None = None) -> Check:
    """The adapter says one of these; with an answer that has an id, that id; with a problem, that code."""

    def check(record: Record) -> str | None:
        verdict = record.verdict
        right = verdict.outcome in outcomes and (code is None or verdict.code == code)
        if right and verdict.outcome in ("eligible", "declined", "done"):
            right = verdict.id == record.wanted_id
        return None if right else _said(verdict)

    return check


def never_a_yes(record: Record) -> str | None:
    """Whatever it says, it gives nothing."""
    return _said(record.verdict) if record.verdict.outcome in ("eligible", "done") else None


def _said(verdict: Verdict) -> str:
    named = {"outcome": verdict.outcome, "id": verdict.id, "code": verdict.code}
    return ", ".join(f"{name}={value}" for name, value in named.items() if value is not None)


def sent_once(record: Record) -> str | None:
    """The act is sent, and not a second time."""
    return None if len(record.acts) == 1 else f"POST × {len(record.acts)}"


def sent_again(record: Record) -> str | None:
    """The act is sent a second time."""
    return None if len(record.acts) > 1 else f"POST × {len(record.acts)}"


def sent_sparingly(record: Record) -> str | None:
    """The act is not sent without end."""
    return None if len(record.acts) <= MOST_TRIES else f"POST × {len(record.acts)}"


def one_key(record: Record) -> str | None:
    """Every sending has the same idempotency key."""
    keys = {each.message.headers.get("idempotency-key") for each in record.acts}
    return None if len(keys) == 1 else f"idempotency-key × {len(keys)}"


def one_body(record: Record) -> str | None:
    """Every sending has the same body, byte for byte."""
    bodies = {each.message.body for each in record.acts}
    return None if len(bodies) == 1 else f"body × {len(bodies)}"


def fresh_nonce(record: Record) -> str | None:
    """Every sending has a nonce of its own."""
    nonces = [signed_parameters(each.message).get("nonce") for each in record.received]
    return None if len(set(nonces)) == len(nonces) else f"nonce × {len(set(nonces))}, {len(nonces)} requests"


def fresh_created(record: Record) -> str | None:
    """A sending that comes a second later is dated later."""
    for earlier, later in itertools.pairwise(record.acts):
        dates = [signed_parameters(each.message).get("created") for each in (earlier, later)]
        if later.elapsed - earlier.elapsed >= 1 and dates[0] == dates[1]:
            return f"created={dates[0]} × 2"
    return None


def waited(seconds: int) -> Check:
    """The second sending comes no earlier than the platform asked for."""

    def check(record: Record) -> str | None:
        times = [each.elapsed for each in record.acts[:2]]
        gap = times[-1] - times[0] if times else 0.0
        return None if gap >= seconds - _EARLY_SECONDS else f"{gap:.2f} s"

    return check


def not_elsewhere(record: Record) -> str | None:
    """Nothing is sent to an address that an answer named."""
    return ", ".join(record.elsewhere) or None


def hung_up(record: Record) -> str | None:
    """Of an endless answer no more is taken than any answer may have."""
    return None if record.taken_bytes <= READ_AT_MOST else f"{record.taken_bytes // 1024} KiB"


def polled(record: Record) -> str | None:
    """The verification is looked up, no faster than the platform asked for."""
    looked_up = [each for each in record.received if each.message.method == "GET"]
    times = [each.elapsed for each in [*record.acts[-1:], *looked_up]]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    wanted = f"{record.expected.target_uri}/{record.wanted_id}"
    right = {each.message.target_uri for each in looked_up} == {wanted} and min(gaps) >= 1 - _EARLY_SECONDS
    return None if right else f"GET × {len(looked_up)}, {[round(gap, 2) for gap in gaps]} s"


def form(aspect: Aspect) -> Check:
    """No request has a fault of this aspect."""

    def check(record: Record) -> str | None:
        for each in record.received:
            found = faults(each.message, record.caller, each.at, record.expected)
            if aspect in found:
                return found[aspect]
        return None

    return check


def nonces_differ(records: Sequence[Record]) -> str | None:
    """No nonce comes twice, not even after a restart of the integration."""
    nonces = [signed_parameters(each.message).get("nonce") for record in records for each in record.received]
    return None if len(set(nonces)) == len(nonces) else f"nonce × {len(set(nonces))}, {len(nonces)} requests"
