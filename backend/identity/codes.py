"""One-time sign-in codes 验证码: six digits, five minutes, five tries; the cache holds only a keyed hash."""

import hmac
import secrets

from redis.asyncio import Redis

from backend.identity.problems import CODE_WRONG
from backend.platform.cipher import FieldCipher

LIFETIME_SECONDS = 300
_TRIES = 5

# One step in the cache, so that tries in parallel cannot exceed their number; a right code is gone with its first use.
_CHECK = """
local stored = redis.call('HGET', KEYS[1], 'code')
if not stored then return 0 end
local tries = redis.call('HINCRBY', KEYS[1], 'tries', 1)
if tries > tonumber(ARGV[2]) then redis.call('DEL', KEYS[1]) return 0 end
if stored ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
return 1
"""


def _key(phone_index: bytes) -> str:
    return f"sign-in-code:{phone_index.hex()}"


def _hash(cipher: FieldCipher, phone_index: bytes, code: str) -> str:
    return hmac.new(cipher.derive("sign-in-code"), phone_index + code.encode(), "sha256").hexdigest()


async def make(cache: "Redis", cipher: FieldCipher, phone_index: bytes) -> str:
    """A new code for a phone; the one before it no longer works. One cache round trip."""
    code = f"{secrets.randbelow(10**6):06d}"
    async with cache.pipeline(transaction=True) as pipeline:
        pipeline.delete(_key(phone_index))
        pipeline.hset(_key(phone_index), "code", _hash(cipher, phone_index, code))
        pipeline.expire(_key(phone_index), LIFETIME_SECONDS)
        await pipeline.execute()
    return code


async def use(cache: "Redis", cipher: FieldCipher, phone_index: bytes, code: str) -> None:
    """Uses up the code of a phone. One cache round trip. Raises CODE_WRONG, also after five tries."""
    script = cache.register_script(_CHECK)
    if not await script(keys=[_key(phone_index)], args=[_hash(cipher, phone_index, code), _TRIES]):
        raise CODE_WRONG.error()
