"""A bad signature in the sandbox is explained; a live key's never is."""

import base64
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from backend.platform.clock import SettableClock
from partners.signatures.base import content_digest, signature_base, signature_headers
from partners.signatures.keys import sign_bytes
from partners.signatures.requests import SigningKey
from tests.builders.sandboxes import Sandbox
from tests.builders.signed import new_signing_key

PATH = "/v1/clock"
BODY = b'{"forward_seconds": 1}'
NONCE = "0123456789abcdef"


class Sending:
    """A request to be spoiled: what is sent, what is covered, and what is signed."""

    def __init__(
        self, client: httpx2.AsyncClient, key: SigningKey, created: int, path: str = f"/sandbox{PATH}"
    ) -> None:
        self.client = client
        self.key = key
        self.path = path
        self.created = created
        self.key_id = key.key_id
        self.tag = "xinyi-request"
        self.body = BODY
        self.headers = {"content-type": "application/json", "content-digest": content_digest(BODY)}
        self.components = [
            ('"@method"', "POST"),
            ('"@target-uri"', f"https://xinyi.test{path}"),
            ('"content-type"', "application/json"),
            ('"content-digest"', content_digest(BODY)),
        ]
        self.spoil: Callable[[bytes], bytes] = lambda base: base
        self.own_base: bytes | None = None

    async def send(self) -> dict[str, Any]:
        """The problem that comes back."""
        covered = " ".join(identifier for identifier, _ in self.components)
        parameters = f'({covered});created={self.created};keyid="{self.key_id}";nonce="{NONCE}";tag="{self.tag}"'
        signed = self.spoil(signature_base(self.components, parameters))
        headers = {**self.headers, **signature_headers(parameters, sign_bytes(self.key.private_key, signed))}
        if self.own_base is not None or signed != signature_base(self.components, parameters):
            headers["xinyi-signature-base"] = base64.b64encode(self.own_base or signed).decode()
        answer = await self.client.post(self.path, content=self.body, headers=headers)
        problem: dict[str, Any] = answer.json()
        assert answer.status_code == 401, answer.text
        return problem


@pytest.fixture
def sending(sandbox: Sandbox, client: httpx2.AsyncClient, clock: SettableClock) -> Sending:
    """Right as it stands, under the test key."""
    return Sending(client, sandbox.key, int(clock.now().timestamp()))


def told(problem: dict[str, Any]) -> dict[str, str]:
    """What was said of which component, in English."""
    return {error["field"]: error["reason_en"] for error in problem["errors"]}


async def test_the_canonical_string_and_the_first_byte_that_differs(sending: Sending) -> None:
    sending.spoil = lambda base: base.replace(b"POST", b"post")
    problem = await sending.send()
    assert problem["code"] == "signature-invalid"
    base = problem["diagnosis"]["signature_base"]
    assert base.split("\n")[0] == '"@method": POST'
    assert base.split("\n")[3] == f'"content-digest": {content_digest(BODY)}'
    assert problem["diagnosis"]["difference"] == {
        "byte": len('"@method": '),
        "line": 1,
        "expected": '"@method": POST\\n',
        "yours": '"@method": post\\n',
    }


async def test_a_base_that_is_equal_differs_nowhere(sending: Sending, sandbox: Sandbox) -> None:
    sending.key, key_id = new_signing_key(), sandbox.key.key_id
    sending.key_id = key_id
    sending.spoil = lambda base: base
    problem = await sending.send()
    sending.own_base = problem["diagnosis"]["signature_base"].encode()
    again = await sending.send()
    assert "difference" not in again["diagnosis"]
    assert told(again)["signature"] == "it is not over the base below, or not by this key"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda base: base + b"\n", "there is a line break at the end of your base"),
        (lambda base: base.replace(b"\n", b"\r\n"), "lines end with LF, not CRLF"),
        (lambda base: base.replace(b"https://xinyi.test", b""), "@target-uri is the whole address"),
        (lambda base: BODY, "sign the base, not the body"),
    ],
)
async def test_the_usual_slips_are_named(sending: Sending, spoil: Callable[[bytes], bytes], said: str) -> None:
    sending.spoil = spoil
    assert told(await sending.send())["signature"] == said


