"""Any day can be told: past days by what was known then, days to come by today's records; and what if, ways up, the bundle."""

import json
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx2
import jwt

from backend.platform.clock import SettableClock, local_date
from backend.scores.bundles import digest
from partners import base64url
from tests.builders.people import Person, PersonBuilder
from tests.builders.signed import SignedCaller
from tests.builders.sources import deliver, penalty, volunteering
from tests.conftest import RunDue


async def explained(client: httpx2.AsyncClient, someone: Person, day: date | None = None) -> dict[str, Any]:
    """The explanation of a day, whose lines add up."""
    answer = await client.get(
        "/v1/me/score/explanation", params={"day": day.isoformat()} if day else {}, headers=someone.headers
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert (
        found["base_millipoints"] + sum(line["millipoints"] for line in found["lines"]) == found["score"]["millipoints"]
    )
    return found


async def test_a_past_day_is_told_as_it_was_known_then(
    client: httpx2.AsyncClient, person: PersonBuilder, run_due: RunDue, source: SignedCaller, clock: SettableClock
) -> None:
    someone = await person()
    first = local_date(clock.now())
    await deliver(source, volunteering(someone, "ZY-1", hours="25", sequence=1))
    clock.move(timedelta(days=1))
    await deliver(source, volunteering(someone, "ZY-1", hours="60", sequence=2), penalty(someone))
    clock.move(timedelta(days=1))
    await person.sign_in(someone)
    records = (await client.get("/v1/me/records", headers=someone.headers)).json()["records"]
    [hours] = [record for record in records if record["item"] == "volunteer-service"]
    assert (await client.put(f"/v1/me/records/{hours['id']}/hidden", headers=someone.headers)).status_code == 204
    clock.move(timedelta(days=1))
    await run_due()
    await person.sign_in(someone)

    async def on(days: int) -> dict[str, Any]:
        return await explained(client, someone, first + timedelta(days=days))

    assert {line["rule"]: line["points"] for line in (await on(0))["lines"]} == {"volunteer-hours": "+5"}
    assert {line["rule"]: line["points"] for line in (await on(1))["lines"]} == {
        "volunteer-hours": "+10",
        "penalty-general": "-40",
    }
    hidden = await on(2)
    assert ([line["rule"] for line in hidden["lines"]], [left["reason"] for left in hidden["not_counted"]]) == (
        ["penalty-general"],
        ["hidden"],
    )
    assert (await on(3))["score"]["millipoints"] == (await explained(client, someone))["score"]["millipoints"]


async def test_a_day_to_come_is_told_by_todays_records(
    client: httpx2.AsyncClient, person: PersonBuilder, run_due: RunDue, source: SignedCaller
) -> None:
    someone = await person()
    await deliver(source, penalty(someone, on=date(2026, 9, 1)))
    await run_due()
    score = (await client.get("/v1/me/score", headers=someone.headers)).json()
    ends = date.fromisoformat(score["next_change_on"])
    later = await explained(client, someone, ends)
    assert (later["lines"], later["not_counted"][0]["reason"]) == ([], "expired")
    assert len((await explained(client, someone, ends - timedelta(days=1)))["lines"]) == 1


async def test_days_without_a_score_say_so(
    client: httpx2.AsyncClient, person: PersonBuilder, run_due: RunDue, clock: SettableClock
) -> None:
    someone = await person(consents=("show",))
    nobody = await client.get("/v1/me/score/explanation?day=2026-11-23", headers=someone.headers)
    assert (nobody.status_code, nobody.json()["code"]) == (403, "consent-missing")
    clock.move(timedelta(days=2))
    await person.sign_in(someone)
    await client.post("/v1/me/consents", json={"kind": "compute", "text_version": 1}, headers=someone.headers)
    for day in ("2026-11-24", "1999-01-01", "2090-01-01"):
        refused = await client.get(f"/v1/me/score/explanation?day={day}", headers=someone.headers)
        assert (refused.status_code, refused.json()["code"]) == (404, "no-score-that-day"), day
    await explained(client, someone, date(2026, 11, 25))
    bad = await client.get("/v1/me/score/explanation?day=yesterday", headers=someone.headers)
    assert (bad.status_code, bad.json()["code"]) == (400, "malformed-request")


async def test_a_consent_that_ended_since_still_tells_its_own_days(
    client: httpx2.AsyncClient, person: PersonBuilder, clock: SettableClock
) -> None:
    someone = await person()
    for step in ("withdrawn", "given"):
        clock.move(timedelta(days=2))
        await person.sign_in(someone)
        if step == "withdrawn":
            await client.delete("/v1/me/consents/compute", headers=someone.headers)
        else:
            await client.post("/v1/me/consents", json={"kind": "compute", "text_version": 1}, headers=someone.headers)
    await explained(client, someone, date(2026, 11, 24))
    between = await client.get("/v1/me/score/explanation?day=2026-11-26", headers=someone.headers)
    assert between.json()["code"] == "no-score-that-day"


async def test_the_outlook_names_dates_records_and_ways(
    client: httpx2.AsyncClient, person: PersonBuilder, run_due: RunDue, source: SignedCaller
) -> None:
    someone = await person()
    await deliver(source, penalty(someone, on=date(2026, 9, 1)))
    found = (await client.get("/v1/me/score/outlook", headers=someone.headers)).json()
    [change] = found["changes"]
    assert (change["points"], change["effects"][0]["reason"]) == ("+40", "expired")
    assert change["text"].startswith(f"{change['day']} 起 +40 分：")
    assert "到期" in change["text"]
    later = await explained(client, someone, date.fromisoformat(change["day"]))
    assert later["score"]["points"] == change["after"]
    assert 1 <= len(found["ways"]) <= 3
    assert all(way["level"]["rank"] > 0 and way["text"] for way in found["ways"])


async def test_what_if_changes_nothing_but_the_answer(
    client: httpx2.AsyncClient, person: PersonBuilder, run_due: RunDue, source: SignedCaller
) -> None:
    someone, other = await person(), await person(name="李四")
    await deliver(source, penalty(someone), volunteering(other))
    await run_due()
    [record] = (await client.get("/v1/me/records", headers=someone.headers)).json()["records"]
    wish = {
        "remove": [record["id"]],
        "add": [{"item": "volunteer-service", "occurred_on": "2026-11-20", "amount": 20}],
    }
    before = await explained(client, someone)
    found = (await client.post("/v1/me/score/what-if", json=wish, headers=someone.headers)).json()
    assert (found["before"], found["after"]) == (before["score"]["points"], "605")
    assert {effect["record_id"] for effect in found["effects"]} == {record["id"], "~0"}
    assert (await explained(client, someone)) == before

    [others] = (await client.get("/v1/me/records", headers=other.headers)).json()["records"]
    refused = await client.post(
        "/v1/me/score/what-if",
        json={"remove": [others["id"]], "add": [{"item": "petition", "occurred_on": "2026-11-20"}]},
        headers=someone.headers,
    )
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == ["remove.0", "add.0.item"]


async def test_each_look_is_in_the_access_log(
    client: httpx2.AsyncClient, person: PersonBuilder, run_due: RunDue
) -> None:
    someone = await person()
    await run_due()
    await explained(client, someone, date(2026, 11, 23))
    await client.get("/v1/me/score/outlook", headers=someone.headers)
    await client.post("/v1/me/score/what-if", json={}, headers=someone.headers)
    await client.get("/v1/me/score/bundle", headers=someone.headers)
    log = (await client.get("/v1/me/access-log", headers=someone.headers)).json()["entries"]
    assert [entry["action"] for entry in log if entry["actor_kind"] == "self"] == [
        "下载信用分自证包",
        "试算信用分",
        "查看信用分今后的变化",
        "查看 2026-11-23 的信用分说明",
    ]


async def test_the_bundle_is_recomputed_by_a_file_alone_and_its_signature_is_ours(
    client: httpx2.AsyncClient, person: PersonBuilder, source: SignedCaller, tmp_path: Path
) -> None:
    someone = await person()
    await deliver(source, volunteering(someone, hours="25"), penalty(someone))
    answer = await client.get("/v1/me/score/bundle", headers=someone.headers)
    assert "attachment" in answer.headers["Content-Disposition"]
    bundle = answer.json()
    verifier = tmp_path / "verify.py"
    verifier.write_bytes((await client.get("/verify.py")).content)

    def run(changed: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        file = tmp_path / "bundle.json"
        file.write_text(json.dumps(changed, ensure_ascii=False), encoding="utf-8")
        return subprocess.run(
            [sys.executable, "-I", verifier, file], capture_output=True, encoding="utf-8", check=False
        )

    honest = run(bundle)
    assert honest.returncode == 0, honest.stdout + honest.stderr
    assert "-40.000 =" in honest.stdout

    header = jwt.get_unverified_header(bundle["signature"])
    [key] = [
        key
        for key in (await client.get("/.well-known/jwks.json")).json()["keys"]
        if key["kid"] == header["kid"] and key["purpose"] == "bundle"
    ]
    claims = jwt.decode(bundle["signature"], jwt.PyJWK(key), algorithms=["EdDSA"])
    assert claims["sha256"] == base64url.encode(digest(bundle))

    for place, value in (("amount", 300), ("grade", "minor"), ("occurred_on", "2020-01-01")):
        for number, fact in enumerate(bundle["facts"]):
            if fact[place] is not None:
                changed = json.loads(json.dumps(bundle))
                changed["facts"][number][place] = value
                assert run(changed).returncode == 1, (place, fact)
    changed = json.loads(json.dumps(bundle))
    changed["result"]["millipoints"] += 1000
    assert run(changed).returncode == 1
    changed = json.loads(json.dumps(bundle))
    changed["made_at"] = "2026-01-01T00:00:00Z"
    assert "CHANGED" in run(changed).stdout


async def test_a_loop_of_questions_is_slowed_down(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    someone = await person()
    answers = [(await client.get("/v1/me/score/outlook", headers=someone.headers)).status_code for _ in range(31)]
    assert (answers[0], answers[-1]) == (200, 429)
