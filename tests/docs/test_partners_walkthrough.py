"""docs/partners.md works as written: its blocks are run against a server, as a partner's developer would paste them."""

import asyncio
import json
import os
import re
import shutil
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import NamedTuple, get_args

import httpx2
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from litestar import Litestar

from backend.city.generator import City
from backend.partner_accounts import service as partner_accounts
from backend.partner_accounts.messages import NewPartnerKey
from backend.platform import problems
from backend.platform.clock import Clock
from backend.platform.keys import Purpose
from backend.platform.platform import Platform
from backend.platform.settings import Settings
from partners import jws, webhooks
from partners.sdk.conformance import every_case
from partners.sdk.conformance.contract import (
    Benefit,
    Instruction,
    OfflineCheck,
    Outcome,
    Redeem,
    Reverse,
    Scan,
    Till,
    Verdict,
    Verify,
)
from partners.signatures.keys import jwk_of
from partners.signatures.suites import suite
from tests.builders.deliveries import RememberedDelivery
from tests.builders.partners import PartnerCaller, current_code, make_partner, publish
from tests.builders.people import Person, PersonBuilder
from tests.conftest import RunDue
from tests.docs.snippets import REPOSITORY, blocks, script
from tests.passes.conftest import offline_terms

DOCUMENT = REPOSITORY / "docs" / "partners.md"
PROMPT = "one-time code:"
BOOKSHOP, LIBRARY = "new-bookshop", "city-library"

pytestmark = pytest.mark.skipif(
    any(shutil.which(program) is None for program in ("bash", "curl", "openssl")), reason="needs bash, curl and openssl"
)


class Finished(NamedTuple):
    """What a program said, and its exit code."""

    code: int
    output: str
    errors: str


class World(NamedTuple):
    """The part of the synthetic city that the document uses: its resident, and its two partners with their keys."""

    resident: Person
    bookshop: PartnerCaller
    environment: dict[str, str]


Walk = Callable[..., Awaitable[Finished]]