async def test_a_line_break_too_many_is_visible_in_the_difference(sending: Sending) -> None:
    sending.spoil = lambda base: base + b"\n"
    problem = await sending.send()
    difference = problem["diagnosis"]["difference"]
    assert difference["byte"] == len(problem["diagnosis"]["signature_base"])
    assert difference["yours"] == difference["expected"] + "\\n"


async def test_a_wrong_digest_is_told_with_the_right_one(sending: Sending) -> None:
    sending.body = BODY + b" "
    said = told(await sending.send())["content-digest"]
    assert content_digest(BODY + b" ") in said


async def test_a_component_that_is_missing_or_too_many_is_named(sending: Sending) -> None:
    del sending.components[2]
    assert told(await sending.send())["content-type"] == "is not covered"
    sending.components.append(('"host"', "xinyi.test"))
    assert told(await sending.send())["host"] == "must not be covered, or is not in the request"


async def test_a_wrong_order_is_named(sending: Sending) -> None:
    sending.components.reverse()
    assert told(await sending.send())["signature-input"].startswith('the order is "@method" "@target-uri"')


async def test_a_clock_that_is_off_is_told_by_how_much(sending: Sending) -> None:
    sending.created -= 61
    problem = await sending.send()
    assert problem["code"] == "signature-stale"
    assert told(problem)["created"] == "61 s behind the platform's clock; 60 s at most"


async def test_a_key_id_near_a_known_one_is_said_to_be_near_and_not_told(sending: Sending, sandbox: Sandbox) -> None:
    right = sandbox.key.key_id
    sending.key_id = ("B" if right[0] == "A" else "A") + right[1:]
    problem = await sending.send()
    assert problem["code"] == "key-unknown"
    assert told(problem)["keyid"].startswith("not registered; a registered test key differs in 1 characters only")
    assert right not in str(problem)
    sending.key_id = new_signing_key().key_id
    assert told(await sending.send())["keyid"] == "not registered, or revoked"


async def test_headers_that_are_missing_or_badly_formed_are_named(sandbox: Sandbox, client: httpx2.AsyncClient) -> None:
    headers = {"content-type": "application/json"}
    bare = (await client.post(f"/sandbox{PATH}", content=BODY, headers=headers)).json()
    assert (bare["code"], told(bare)) == ("signature-missing", {"signature-input": "the header is missing"})
    assert '"content-digest": ' + content_digest(BODY) in bare["diagnosis"]["signature_base"]
    headers |= {"signature-input": f'sig=("@method"); created="1";keyid="{"a" * 64}"', "signature": "sig=:MEUCIQ==:"}
    formed = told((await client.post(f"/sandbox{PATH}", content=BODY, headers=headers)).json())
    assert set(formed) >= {"signature-input", "created", "keyid", "nonce", "signature", "@target-uri", "content-digest"}


@pytest.mark.parametrize("path", ["/v1/partner/verifications", f"/sandbox{PATH}"])
async def test_nothing_is_explained_under_a_live_key(
    sandbox: Sandbox, client: httpx2.AsyncClient, clock: SettableClock, path: str
) -> None:
    sending = Sending(client, sandbox.partner.key, int(clock.now().timestamp()), path)
    sending.spoil = lambda base: base + b"\n"
    problem = await sending.send()
    assert problem["code"] == "signature-invalid"
    assert "diagnosis" not in problem
    assert "errors" not in problem


async def test_outside_the_sandbox_an_unknown_key_is_not_explained(
    client: httpx2.AsyncClient, clock: SettableClock
) -> None:
    sending = Sending(client, new_signing_key(), int(clock.now().timestamp()), "/v1/partner/verifications")
    assert "diagnosis" not in await sending.send()


async def test_a_refusal_explained_does_not_do_what_was_asked(sending: Sending, sandbox: Sandbox) -> None:
    sending.spoil = lambda base: base + b"\n"
    await sending.send()
    assert (await sandbox.post("/v1/clock", {"forward_seconds": 0})).json()["ahead_seconds"] == 0
