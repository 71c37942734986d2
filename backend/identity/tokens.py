"""Access tokens 访问令牌: PyJWT, EdDSA, 15 minutes; and the worker's list of sessions that ended before their tokens did."""

from datetime import datetime, timedelta
from uuid import UUID

import jwt

from backend.platform.callers import Caller
from backend.platform.clock import Clock
from backend.platform.database import Database
from backend.platform.keys import OwnKeys, Purpose
from backend.platform.problems import NOT_SIGNED_IN
from backend.platform.roles import Role

LIFETIME = timedelta(minutes=15)
_AUDIENCE = "xinyi"


class EndedSessions:
    """Sessions that ended in the last 15 minutes: their access tokens are refused at once, in every worker."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._ended: frozenset[UUID] = frozenset()

    async def reload(self, _: str = "") -> None:
        """Reads them anew; the listener of the `sessions` signal."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                "SELECT id FROM session WHERE ended_at > $1", self._clock.now() - LIFETIME - timedelta(minutes=1)
            )
        self._ended = frozenset(row["id"] for row in rows)

    def __contains__(self, session_id: UUID) -> bool:
        return session_id in self._ended


def issue(
    keys: OwnKeys, account_id: UUID, session_id: UUID, subject_id: UUID | None, roles: frozenset[Role], now: datetime
) -> str:
    """A signed access token that says who, which session and which roles; nothing else about the person."""
    key = keys.active(Purpose.ACCESS_TOKEN)
    claims = {
        "aud": _AUDIENCE,
        "sub": str(account_id),
        "sid": str(session_id),
        "subject": str(subject_id) if subject_id else None,
        "roles": sorted(roles),
        "iat": int(now.timestamp()),
        "exp": int((now + LIFETIME).timestamp()),
    }
    return jwt.encode(claims, key.private_key(), algorithm="EdDSA", headers={"kid": key.kid})


def read(keys: OwnKeys, ended: EndedSessions, token: str, now: datetime, request_id: str) -> Caller:
    """The caller behind an access token. No round trip. Raises NOT_SIGNED_IN."""
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        key = keys.verifying(Purpose.ACCESS_TOKEN, kid) if isinstance(kid, str) else None
        if key is None:
            raise NOT_SIGNED_IN.error()
        claims = jwt.decode(
            token,
            key.public_key(),
            algorithms=["EdDSA"],
            audience=_AUDIENCE,
            # The time is checked below, against our own clock port.
            options={"require": ["exp", "sub", "sid", "aud"], "verify_exp": False, "verify_iat": False},
        )
        session_id = UUID(claims["sid"])
        if claims["exp"] <= now.timestamp() or session_id in ended:
            raise NOT_SIGNED_IN.error()
        return Caller(
            account_id=UUID(claims["sub"]),
            session_id=session_id,
            roles=frozenset(Role(role) for role in claims["roles"]),
            subject_id=UUID(claims["subject"]) if claims["subject"] else None,
            request_id=request_id,
        )
    except (jwt.InvalidTokenError, ValueError, KeyError, TypeError):
        raise NOT_SIGNED_IN.error() from None
