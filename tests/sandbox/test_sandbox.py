"""The sandbox: a partner tries everything out on personas, as it will be live, and nobody is touched."""

from datetime import timedelta
from uuid import UUID, uuid4

import httpx2
import pytest

from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from backend.sandbox import service
from backend.sandbox.personas import personas
from backend.webhooks.states import EventType
from partners import base64url
from partners.benefits.commitments import CommitmentKind
from partners.benefits.terms import Text, Tier
from partners.benefits.validity import Where
from partners.decisions import read_receipt
from partners.signatures.keys import public_key_from_jwk
from tests.builders.partners import current_code, make_terms, publish
from tests.builders.people import PersonBuilder
from tests.builders.sandboxes import Sandbox, make_sandbox

# What a persona is answered for a benefit with tiers from the middle level on, and for one that is open to all.
ANSWERS = {
    "level-high": ("eligible", "eligible"),
    "level-middle": ("eligible", "eligible"),
    "level-low": ("declined", "eligible"),
    "level-none": ("declined", "eligible"),
    "committed": ("declined", "eligible"),
    "repaired": ("eligible", "eligible"),
    "elder": ("eligible", "eligible"),
    "minor": ("code-unusable", "code-unusable"),
    "show-consent-withdrawn": ("code-unusable", "code-unusable"),
    "compute-consent-withdrawn": ("declined", "eligible"),
    "code-expired": ("code-stale", "code-stale"),
    "quota-exhausted": ("declined", "declined"),
    "last-one-gone": ("eligible", "eligible"),
    "in-arrears": ("declined", "declined"),
    "confirms": ("eligible", "eligible"),
    "refuses": ("declined", "declined"),
    "does-not-answer": ("declined", "declined"),
}


async def told(sandbox: Sandbox, answer: httpx2.Response) -> str:
    """What a partner learns in the end: the result, or the problem's code."""
    if answer.status_code == 202:
        await sandbox.forward(60)
        answer = await sandbox.get(f"/v1/partner/verifications/{answer.json()['verification_id']}")
    body: dict[str, str] = answer.json()
    return body.get("result") or body["code"]


async def counts(platform: Platform) -> dict[str, int]:
    """The rows of every table but those of the sandbox itself, saved answers and webhooks."""
    found = {}
    async with platform.database.connection() as connection:
        names = await connection.impersonal(
            "counting tables",
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'sandbox%' "
            "AND tablename <> 'saved_answer' ORDER BY tablename",
        )
        for [name] in (tuple(row.values()) for row in names):
            [row] = await connection.impersonal("counting rows", f'SELECT count(*) AS rows FROM "{name}"')
            found[name] = row["rows"]
    return found


