"""SQL of the reports room."""

from datetime import datetime

from backend.platform.database import Connection, Row


async def add(connection: Connection, month: str, figures: object, uptake: object, now: datetime) -> bool:
    """Keeps a report; False if the month has one."""
    touched = await connection.execute(
        "INSERT INTO benefit_report (month, figures, uptake, drawn_at) VALUES ($1, $2, $3, $4) ON CONFLICT (month) DO NOTHING",
        month,
        figures,
        uptake,
        now,
    )
    return touched == 1


async def has(connection: Connection, month: str) -> bool:
    """Whether a month has its report."""
    return await connection.fetch_value("SELECT 1 FROM benefit_report WHERE month = $1", month) is not None


async def one(connection: Connection, month: str) -> Row | None:
    """The report of a month."""
    return await connection.fetch_one(
        "SELECT month, figures, uptake, drawn_at FROM benefit_report WHERE month = $1", month
    )


async def latest(connection: Connection, most: int) -> list[Row]:
    """The figures of the latest months, newest first."""
    return await connection.fetch("SELECT figures FROM benefit_report ORDER BY month DESC LIMIT $1", most)
