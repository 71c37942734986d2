"""A camera frame in, the text of an integrity code out; everything else is refused or says nothing."""

import io
import struct
import zlib

import httpx2
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from backend.platform.problems import Problem
from backend.platform.roles import Role
from backend.till import frames
from tests.builders.people import Person, PersonBuilder

CODE = "IC1:QA0WL9TQ62BBQ2W8UPS4E2U5KL8O:B+5TJ2RI8VX"


def qr(text: str, scale: int = 8) -> Image.Image:
    symbol = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    return Image.fromarray(symbol.to_image(scale=scale))


def encoded(image: Image.Image, image_format: str = "PNG") -> bytes:
    out = io.BytesIO()
    image.save(out, image_format)
    return out.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A valid PNG of a few hundred bytes that claims this many grey pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


async def clerk_of_no_store(person: PersonBuilder) -> Person:
    return await person(proven=False, roles=(Role.CLERK,))


async def post(client: httpx2.AsyncClient, clerk: Person, body: bytes, media_type: str) -> httpx2.Response:
    return await client.post("/v1/till/frames", content=body, headers={**clerk.headers, "Content-Type": media_type})


@pytest.mark.parametrize(("image_format", "media_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg")])
async def test_the_code_in_a_frame_is_read(
    client: httpx2.AsyncClient, person: PersonBuilder, image_format: str, media_type: str
) -> None:
    frame = Image.new("L", (960, 720), 90)
    frame.paste(qr(CODE), (300, 200))
    answer = await post(client, await clerk_of_no_store(person), encoded(frame, image_format), media_type)
    assert (answer.status_code, answer.json()) == (200, {"text": CODE})


async def test_a_frame_without_a_code_says_nothing(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    answer = await post(client, await clerk_of_no_store(person), encoded(Image.new("L", (640, 480), 128)), "image/png")
    assert (answer.status_code, answer.json()) == (200, {"text": None})


async def test_a_foreign_qr_is_not_passed_on(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    frame = Image.new("L", (900, 400), 255)
    frame.paste(qr("https://example.org/free-money"), (10, 10))
    clerk = await clerk_of_no_store(person)
    assert (await post(client, clerk, encoded(frame), "image/png")).json() == {"text": None}
    frame.paste(qr(CODE), (500, 10))
    assert (await post(client, clerk, encoded(frame), "image/png")).json() == {"text": CODE}


@pytest.mark.parametrize("size", [(30_000, 30_000), (2_100, 2_100), (5_000, 10)])
async def test_a_decompression_bomb_is_refused_before_it_is_decoded(
    client: httpx2.AsyncClient, person: PersonBuilder, size: tuple[int, int]
) -> None:
    answer = await post(client, await clerk_of_no_store(person), bomb(*size), "image/png")
    assert (answer.status_code, answer.json()["code"]) == (413, "frame-too-large")


@pytest.mark.parametrize("body", [b"", b"not a picture", bomb(10, 10)[:40], encoded(qr(CODE), "GIF")])
async def test_what_is_no_picture_is_refused(client: httpx2.AsyncClient, person: PersonBuilder, body: bytes) -> None:
    answer = await post(client, await clerk_of_no_store(person), body, "image/png")
    assert (answer.status_code, answer.json()["code"]) == (422, "frame-unreadable")


async def test_a_frame_says_what_it_is(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    clerk = await clerk_of_no_store(person)
    for media_type in ("application/json", "image/gif", "text/plain"):
        answer = await post(client, clerk, encoded(qr(CODE)), media_type)
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type"), media_type
    assert (await post(client, clerk, encoded(qr(CODE)), "image/jpeg")).json()["code"] == "frame-unreadable"


async def test_a_frame_has_at_most_a_mebibyte(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    answer = await post(client, await clerk_of_no_store(person), b"\0" * (frames.MAXIMUM_BYTES + 1), "image/png")
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


async def test_only_clerks_have_frames_read(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    answer = await post(client, await person(), encoded(qr(CODE)), "image/png")
    assert answer.status_code == 403


async def test_the_contract_says_that_a_frame_is_a_picture(client: httpx2.AsyncClient) -> None:
    contract = (await client.get("/openapi.json")).json()
    body = contract["paths"]["/v1/till/frames"]["post"]["requestBody"]
    assert body["content"].keys() == {"image/png", "image/jpeg"}


async def outcome(picture: bytes, media_type: str) -> str | None:
    """What is read, or the code of the problem."""
    try:
        return await frames.read_code(picture, media_type)
    except Problem as problem:
        return problem.kind.code


_PICTURES = [(encoded(qr(CODE, 2)), "image/png"), (encoded(qr(CODE, 2), "JPEG"), "image/jpeg")]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(_PICTURES), st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), max_size=8), st.data()
)
async def test_a_damaged_picture_is_read_or_refused_and_never_a_crash(
    picture: tuple[bytes, str], damages: list[tuple[int, int]], data: st.DataObject
) -> None:
    content, media_type = bytearray(picture[0]), picture[1]
    for place, value in damages:
        content[place % len(content)] = value
    kept = data.draw(st.integers(1, len(content)))
    assert await outcome(bytes(content[:kept]), media_type) in {None, CODE, "frame-unreadable", "frame-too-large"}
