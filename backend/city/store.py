"""SQL of the synthetic city: its one row, and beginning anew after a build that was cut off."""

from datetime import datetime

from backend.platform.database import Connection, Row

# What a build that was cut off may have left; keys and the city's own row stay.
_KEPT = frozenset({"signing_key", "synthetic_city", "migration"})


async def built(connection: Connection) -> Row | None:
    """The city's row, and when its building began."""
    return await connection.fetch_one("SELECT seed, residents, state, started_at FROM synthetic_city WHERE id = 1")


async def city(connection: Connection) -> Row | None:
    """The city's row, locked."""
    return await connection.fetch_one("SELECT seed, residents, state FROM synthetic_city WHERE id = 1 FOR UPDATE")


async def holds_people(connection: Connection) -> bool:
    """Whether anybody is registered or any record stored."""
    return bool(await connection.fetch_value("SELECT EXISTS (SELECT 1 FROM subject)")) or bool(
        await connection.impersonal("existence only", "SELECT 1 FROM account LIMIT 1")
    )


async def begin(connection: Connection, seed: int, residents: int, now: datetime) -> None:
    """Empties every table but the keys, and says that a city is being built."""
    tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    names = ", ".join(f'"{row["tablename"]}"' for row in tables if row["tablename"] not in _KEPT)
    await connection.execute(f"TRUNCATE {names} RESTART IDENTITY")
    await connection.execute(
        "INSERT INTO synthetic_city (id, seed, residents, state, started_at) VALUES (1, $1, $2, 'building', $3) "
        "ON CONFLICT (id) DO UPDATE SET seed = excluded.seed, residents = excluded.residents, state = 'building', "
        "started_at = excluded.started_at",
        seed,
        residents,
        now,
    )


async def finish(connection: Connection) -> None:
    """The city is whole."""
    await connection.execute("UPDATE synthetic_city SET state = 'whole' WHERE id = 1")
