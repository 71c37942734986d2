"""What the phone computes is what the server understands."""

import base64

from backend.pages import shell
from partners.codes import ic1
from tests.pages.conftest import OpenedPage

CODES = [
    (ic1.Ticket(bytes(range(10)), bytes(range(32)), 0), ic1.Scene.ANY, 0),
    (ic1.Ticket(b"\xff" * 10, b"\xff" * 32, 15), ic1.Scene.APPROVALS, 1_795_420_800),
    (ic1.Ticket(b"forty-two!", b"k" * 32, 7), ic1.Scene.LIBRARY, 2**32 - 1),
    (ic1.Ticket(b"\x00" * 10, b"\x80" * 32, 1), ic1.Scene.SHOPPING, 1_795_420_829),
]

AMOUNTS = {
    "12": 1200, "12.5": 1250, "12.50": 1250, "0.07": 7, "1,234.05": 123405, "¥8": 800, "1.005": None, "-1": None,
    "": None, "1e3": None, "99999999.99": 9999999999, "123456789": None,
}  # fmt: skip

# Unit, value, price and cap in fen -> what is taken off.
WORTHS = [
    ("permille", 100, 12850, None, 1285),
    ("permille", 333, 100, None, 33),
    ("permille", 100, 30000, 2000, 2000),
    ("fen", 1000, 2500, None, 1000),
    ("fen", 1000, 600, None, 600),
    ("minutes", 30, 600, None, 0),
]


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


async def test_the_phone_computes_the_same_codes_as_the_server(resident_page: OpenedPage) -> None:
    for ticket, scene, moment in CODES:
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


async def test_amounts_are_exact_to_the_fen(resident_page: OpenedPage) -> None:
    understood = await resident_page.page.evaluate(
        "async ([module, typed]) => { const { fenOf } = await import(module); return typed.map(fenOf); }",
        [f"{shell.FILES_PATH}/money.js", list(AMOUNTS)],
    )
    assert dict(zip(AMOUNTS, understood, strict=True)) == AMOUNTS
    for *given, expected in WORTHS:
        worth = await resident_page.page.evaluate(
            "async ([module, given]) => (await import(module)).worth(...given)", [f"{shell.FILES_PATH}/money.js", given]
        )
        assert worth == expected, given
