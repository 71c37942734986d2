"""The code that the phone computes is the code that the server verifies."""

import base64

import pytest

from backend.pages import shell
from partners.codes import ic1
from tests.pages.conftest import OpenedPage


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("ticket", "scene", "moment"),
    [
        (ic1.Ticket(bytes(range(10)), bytes(range(32)), 0), ic1.Scene.ANY, 0),
        (ic1.Ticket(b"\xff" * 10, b"\xff" * 32, 15), ic1.Scene.APPROVALS, 1_795_420_800),
        (ic1.Ticket(b"forty-two!", b"k" * 32, 7), ic1.Scene.LIBRARY, 2**32 - 1),
        (ic1.Ticket(b"\x00" * 10, b"\x80" * 32, 1), ic1.Scene.SHOPPING, 1_795_420_829),
    ],
)
async def test_the_phone_computes_the_same_code_as_the_server(
    resident_page: OpenedPage, ticket: ic1.Ticket, scene: ic1.Scene, moment: int
) -> None:
    computed = await resident_page.page.evaluate(
        "async ([module, ticket, scene, step]) => (await import(module)).codeAt(ticket, scene, step)",
        [
            f"{shell.FILES_PATH}/ic1.js",
            {"tid": _text(ticket.ticket_id), "k": _text(ticket.key), "slot": ticket.slot},
            scene.name.lower(),
            ic1.step_at(moment),
        ],
    )
    assert computed == {"text": ic1.encode(ticket, scene, moment), "digits": ic1.digits(ticket, moment)}


@pytest.mark.parametrize(
    ("typed", "fen"),
    [("12", 1200), ("12.5", 1250), ("12.50", 1250), ("0.07", 7), ("1,234.05", 123405), ("¥8", 800), ("1.005", None),
     ("-1", None), ("", None), ("1e3", None), ("99999999.99", 9999999999), ("123456789", None)],
)  # fmt: skip
async def test_a_typed_amount_is_exact_to_the_fen(resident_page: OpenedPage, typed: str, fen: int | None) -> None:
    understood = await resident_page.page.evaluate(
        "async ([module, typed]) => (await import(module)).fenOf(typed)", [f"{shell.FILES_PATH}/money.js", typed]
    )
    assert understood == fen
