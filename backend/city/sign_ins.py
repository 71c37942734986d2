"""One sign-in for each kind of actor of the synthetic city, and the pages of its first enterprise, kept beside the data for its
operator, readable by nobody else."""

import os
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


class SignIn(msgspec.Struct, frozen=True, omit_defaults=True):
    """How an actor signs in: by phone and one-time code, or by signing with the key in a file. With neither, `page` is for
    everybody."""

    actor: str
    title: str
    phone: str = ""
    key_id: str = ""
    key_file: str = ""
    page: str = ""


def folder(data_directory: Path) -> Path:
    """Where keys and sign-ins lie."""
    return data_directory / "demo"


def write_key(data_directory: Path, name: str, key: Ed25519PrivateKey) -> str:
    """Writes a private key as PEM, readable by its owner; gives the file's path."""
    place = folder(data_directory)
    place.mkdir(parents=True, exist_ok=True)
    path = place / f"{name}.pem"
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with os.fdopen(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
        file.write(pem)
    return str(path)


def write(data_directory: Path, sign_ins: list[SignIn]) -> None:
    """Keeps the sign-ins."""
    place = folder(data_directory)
    place.mkdir(parents=True, exist_ok=True)
    (place / "sign-ins.json").write_bytes(msgspec.json.format(msgspec.json.encode(sign_ins), indent=1))


def read(data_directory: Path) -> dict[str, SignIn]:
    """The sign-ins by actor; empty where the city was not built from here."""
    try:
        content = (folder(data_directory) / "sign-ins.json").read_bytes()
    except FileNotFoundError:
        return {}
    return {sign_in.actor: sign_in for sign_in in msgspec.json.decode(content, type=list[SignIn])}


def describe(data_directory: Path) -> list[tuple[str, str]]:
    """The sign-ins as rows for a terminal: whose, and the phone, or the key's file and id."""
    rows = []
    for sign_in in read(data_directory).values():
        if sign_in.phone:
            rows.append((sign_in.title, sign_in.phone))
        elif sign_in.key_file:
            rows += [(sign_in.title, sign_in.key_file), ("", f"keyid {sign_in.key_id}")]
    return rows


def public_pages(data_directory: Path, address: str) -> list[tuple[str, str]]:
    """The pages that everybody may open as rows for a terminal: what it is, and where."""
    return [
        (sign_in.title, f"{address}{sign_in.page}")
        for sign_in in read(data_directory).values()
        if sign_in.page and not sign_in.phone
    ]