@pytest.fixture
async def world(
    client: httpx2.AsyncClient,
    platform: Platform,
    clock: Clock,
    person: PersonBuilder,
    run_due: RunDue,
    address: str,
    tmp_path: Path,
) -> World:
    """The bookshop and the library, each with the benefits that the city's own data grant them, and a scored resident."""
    city = City(seed=2026, residents=10)
    environment = {"URL": address, "LANG": "C.UTF-8", "PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)}
    partners = {}
    for partner in city.partners:
        if partner.code not in {BOOKSHOP, LIBRARY}:
            continue
        for benefit in city.benefits:
            if benefit.id in partner.benefits:
                await publish(platform, benefit.terms())
        made = await make_partner(client, platform, clock, *partner.benefits, name=partner.names.zh)
        pem = made.key.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file = tmp_path / f"partner-{partner.code}.pem"
        file.write_bytes(pem)
        environment["KEY" if partner.code == BOOKSHOP else "LENDER_KEY"] = str(file)
        if partner.code == BOOKSHOP:
            test_key = Ed25519PrivateKey.generate()
            file = tmp_path / "test-key.pem"
            file.write_bytes(test_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            environment["TEST_KEY"] = str(file)
            async with platform.database.transaction() as connection:
                jwk = jwk_of(test_key.public_key())
                await partner_accounts.register_test_key(platform, connection, made.partner_id, jwk)
            await platform.signers.reload()
        partners[partner.code] = made
    resident = await person("欧阳诗涵")
    await run_due()
    return World(resident, partners[BOOKSHOP], {**environment, "PHONE": resident.phone})


@pytest.fixture
def walk(world: World, delivery: RememberedDelivery) -> Walk:
    """Runs a script in one bash; whoever sits before it types the one-time code when asked."""

    async def walked(text: str) -> Finished:
        process = await asyncio.create_subprocess_exec(
            "bash", "-c", f"set -euo pipefail\n{text}", env=world.environment,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        errors = asyncio.create_task(process.stderr.read())
        lines = []
        async for line in process.stdout:
            lines.append(line.decode())
            if PROMPT in lines[-1]:
                process.stdin.write(f"{delivery.codes[world.resident.phone]}\n".encode())
                await process.stdin.drain()
        return Finished(await process.wait(), "".join(lines), (await errors).decode())

    return walked


def answers(output: str) -> list[tuple[int, dict[str, object]]]:
    """The answers that were printed: status and body."""
    return [(int(status), json.loads(body)) for status, body in re.findall(r"^(\d{3}) (\{.*\})$", output, re.MULTILINE)]


async def test_the_page_takes_a_partner_the_whole_way(walk: Walk, world: World) -> None:
    done = await walk(script(DOCUMENT))
    assert done.code == 0, (done.output, done.errors)
    said = [
        (status, next((str(body[name]) for name in ("code", "state", "result") if name in body), "shown"))
        for status, body in answers(done.output)
    ]
    assert said == [
        (201, "eligible"), (200, "answered"), (201, "held"), (200, "released"),
        (201, "redeemed"), (201, "redeemed"), (200, "redeemed"), (422, "code-unusable"), (200, "redeemed"),
        (201, "partly-reversed"), (201, "reversed"),
        (202, "pending-confirmation"), (200, "answered"), (201, "created"), (200, "in-use"), (200, "payment-due"), (200, "payment-due"), (200, "done"), (200, "done"), (201, "enabled"),
        (201, "shown"), (200, "shown"), (200, "answered"), (201, "redeemed"), (201, "reversed"),
        (201, "shown"), (201, "eligible"), (201, "redeemed"),
        (201, "asked"), (201, "shown"), (200, "live"),
    ]  # fmt: skip
    assert done.output.count("response signature verified") == len(said)
    assert done.output.count("\nreplayed") == 1
    assert str(answers(done.output)[-6][1]["text"]).startswith("IC1:")
    [diagnosed] = [json.loads(line) for line in done.output.splitlines() if '"diagnosis"' in line]
    assert diagnosed["code"] == "signature-invalid"
    assert diagnosed["diagnosis"]["difference"]["byte"] == len(diagnosed["diagnosis"]["signature_base"])
    assert world.resident.name not in done.output
    assert str(world.resident.subject_id) not in done.output


async def test_what_was_replayed_is_the_first_answer_to_the_letter(walk: Walk) -> None:
    done = await walk(script(DOCUMENT))
    redeemed = [body for _, body in answers(done.output) if body.get("state") == "redeemed" and "receipt" in body]
    assert len(redeemed) == 5
    assert redeemed[0] == redeemed[1] == redeemed[2]
    reversals = [body for _, body in answers(done.output) if "reversal_id" in body]
    assert [(body["amount_fen"], body["left_fen"]) for body in reversals] == [(200, 300), (300, 0), (0, 0)]


ALTERATIONS = {
    "nothing": ":",
    "result": """sed -i.bak 's/"eligible"/"declined"/' "$WORK/answer.body" """,
    "result and digest": """
        sed -i.bak 's/"eligible"/"declined"/' "$WORK/answer.body"
        sed -i.bak "s|^content-digest: .*|content-digest: $(digest "$WORK/answer.body")|" "$WORK/answer.headers" """,
    "status": "STATUS=200",
    "content type": """sed -i.bak 's|application/json|text/plain|' "$WORK/answer.headers" """,
    "another request": """SIGNATURE="sig=:$(openssl rand 64 | openssl base64 -A):" """,
    "another address": "TARGET=$URL/v1/partner/verifications/other",
    "signature": """sed -i.bak "s|^signature: .*|signature: sig=:$(openssl rand 64 | openssl base64 -A):|" "$WORK/answer.headers" """,
    "no signature": """sed -i.bak '/^signature: /d' "$WORK/answer.headers" """,
    "twice signed": """sed -i.bak 's|^signature-input: .*|&\\n&|' "$WORK/answer.headers" """,
    "less covered": """sed -i.bak 's| "signature";req||' "$WORK/answer.headers" """,
    "time": """sed -i.bak 's|created=[0-9]*|created=1700000000|' "$WORK/answer.headers" """,
    "the key of a stranger": """
        check > /dev/null
        openssl genpkey -algorithm ed25519 -out "$WORK/stranger.pem"
        openssl pkeyutl -sign -rawin -inkey "$WORK/stranger.pem" -in "$WORK/answer.base" -out "$WORK/strange"
        sed -i.bak "s|^signature: .*|signature: sig=:$(openssl base64 -A -in "$WORK/strange"):|" "$WORK/answer.headers" """,
    "the key of a stranger under its own name": """
        check > /dev/null
        openssl genpkey -algorithm ed25519 -out "$WORK/stranger.pem"
        NAME=$(key_id "$WORK/stranger.pem")
        sed "s|keyid=\\"[^\\"]*\\"|keyid=\\"$NAME\\"|" "$WORK/answer.base" > "$WORK/strange.base"
        openssl pkeyutl -sign -rawin -inkey "$WORK/stranger.pem" -in "$WORK/strange.base" -out "$WORK/strange"
        sed -i.bak -e "s|keyid=\\"[^\\"]*\\"|keyid=\\"$NAME\\"|" \\
          -e "s|^signature: .*|signature: sig=:$(openssl base64 -A -in "$WORK/strange"):|" "$WORK/answer.headers" """,
}


def beginning() -> str:
    """The page's blocks as far as the first answer."""
    text = script(DOCUMENT)
    return text[: text.index("VERIFICATION=$(value verification_id)")]


async def test_no_altered_answer_is_believed(walk: Walk) -> None:
    tries = "\n".join(
        f'cp "$WORK/kept.body" "$WORK/answer.body"; cp "$WORK/kept.headers" "$WORK/answer.headers"\n'
        f"(\n{alteration}\nif check; then echo 'believed: {name}'; else echo 'refused: {name}'; fi\n)"
        for name, alteration in ALTERATIONS.items()
    )
    keep = 'cp "$WORK/answer.body" "$WORK/kept.body"; cp "$WORK/answer.headers" "$WORK/kept.headers"\n'
    done = await walk(f"{beginning()}\n{keep}{tries}")
    assert done.code == 0, (done.output, done.errors)
    assert re.findall(r"^believed: (.*)$", done.output, re.MULTILINE) == ["nothing"]
    assert re.findall(r"^refused: (.*)$", done.output, re.MULTILINE) == [
        name for name in ALTERATIONS if name != "nothing"
    ]


async def test_the_key_made_with_openssl_is_registered_under_the_id_that_the_page_prints(
    walk: Walk, world: World, platform: Platform
) -> None:
    done = await walk(script(DOCUMENT) + '\nprintf "kept in %s\\n" "$WORK"')
    printed = re.search(r"public key: (\{.*\})\n.*key id: +(\S+)\n", done.output)
    kept = re.search(r"^kept in (.*)$", done.output, re.MULTILINE)
    assert printed is not None
    assert kept is not None
    own_key = Path(kept[1]) / "my-key.pem"
    assert own_key.stat().st_mode & 0o077 == 0
    world.environment["KEY"] = str(own_key)
    refused = await walk(beginning())
    assert [body["code"] for _, body in answers(refused.output)] == ["key-unknown"]
    async with platform.database.transaction() as connection:
        new = msgspec.json.decode((own_key.parent / "my-key.json").read_bytes(), type=NewPartnerKey)
        assert new.key == json.loads(printed[1])
        key_id = await partner_accounts.register_key_at_the_desk(
            platform, connection, world.bookshop.partner_id, "91320100748204660Q", new
        )
    await platform.signers.reload()
    assert key_id == printed[2]
    accepted = await walk(beginning())
    assert [body["result"] for _, body in answers(accepted.output)] == ["eligible"]


async def run_python(program: str, environment: Mapping[str, str], folder: Path) -> list[str]:
    """What a program of the page prints, line by line."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, cwd=folder, env={**environment, "PYTHONPATH": str(REPOSITORY)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return output.decode().splitlines()


async def test_the_python_of_the_page_does_the_same(client: httpx2.AsyncClient, world: World, tmp_path: Path) -> None:
    program = blocks(DOCUMENT, "python")[0]
    code = (await current_code(client, world.resident.headers, "shopping"))["text"]
    assert await run_python(program.text, {**world.environment, "CODE": code}, tmp_path) == [
        "eligible 000000000050 permille", "redeemed 500", "reversed 0", "422 code-unusable"
    ]  # fmt: skip


async def test_the_offline_till_of_the_page_fetches_judges_and_uploads(
    world: World, platform: Platform, tmp_path: Path
) -> None:
    program = blocks(DOCUMENT, "python")[1]
    await publish(platform, offline_terms("parking-discount"))
    assert await run_python(program.text, world.environment, tmp_path) == ["2", "malformed", "[]"]


async def test_the_receiver_of_the_page_believes_us_alone_and_does_a_thing_once(
    world: World, application: Litestar, tmp_path: Path
) -> None:
    program, errands = blocks(DOCUMENT, "python")[2], application.state.errands
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url, hooks = f"http://127.0.0.1:{port}/", "/v1/partner/webhooks"
    told = (await world.bookshop.post(hooks, {"url": url})).json()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program.text, cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env={**world.environment, "PYTHONPATH": str(REPOSITORY), "WEBHOOK_SECRET": told["secret"], "PORT": str(port)},
    )  # fmt: skip
    assert process.stdout is not None
    try:
        await until_somebody_listens(port)
        sent = (await world.bookshop("POST", f"{hooks}/{told['endpoint_id']}/test")).json()
        await errands.run_due()
        await world.bookshop("POST", f"{hooks}/{told['endpoint_id']}/deliveries/{sent['event_id']}")
        await errands.run_due()
        log = (await world.bookshop("GET", f"{hooks}/{told['endpoint_id']}/deliveries")).json()["deliveries"]
        assert [attempt["outcome"] for attempt in log[0]["attempts"]] == ["delivered", "delivered"]
        now = int(time.time())
        async with httpx2.AsyncClient() as stranger:
            for keys, seconds in (([bytes(32)], now), ([webhooks.secret_key(told["secret"])], now - 301)):
                forged = webhooks.sign(keys, "evt-1", seconds, b"{}")
                assert (await stranger.post(url, headers=forged, content=b"{}")).status_code == 400
    finally:
        process.terminate()
    printed = (await process.stdout.read()).decode().splitlines()
    assert printed == [f"webhook.test {{'endpoint_id': '{told['endpoint_id']}'}}"]


async def until_somebody_listens(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js 20")
async def test_the_javascript_of_the_page_does_the_same(
    client: httpx2.AsyncClient, world: World, tmp_path: Path
) -> None:
    [program] = blocks(DOCUMENT, "javascript")
    file = tmp_path / "visit.mjs"
    code = (await current_code(client, world.resident.headers, "shopping"))["text"]

    async def run(text: str, code: str) -> tuple[int | None, list[str], str]:
        file.write_text(text, encoding="utf-8")
        process = await asyncio.create_subprocess_exec(
            "node", str(file), env={**world.environment, "CODE": code},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        output, errors = await process.communicate()
        return process.returncode, output.decode().splitlines(), errors.decode()

    assert await run(program.text, code) == (
        0, ["eligible 000000000050 permille", "eligible", "redeemed 500", "code-unusable"], ""
    )  # fmt: skip
    another = program.text.replace("['\"signature\";req', request.signature]", "['\"signature\";req', 'sig=:AA==:']")
    assert another != program.text
    code = (await current_code(client, world.resident.headers, "shopping"))["text"]
    failed, output, errors = await run(another, code)
    assert (failed, output, "do not act on this answer" in errors) == (1, [], True), "an answer to another request"


@pytest.fixture
async def with_jose(tmp_path: Path) -> Path:
    """A folder in which `jose` is installed, in the version and with the hash of tests/javascript/package-lock.json."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("needs Node.js 20 and npm")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(REPOSITORY / "tests" / "javascript" / name, tmp_path / name)
    process = await asyncio.create_subprocess_exec(
        "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=1",
        cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, errors = await process.communicate()
    unreachable = re.search(r"\b(ENOTFOUND|EAI_AGAIN|ECONN\w+|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH)\b", errors.decode())
    if process.returncode and unreachable is not None:
        pytest.skip(f"npm cannot fetch jose, which this machine has not cached: no network ({unreachable[0]})")
    assert process.returncode == 0, errors.decode()
    return tmp_path


async def test_jose_verifies_the_receipts_of_the_page_and_no_other(
    client: httpx2.AsyncClient, world: World, platform: Platform, with_jose: Path
) -> None:
    [program] = blocks(DOCUMENT, "js")
    file = with_jose / "receipt.mjs"
    file.write_text(program.text, encoding="utf-8")

    async def read(receipt: str) -> tuple[int | None, str, str]:
        process = await asyncio.create_subprocess_exec(
            "node", str(file), env={**world.environment, "RECEIPT": receipt},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        output, errors = await process.communicate()
        return process.returncode, output.decode().strip(), errors.decode()

    code = (await current_code(client, world.resident.headers, "shopping"))["text"]
    verified = (await world.bookshop.verify(code, "bookshop-discount")).json()
    redeemed = (await world.bookshop.redeem(verified["verification_id"], amount_fen=500)).json()
    good = f"{verified['verification_id']} bookshop-discount eligible"
    assert (await read(verified["receipt"]))[:2] == (0, good)
    assert (await read(redeemed["receipt"]))[:2] == (0, f"{redeemed['redemption_id']} bookshop-discount 500")
    head, claims, signature = verified["receipt"].split(".")
    altered = ".".join((head, claims[:-2] + ("A" if claims[-2] != "A" else "B") + claims[-1], signature))
    failed, output, errors = await read(altered)
    assert (failed, output, "JWSSignatureVerificationFailed" in errors) == (1, "", True), errors
    # Signed by another key of the platform: good for jose, and no receipt.
    other = platform.keys.active(Purpose.STATUS)
    forged = jws.write(
        {"iss": world.environment["URL"], "jti": "1"},
        jws.Header("EdDSA", other.kid, "xinyi-decision+jwt"),
        suite("intl").issuer.signer(other.secret).sign,
    )
    failed, output, errors = await read(forged)
    assert (failed, output, "not a receipt" in errors) == (1, "", True), errors


def test_what_npm_installs_is_pinned_by_hash_and_from_no_address() -> None:
    lock = json.loads((REPOSITORY / "tests" / "javascript" / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert set(packages) == {"node_modules/jose"}
    for entry in packages.values():
        assert entry["integrity"].startswith("sha512-")
        assert "resolved" not in entry


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js 20")
async def test_both_integrations_of_the_page_pass_the_conformance_kit() -> None:
    [block] = blocks(DOCUMENT, "sh")
    here = str(Path(sys.executable).parent)
    ours, javascript = block.text.replace(".venv/bin", here).splitlines()
    for line, passed in ((ours, len(every_case())), (javascript, 2)):
        process = await asyncio.create_subprocess_shell(
            line, cwd=REPOSITORY, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        output, errors = await process.communicate()
        assert process.returncode == 0, output.decode() + errors.decode()
        assert f"通过 passed {passed}, 未通过 failed 0, 不适用 not applicable 0" in output.decode()


def test_the_instruction_and_the_verdict_of_the_page_are_of_the_contract() -> None:
    instruction, verdict = (msgspec.json.decode(block.text) for block in blocks(DOCUMENT, "json"))
    assert msgspec.to_builtins(msgspec.convert(instruction, Instruction)) == instruction
    assert msgspec.to_builtins(msgspec.convert(verdict, Verdict)) == verdict


def test_the_page_names_every_act_and_every_outcome_of_the_contract() -> None:
    section = DOCUMENT.read_text(encoding="utf-8").partition("## 14 ")[2]
    rows = re.findall(r"^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \|(.*)$", section, re.MULTILINE)
    told = {name: cells for names, cells in rows for name in re.findall(r"`([a-z-]+)`", names)}
    acts = {act.__struct_config__.tag: act for act in (Verify, Redeem, Reverse, OfflineCheck)}
    assert set(told) == {"act", "outcome", *acts, *get_args(Outcome)}
    common = {"contract", "url", "key_file", "key_id", "partner_id"}
    for name, act in acts.items():
        members = set(re.findall(r"`([a-z_]+)`", told[name].rpartition("|")[0].rpartition("|")[0]))
        further = (Benefit, Till, Scan) if act is OfflineCheck else ()
        assert members == {field for kind in (act, *further) for field in kind.__struct_fields__} - common


def defaults() -> dict[str, str]:
    """What the page takes where a reader sets nothing."""
    return dict(re.findall(r'^([A-Z_]+)="\$\{\1:-([^}]*)\}"', script(DOCUMENT), re.MULTILINE))


def test_a_reader_who_sets_nothing_uses_the_synthetic_city() -> None:
    assert defaults() == {
        "URL": Settings().external_url,
        "KEY": f".data/demo/partner-{BOOKSHOP}.pem",
        "LENDER_KEY": f".data/demo/partner-{LIBRARY}.pem",
        "TEST_KEY": f".data/demo/partner-{BOOKSHOP}-test.pem",
        # Nobody's: only whoever is in the city's books can register a key at the desk.
        "CREDIT_CODE": "91320100748204660Q",
        "PHONE": City(seed=2026, residents=10).resident(0).mobile,
    }


def test_every_refusal_that_the_page_explains_exists_with_that_status() -> None:
    table = dict(re.findall(r"^\| `([a-z-]+)` \| (\d{3}) \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE))
    assert table
    assert {code: problems.ALL[code].status for code in table} == {code: int(status) for code, status in table.items()}


async def test_every_refusal_that_a_partner_can_meet_is_explained(client: httpx2.AsyncClient) -> None:
    contract = (await client.get("/openapi.json")).json()
    declared = {
        code
        for path, operations in contract["paths"].items()
        if path.startswith("/v1/partner/")
        for one in operations.values()
        for answer in one["responses"].values()
        for code in re.findall(r"`([a-z-]+)` ", answer.get("description", ""))
    }
    assert "code-unusable" in declared
    explained = set(re.findall(r"^\| `([a-z-]+)` \| \d{3} \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE))
    assert declared - explained == set()
