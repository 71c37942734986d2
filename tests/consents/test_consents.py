"""Two consents, dated, withdrawn as easily as given."""

from datetime import datetime, timedelta

import httpx2

from backend.platform.clock import SettableClock
from tests.builders.people import Person, PersonBuilder


async def _in_force(client: httpx2.AsyncClient, someone: Person) -> set[str]:
    consents = (await client.get("/v1/me/consents", headers=someone.headers)).json()
    return {consent["kind"] for consent in consents if consent["in_force"]}


async def test_each_consent_is_given_and_withdrawn_by_itself(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    someone = await person(consents=("compute",))
    assert await _in_force(client, someone) == {"compute"}
    await client.post("/v1/me/consents", json={"kind": "show", "text_version": 1}, headers=someone.headers)
    assert await _in_force(client, someone) == {"compute", "show"}
    assert (await client.delete("/v1/me/consents/show", headers=someone.headers)).status_code == 204
    assert await _in_force(client, someone) == {"compute"}


async def test_without_a_computed_score_there_is_nothing_to_show(
    client: httpx2.AsyncClient, person: PersonBuilder
) -> None:
    someone = await person()
    await client.delete("/v1/me/consents/compute", headers=someone.headers)
    assert await _in_force(client, someone) == set()


async def test_withdrawing_twice_changes_nothing(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    someone = await person(consents=())
    assert (await client.delete("/v1/me/consents/show", headers=someone.headers)).status_code == 204


async def test_a_consent_ends_by_itself_after_twelve_months(
    client: httpx2.AsyncClient, person: PersonBuilder, clock: SettableClock
) -> None:
    someone = await person()
    [consent, _] = (await client.get("/v1/me/consents", headers=someone.headers)).json()
    life = datetime.fromisoformat(consent["expires_at"]) - clock.now()
    assert timedelta(days=364) < life <= timedelta(days=366)
    clock.move(life)
    await person.sign_in(someone)
    assert await _in_force(client, someone) == set()


async def test_only_the_text_that_stands_now_can_be_agreed_to(
    client: httpx2.AsyncClient, person: PersonBuilder
) -> None:
    someone = await person(consents=())
    answer = await client.post("/v1/me/consents", json={"kind": "show", "text_version": 2}, headers=someone.headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "consent-text-changed")


async def test_agreeing_again_replaces_the_consent_that_was_open(
    client: httpx2.AsyncClient, person: PersonBuilder, clock: SettableClock
) -> None:
    someone = await person(consents=("show",))
    clock.move(timedelta(seconds=1))
    await client.post("/v1/me/consents", json={"kind": "show", "text_version": 1}, headers=someone.headers)
    consents = (await client.get("/v1/me/consents", headers=someone.headers)).json()
    assert [(consent["in_force"], consent["ended_because"]) for consent in consents] == [
        (True, None),
        (False, "renewed"),
    ]
