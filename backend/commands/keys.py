"""`xinyi keys`: our own keys, and the public keys of those who sign requests to us."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from backend.commands.services import opened, servers
from backend.partner_accounts import service as partner_accounts
from backend.partner_accounts.messages import NewPartnerKey
from backend.platform import keys
from backend.platform.keys import Purpose
from backend.platform.problems import Problem
from backend.platform.refusal import Refusal
from backend.platform.settings import Settings
from backend.records.intake import register_key as register_source_key
from backend.records.intake import sources_with_ids
from partners.signatures.keys import PublicKey, jwk_of


def listing(settings: Settings) -> list[dict[str, object]]:
    """Every key without its secret."""

    async def act(addressed: Settings) -> list[dict[str, object]]:
        async with opened(addressed) as platform, platform.database.connection() as connection:
            return list(await keys.listing(connection))

    with servers(settings) as addressed:
        return asyncio.run(act(addressed))


def rotate(settings: Settings, purpose: str) -> str:
    """Publishes the next key of a purpose; gives its kid. Raises Refusal for an unknown purpose."""
    try:
        wanted = Purpose(purpose)
    except ValueError:
        known = ", ".join(Purpose)
        raise Refusal(f"不认识的用途 {purpose}，可用：{known}。", f"Unknown purpose {purpose}: use {known}.") from None

    async def act(addressed: Settings) -> str:
        async with opened(addressed) as platform, platform.database.transaction() as connection:
            return await keys.rotate(connection, platform.cipher, wanted, platform.clock.now())

    with servers(settings) as addressed:
        return asyncio.run(act(addressed))


def register(settings: Settings, owner: str, file: Path, *, test: bool = False) -> str:
    """Registers a public key of a source (its code), from JWK or PEM, or of a partner (its credit code), whose file also holds
    the proof that it has the private part; gives the key id. With `test` it is a public key alone, which opens the partner's
    sandbox and nothing else.

    Raises Refusal for an owner, a key or a proof that cannot be used. A running server knows the key within a second.
    """
    content = _content(file)

    async def act(addressed: Settings) -> str:
        async with opened(addressed) as platform:
            sources = {source.code: source_id for source, source_id in await sources_with_ids(platform)}
            async with platform.database.transaction() as connection:
                try:
                    if owner in sources and not test:
                        return await register_source_key(
                            platform, connection, sources[owner], _public_key(file, content)
                        )
                    if (partner_id := await partner_accounts.find(connection, owner)) is not None:
                        if test:
                            jwk = _public_key(file, content)
                            return await partner_accounts.register_test_key(platform, connection, partner_id, jwk)
                        new = _proven_key(file, content)
                        return await partner_accounts.register_key_at_the_desk(
                            platform, connection, partner_id, owner, new
                        )
                except ValueError as error:
                    raise Refusal(f"不能登记该密钥：{error}。", f"The key cannot be registered: {error}.") from None
                except Problem as problem:
                    raise Refusal(f"{problem.kind.title}。", f"{problem.kind.title_en}.") from None
        raise Refusal(
            f"没有找到 {owner}：请填写商户的统一社会信用代码，或信源编号。",
            f"{owner} was not found: give a partner's unified social credit code, or a source's code.",
        )

    with servers(settings) as addressed:
        return asyncio.run(act(addressed))


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Refusal(f"无法读取 {file}：{error.strerror}。", f"{file} cannot be read: {error.strerror}.") from None


def _proven_key(file: Path, content: bytes) -> NewPartnerKey:
    """A public key with the proof that its owner has the private part."""
    try:
        return msgspec.json.decode(content, type=NewPartnerKey)
    except ValueError as error:
        raise Refusal(
            f"{file} 不是带持有证明的公钥：{error}。请商户按商户文档第 2 节生成。",
            f"{file} holds no public key with a proof of possession: {error}. The partner makes it as in docs/partners.md, section 2.",
        ) from None


def _public_key(file: Path, content: bytes) -> Mapping[str, object]:
    """The JWK in a file that holds one, or a public key in PEM."""
    try:
        if content.startswith(b"-----BEGIN"):
            key = load_pem_public_key(content)
            if not isinstance(key, PublicKey):
                raise ValueError("only Ed25519 and P-256 are registered")
            return jwk_of(key)
        return msgspec.json.decode(content, type=dict[str, object])
    except ValueError as error:
        raise Refusal(
            f"{file} 不是公钥（JWK 或 PEM）：{error}。", f"{file} holds no public key (JWK or PEM): {error}."
        ) from None


def revoke(settings: Settings, kid: str) -> bool:
    """Revokes a key at once, ours or a signer's, of which its partner is told; False if there is none to revoke."""

    async def act(addressed: Settings) -> bool:
        async with opened(addressed) as platform, platform.database.transaction() as connection:
            ours = await keys.revoke(connection, platform.cipher, kid, platform.clock.now())
            return ours or await partner_accounts.revoke_key_at_the_desk(connection, kid)

    with servers(settings) as addressed:
        return asyncio.run(act(addressed))
