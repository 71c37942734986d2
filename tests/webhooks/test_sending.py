"""A partner chooses where we connect to: the public internet and nothing of ours, whatever a name says and when."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpcore2
import pytest

from backend.webhooks import sending
from backend.webhooks.addresses import reachable, registrable
from backend.webhooks.sending import Outcome, Sender, SystemResolver
from tests.builders.receivers import Receiver, answering, certified, listening

NAME = "receiver.test"
BODY = b'{"type":"webhook.test"}'

OURS = [
    "127.0.0.1",
    "127.8.8.8",
    "::1",
    "0.0.0.0",  # noqa: S104 refused, not listened on
    "::",
    "169.254.169.254",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2001:0:7f00:1::1",
    "2001:db8::1",
    "not an address",
]


def answers(*addresses: str) -> Callable[[str, int], Awaitable[list[str]]]:
    """A resolver that gives these for every name."""

    async def resolve(_: str, __: int) -> list[str]:
        return list(addresses)

    return resolve


class Changing:
    """A resolver that gives another address every time: DNS rebinding."""

    def __init__(self, *addresses: str) -> None:
        self.asked = 0
        self._addresses = addresses

    async def __call__(self, _: str, __: int) -> list[str]:
        self.asked += 1
        return [self._addresses[(self.asked - 1) % len(self._addresses)]]


@pytest.mark.parametrize("address", OURS)
def test_what_is_not_the_public_internet_is_not_connected_to(address: str) -> None:
    assert not reachable(address, loopback=False)


@pytest.mark.parametrize("address", ["8.8.8.8", "223.5.5.5", "2400:3200::1", "2606:4700::1111"])
def test_the_public_internet_is(address: str) -> None:
    assert reachable(address, loopback=False)


def test_what_development_allows_is_this_machine_and_nothing_else() -> None:
    allowed = {address for address in OURS if reachable(address, loopback=True)}
    assert allowed <= {"127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"}
    assert {"127.0.0.1", "::1"} <= allowed


@pytest.mark.parametrize(
    "url",
    [
        "http://partner.example/",
        "ftp://partner.example/",
        "//partner.example/",
        "partner.example",
        "https://",
        "https:///hooks",
        "https://user@partner.example/",
        "https://user:word@partner.example/",
        "https://@partner.example/",
        "https://partner.example:22/",
        "https://partner.example:80/",
        "https://partner.example:0/",
        "https://partner.example:99999/",
        "https://partner.example:x/",
        "https://localhost/",
        "https://intranet/",
        "https://127.0.0.1/",
        "https://8.8.8.8/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://2130706433/",
        "https://017700000001/",
        "https://0177.0.0.1/",
        "https://0x7f.0.0.1/",
        "https://127.1/",
        "https://partner.example/#fragment",
        "https://partner.example\\@127.0.0.1/",
        "https://partner.example/a b",
        "https://partner.example/\r\nhost: other",
        "https://127.0.0.1%2f@partner.example/",
        "https://例子.example/",
        "https://１２７.0.0.1/",
        "https://-partner.example/",
        "https://partner_1.example/",
        "https://partner.example./",
        f"https://partner.example/{'a' * 500}",
    ],
)
def test_what_may_lead_elsewhere_is_not_registered(url: str) -> None:
    assert not registrable(url, loopback=False)


@pytest.mark.parametrize(
    "url",
    [
        "https://partner.example",
        "https://partner.example/hooks?from=xinyi",
        "https://PARTNER.example:8443/hooks",
        "https://xn--fsqu00a.example:443/",
        "https://1.2.3.4.partner.example/",
    ],
)
def test_a_public_name_by_https_is_registered(url: str) -> None:
    assert registrable(url, loopback=False)


def test_development_allows_http_to_this_machine_alone() -> None:
    for url in ("http://127.0.0.1:9000/hooks", "http://localhost:9000/", "https://[::1]:9000/"):
        assert registrable(url, loopback=True)
    for url in (
        "http://partner.example/",
        "http://10.0.0.1/",
        "http://user@127.0.0.1/",
        "http://127.1/",
        "ftp://localhost/",
    ):
        assert not registrable(url, loopback=True)


@pytest.mark.parametrize("address", [address for address in OURS if ":" not in address or "%" not in address])
async def test_a_name_that_resolves_to_something_of_ours_is_refused_before_a_connection(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def connect(*_: object, **__: object) -> httpcore2.AsyncNetworkStream:
        raise AssertionError("a connection was made")

    monkeypatch.setattr(httpcore2.AnyIOBackend, "connect_tcp", connect)
    for addresses in ([address], ["8.8.8.8", address], [address, "8.8.8.8"]):
        sent = await Sender(loopback=False, resolve=answers(*addresses)).post(f"https://{NAME}/", {}, BODY)
        assert (sent.outcome, sent.status) == (Outcome.ADDRESS_REFUSED, None)


@pytest.mark.parametrize("host", ["2130706433", "0177.0.0.1", "0x7f.1", "127.1", "localhost"])
async def test_the_machines_own_resolver_does_not_get_past_the_check(host: str, receiver: Receiver) -> None:
    url = f"http://{host}:{receiver.port}/"
    assert (await Sender(loopback=False).post(url, {}, BODY)).outcome is Outcome.ADDRESS_REFUSED
    assert receiver.connections == 0
    # The same name does lead here: it was the check that stopped it.
    assert (await Sender(loopback=True).post(url, {}, BODY)).outcome is Outcome.DELIVERED


async def test_without_the_check_a_name_would_lead_to_ourselves(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = Sender(loopback=False, resolve=answers("127.0.0.1"))
    url = f"http://{NAME}:{receiver.port}/"
    assert (await sender.post(url, {}, BODY)).outcome is Outcome.ADDRESS_REFUSED
    monkeypatch.setattr(sending, "reachable", lambda *_, **__: True)
    assert (await sender.post(url, {}, BODY)).outcome is Outcome.DELIVERED
    assert len(receiver.heard) == 1


async def test_a_name_that_changes_its_address_gets_the_one_that_was_checked(tmp_path: Path) -> None:
    server, client = certified(NAME, tmp_path)
    async with listening(Receiver(), context=server) as good, listening(Receiver(), "127.0.0.2", good.port) as evil:
        resolver = Changing("127.0.0.1", "127.0.0.2")
        sent = await Sender(loopback=True, resolve=resolver, context=client).post(
            f"https://{NAME}:{good.port}/", {"webhook-id": "evt-1"}, BODY
        )
        assert sent.outcome is Outcome.DELIVERED
        assert (resolver.asked, good.connections, evil.connections) == (1, 1, 0)
        assert good.heard[0].headers["host"] == f"{NAME}:{good.port}"


async def test_each_attempt_resolves_and_checks_anew(receiver: Receiver) -> None:
    sender = Sender(loopback=True, resolve=Changing("127.0.0.1", "169.254.169.254"))
    url = f"http://{NAME}:{receiver.port}/"
    outcomes = [(await sender.post(url, {}, BODY)).outcome for _ in range(2)]
    assert outcomes == [Outcome.DELIVERED, Outcome.ADDRESS_REFUSED]


@pytest.mark.parametrize("proven", ["other.test", None])
async def test_tls_proves_the_name_and_not_the_address(proven: str | None, tmp_path: Path) -> None:
    """A certificate of another name, and one that nobody trusts."""
    server, client = certified(proven or NAME, tmp_path)
    believed = client if proven else ssl.create_default_context()
    async with listening(Receiver(), context=server) as running:
        sender = Sender(loopback=True, resolve=answers("127.0.0.1"), context=believed)
        sent = await sender.post(f"https://{NAME}:{running.port}/", {}, BODY)
    assert sent.outcome is Outcome.TLS_FAILED
    assert running.heard == []


async def test_a_second_address_is_tried_when_the_first_does_not_answer(receiver: Receiver) -> None:
    sender = Sender(loopback=True, resolve=answers("127.0.0.9", "127.0.0.1"))
    assert (await sender.post(f"http://{NAME}:{receiver.port}/", {}, BODY)).outcome is Outcome.DELIVERED


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(status: int, receiver: Receiver) -> None:
    receiver.answer = lambda _: answering(status, f"location: {receiver.url}/elsewhere")
    sent = await Sender(loopback=True).post(receiver.url, {}, BODY)
    assert (sent.outcome, sent.status) == (Outcome.REDIRECTED, status)
    assert receiver.connections == 1


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.DELIVERED), (204, Outcome.DELIVERED), (299, Outcome.DELIVERED), (400, Outcome.REFUSED),
        (404, Outcome.REFUSED), (410, Outcome.GONE), (429, Outcome.REFUSED), (500, Outcome.REFUSED),
    ],
)  # fmt: skip
async def test_the_status_says_what_became_of_a_message(status: int, outcome: Outcome, receiver: Receiver) -> None:
    receiver.answer = lambda _: answering(status)
    assert (await Sender(loopback=True).post(receiver.url, {}, BODY)).outcome is outcome


async def test_of_an_answer_nothing_but_the_status_is_read(receiver: Receiver) -> None:
    receiver.answer = lambda _: answering(200, body=b"x" * 50_000_000)
    async with asyncio.timeout(5):
        sent = await Sender(loopback=True).post(receiver.url, {}, BODY)
    assert sent.outcome is Outcome.DELIVERED


@pytest.mark.parametrize(
    "answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 99999 No\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 100_000]
)
async def test_an_answer_that_is_none_fails_and_nothing_more(answer: bytes, receiver: Receiver) -> None:
    receiver.answer = lambda _: answer
    sent = await Sender(loopback=True).post(receiver.url, {}, BODY)
    assert (sent.outcome, sent.status) == (Outcome.UNREACHABLE, None)


async def test_a_server_that_does_not_answer_is_left_in_time(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "SECONDS", 0.3)
    receiver.holding = asyncio.Event()
    sent = await Sender(loopback=True).post(receiver.url, {}, BODY)
    assert sent.outcome is Outcome.TIMED_OUT
    assert 250 <= sent.milliseconds < 3000


async def test_a_server_that_trickles_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async def trickle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(b"HTTP/1.1 200 OK\r\n")
            while True:
                writer.write(b"a: b\r\n")
                await writer.drain()
                await asyncio.sleep(0.02)
        except ConnectionError:
            writer.close()

    monkeypatch.setattr(sending, "SECONDS", 0.5)
    server = await asyncio.start_server(trickle, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        sent = await Sender(loopback=True).post(f"http://127.0.0.1:{port}/", {}, BODY)
    assert sent.outcome is Outcome.TIMED_OUT


async def test_a_name_nobody_has_and_a_port_nobody_listens_on() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    async def unknown(_: str, __: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    assert (await Sender(loopback=True).post(f"http://127.0.0.1:{port}/", {}, BODY)).outcome is Outcome.UNREACHABLE
    for resolve in (unknown, answers()):
        sent = await Sender(loopback=True, resolve=resolve).post(f"https://{NAME}/", {}, BODY)
        assert sent.outcome is Outcome.NAME_UNKNOWN
    with pytest.raises(socket.gaierror):
        await SystemResolver()("no-such-name.invalid", 443)


async def test_no_proxy_of_the_environment_is_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    assert (await Sender(loopback=True).post(receiver.url, {}, BODY)).outcome is Outcome.DELIVERED