async def test_everybody_may_read_who_the_personas_are(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/sandbox/v1/personas")
    assert answer.status_code == 200
    assert [each["id"] for each in answer.json()["personas"]] == list(personas())


def test_every_persona_is_tried() -> None:
    assert list(ANSWERS) == list(personas())


@pytest.mark.parametrize("persona", ANSWERS)
async def test_a_persona_is_answered_what_it_says(sandbox: Sandbox, persona: str) -> None:
    for benefit, expected in zip(("by-level", "for-all"), ANSWERS[persona], strict=True):
        assert await told(sandbox, await sandbox.scan(persona, benefit)) == expected, benefit


async def test_a_commitment_opens_a_tier_and_a_store_has_to_be_named(
    sandbox: Sandbox, client: httpx2.AsyncClient, platform: Platform, clock: SettableClock
) -> None:
    tiers = (Tier(Text("承诺", "Committed"), 1, 70, CommitmentKind.RETURN_ON_TIME),)
    await publish(platform, make_terms("by-commitment", open_to_all=False, tiers=tiers))
    store = uuid4()
    await publish(platform, make_terms("somewhere", where=Where(stores=(store,))))
    here = await make_sandbox(client, platform, clock, "by-commitment", "somewhere")
    answers = [(await here.scan(each, "by-commitment")).json() for each in ("committed", "level-high")]
    assert [answer["result"] for answer in answers] == ["eligible", "declined"]
    assert answers[0]["tier"]["value"] == "000000000070"
    assert (await here.scan("level-high", "somewhere")).json()["result"] == "declined"
    assert (await here.scan("level-high", "somewhere", store=str(store))).json()["result"] == "eligible"


async def test_the_tier_is_that_of_the_market(sandbox: Sandbox) -> None:
    values = [(await sandbox.scan(each, "by-level")).json()["tier"]["value"] for each in ("level-high", "level-middle")]
    assert values == ["000000000300", "000000000100"]


async def test_yes_and_no_have_the_same_length_and_headers_as_live_ones(
    sandbox: Sandbox, client: httpx2.AsyncClient, person: PersonBuilder
) -> None:
    yes, no = [await sandbox.scan(each, "by-level") for each in ("level-high", "in-arrears")]
    resident = await person()
    live = await sandbox.partner.verify((await current_code(client, resident.headers))["text"], "by-level")
    assert (yes.json()["result"], no.json()["result"]) == ("eligible", "declined")
    assert len(yes.content) == len(no.content)
    assert list(yes.json()) == list(live.json())
    assert set(yes.headers) == set(live.headers)


async def test_digits_can_be_typed_and_work_once(sandbox: Sandbox) -> None:
    digits = (await sandbox.code("elder"))["digits"]
    assert (await sandbox.verify(digits, "for-all")).json()["result"] == "eligible"
    assert (await sandbox.verify(digits, "for-all")).json()["code"] == "code-unusable"
    stale = (await sandbox.code("code-expired"))["digits"]
    assert (await sandbox.verify(stale, "for-all")).json()["code"] == "code-unusable"
    wrong_check = digits[:-1] + str((int(digits[-1]) + 1) % 10)
    assert (await sandbox.verify(wrong_check, "for-all")).json()["code"] == "code-malformed"


async def test_a_code_is_of_its_scene_its_sandbox_and_its_half_minute(
    sandbox: Sandbox, client: httpx2.AsyncClient, platform: Platform, clock: SettableClock
) -> None:
    for_travel = (await sandbox.code("level-high", "travel"))["text"]
    assert (await sandbox.verify(for_travel, "for-all")).json()["code"] == "code-unusable"
    other = await make_sandbox(client, platform, clock, "for-all")
    shown = await sandbox.code("level-high")
    assert (await other.verify(shown["text"], "for-all")).json()["code"] == "code-unusable"
    assert (await other.verify(shown["digits"], "for-all")).json()["code"] == "code-unusable"
    await sandbox.forward(90)
    assert (await sandbox.verify(shown["text"], "for-all")).json()["code"] == "code-stale"
    assert (await sandbox.post("/v1/personas/level-high/codes", {"scene": "moon"})).json()["code"] == "scene-unknown"
    assert (await sandbox.post("/v1/personas/nobody/codes", {})).status_code == 404


async def test_residents_and_personas_never_meet(
    sandbox: Sandbox, client: httpx2.AsyncClient, person: PersonBuilder
) -> None:
    resident = await person()
    real = await current_code(client, resident.headers)
    for text in (real["text"], real["digits"]):
        assert (await sandbox.verify(text, "for-all")).json()["code"] == "code-unusable"
    shown = await sandbox.code("level-high")
    for text in (shown["text"], shown["digits"]):
        assert (await sandbox.partner.verify(text, "for-all")).json()["code"] == "code-unusable"
    # The resident's code was not even looked at: it still works.
    assert (await sandbox.partner.verify(real["text"], "for-all")).json()["result"] == "eligible"


async def test_a_key_opens_its_own_side_only(sandbox: Sandbox) -> None:
    body = {"code": "IC1:", "benefit": "for-all", "terminal": "till-1", "partner_ref": "visit-1"}
    for path in ("/v1/partner/verifications", "/v1/partner/redemptions", "/v1/partner/orders", "/v1/partner/keys"):
        answer = await sandbox("POST", path, body, idempotency_key=str(uuid4()))
        assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed"), path
    for path in ("/v1/partner/verifications", "/v1/personas/level-high/codes", "/v1/clock", "/v1/webhooks/key.revoked"):
        answer = await sandbox.partner.post(f"/sandbox{path}", body)
        assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed"), path


async def test_redeeming_and_reversing_follow_the_rules_of_the_market(sandbox: Sandbox) -> None:
    verification = (await sandbox.scan("level-high", "by-level", amount_fen=2000)).json()
    over = await sandbox.redeem(verification["verification_id"], amount_fen=2001)
    assert over.json()["code"] == "amount-over-cap"
    key = str(uuid4())
    done = await sandbox.redeem(verification["verification_id"], key, amount_fen=1500)
    assert done.status_code == 201, done.text
    again = await sandbox.redeem(verification["verification_id"], key, amount_fen=1500)
    assert (again.content, again.headers["idempotency-replayed"]) == (done.content, "true")
    assert (await sandbox.redeem(verification["verification_id"])).json()["code"] == "state-conflict"
    assert (await sandbox.get(f"/v1/partner/redemptions?idempotency_key={key}")).json() == done.json()
    assert (await sandbox.get(f"/v1/partner/redemptions?idempotency_key={uuid4()}")).status_code == 404
    now = (await sandbox.get(f"/v1/partner/verifications/{verification['verification_id']}")).json()
    assert now["state"] == "redeemed"

    reversals = f"/v1/partner/redemptions/{done.json()['redemption_id']}/reversals"
    part = (await sandbox.post(reversals, {"partner_ref": "r-1", "amount_fen": 500})).json()
    assert (part["left_fen"], part["state"]) == (1000, "partly-reversed")
    too_much = await sandbox.post(reversals, {"partner_ref": "r-2", "amount_fen": 1001})
    assert too_much.json()["code"] == "reversal-over"
    rest = (await sandbox.post(reversals, {"partner_ref": "r-3"})).json()
    assert (rest["amount_fen"], rest["left_fen"], rest["state"]) == (1000, 0, "reversed")
    assert (await sandbox.post(reversals, {"partner_ref": "r-4"})).status_code in {409, 422}


@pytest.mark.parametrize(
    ("persona", "benefit", "code"),
    [
        ("in-arrears", "for-all", "state-conflict"),
        ("last-one-gone", "for-all", "quota-exhausted"),
        ("level-high", "under-contract", "contract-needed"),
    ],
)
async def test_what_cannot_be_redeemed_is_refused_as_live(
    sandbox: Sandbox, persona: str, benefit: str, code: str
) -> None:
    answer = await sandbox.scan(persona, benefit)
    assert (await sandbox.redeem(answer.json()["verification_id"])).json()["code"] == code


async def test_a_phone_that_is_asked_answers_by_the_sandboxs_clock(sandbox: Sandbox) -> None:
    asked = await sandbox.scan("confirms", "by-level")
    assert (asked.status_code, asked.json()["state"]) == (202, "pending-confirmation")
    path = f"/v1/partner/verifications/{asked.json()['verification_id']}"
    assert (await sandbox.get(path)).status_code == 202
    assert (await sandbox.redeem(asked.json()["verification_id"])).json()["code"] == "state-conflict"
    await sandbox.forward(3)
    assert (await sandbox.get(path)).json()["result"] == "eligible"
    assert (await sandbox.redeem(asked.json()["verification_id"])).status_code == 201


async def test_a_benefit_that_asks_its_holder_asks_a_persona(sandbox: Sandbox) -> None:
    asked = await sandbox.scan("level-high", "asking")
    assert asked.status_code == 202
    await sandbox.forward(1)
    assert (await sandbox.get(f"/v1/partner/verifications/{asked.json()['verification_id']}")).json()["result"] == (
        "eligible"
    )


async def test_a_verification_lapses_when_the_clock_is_moved_and_a_reset_forgets_it(
    sandbox: Sandbox, client: httpx2.AsyncClient, platform: Platform, clock: SettableClock
) -> None:
    verification = (await sandbox.scan("level-high", "for-all")).json()
    path = f"/v1/partner/verifications/{verification['verification_id']}"
    await sandbox.forward(15 * 60)
    assert (await sandbox.get(path)).json()["state"] == "lapsed"
    assert (await sandbox.redeem(verification["verification_id"])).json()["code"] == "state-conflict"
    other = await make_sandbox(client, platform, clock)
    theirs = await other.post("/v1/clock", {"forward_seconds": 0})
    assert theirs.json()["ahead_seconds"] == 0
    too_far = await sandbox.post("/v1/clock", {"forward_seconds": 400 * 86400})
    assert too_far.json()["code"] == "clock-too-far"
    assert (await sandbox("DELETE", "/sandbox/v1/clock")).status_code == 204
    assert (await sandbox.get(path)).status_code == 404
    assert (await sandbox.post("/v1/clock", {"forward_seconds": 0})).json()["ahead_seconds"] == 0


async def test_a_benefit_ends_by_the_sandboxs_clock(sandbox: Sandbox) -> None:
    assert (await sandbox.scan("level-high", "ending")).json()["result"] == "eligible"
    await sandbox.forward(30 * 86400)
    assert (await sandbox.scan("level-high", "ending")).json()["result"] == "declined"


async def test_nothing_is_written_about_anybody_and_nothing_is_counted(
    sandbox: Sandbox, platform: Platform, person: PersonBuilder
) -> None:
    await person()
    before = await counts(platform)
    verification = (await sandbox.scan("level-high", "for-all")).json()
    done = (await sandbox.redeem(verification["verification_id"], amount_fen=100)).json()
    await sandbox.post(f"/v1/partner/redemptions/{done['redemption_id']}/reversals", {"partner_ref": "r"})
    await sandbox.scan("in-arrears", "by-level")
    assert await counts(platform) == before


async def test_a_dry_receipt_is_signed_but_not_the_platforms(sandbox: Sandbox, client: httpx2.AsyncClient) -> None:
    answer = (await sandbox.scan("level-high", "for-all")).json()
    published = (await client.get("/sandbox/.well-known/jwks.json")).json()["keys"]
    keys = {key["kid"]: public_key_from_jwk(key) for key in published if key["purpose"] == "answer"}
    claims = read_receipt(answer["receipt"], keys.get, str(sandbox.partner.partner_id))
    assert claims is not None
    assert claims["iss"] == "https://xinyi.test/sandbox"


async def test_what_is_not_granted_or_not_there_is_refused(sandbox: Sandbox) -> None:
    assert (await sandbox.scan("level-high", "not-granted")).json()["code"] == "benefit-not-granted"
    assert (await sandbox.get(f"/v1/partner/verifications/{uuid4()}")).status_code == 404
    assert (await sandbox.redeem(str(uuid4()))).status_code == 404
    reversal = await sandbox.post(f"/v1/partner/redemptions/{uuid4()}/reversals", {"partner_ref": "r"})
    assert reversal.status_code == 404


async def test_another_sandboxs_verification_is_not_found(
    sandbox: Sandbox, client: httpx2.AsyncClient, platform: Platform, clock: SettableClock
) -> None:
    other = await make_sandbox(client, platform, clock, "for-all")
    verification = (await sandbox.scan("level-high", "for-all")).json()
    assert (await other.get(f"/v1/partner/verifications/{verification['verification_id']}")).status_code == 404
    assert (await other.redeem(verification["verification_id"])).status_code == 404


async def test_it_is_forgotten_after_a_day(sandbox: Sandbox, platform: Platform, clock: SettableClock) -> None:
    verification = (await sandbox.scan("level-high", "for-all")).json()
    await sandbox.redeem(verification["verification_id"])
    assert await service.forget_old(platform) == 0
    clock.move(service.KEPT + timedelta(seconds=1))
    # The verification with its redemption, and the code.
    assert await service.forget_old(platform) == 2


@pytest.mark.parametrize("kind", EventType)
async def test_every_webhook_can_be_triggered_to_the_test_keys_own_address(
    sandbox: Sandbox, platform: Platform, kind: EventType
) -> None:
    assert (await sandbox.post(f"/v1/webhooks/{kind}")).json()["code"] == "no-endpoint"
    live = await sandbox.partner.post("/v1/partner/webhooks", {"url": "https://live.example/hooks"})
    assert live.status_code == 201, live.text
    assert (await sandbox.post(f"/v1/webhooks/{kind}")).json()["code"] == "no-endpoint"
    mine = await sandbox("POST", "/v1/partner/webhooks", {"url": "https://dry.example/hooks"})
    assert mine.status_code == 201, mine.text
    sent = await sandbox.post(f"/v1/webhooks/{kind}")
    assert (sent.status_code, sent.json()["type"]) == (202, kind)
    log = (await sandbox("GET", f"/v1/partner/webhooks/{mine.json()['endpoint_id']}/deliveries")).json()
    assert [each["type"] for each in log["deliveries"]] == [kind]
    theirs = await sandbox.partner("GET", f"/v1/partner/webhooks/{live.json()['endpoint_id']}/deliveries")
    assert theirs.json()["deliveries"] == []
    for name, value in sent.json()["data"].items():
        # A key is named by its thumbprint.
        assert len(base64url.decode(value)) == 32 if name == "key_id" else UUID(value)


async def test_a_dry_redemption_is_told_to_the_test_keys_own_address(sandbox: Sandbox) -> None:
    mine = (await sandbox("POST", "/v1/partner/webhooks", {"url": "https://dry.example/hooks"})).json()
    verification = (await sandbox.scan("level-high", "for-all")).json()
    done = (await sandbox.redeem(verification["verification_id"])).json()
    log = (await sandbox("GET", f"/v1/partner/webhooks/{mine['endpoint_id']}/deliveries")).json()
    assert [(each["type"], each["object_id"]) for each in log["deliveries"]] == [
        ("redemption.redeemed", done["redemption_id"])
    ]
