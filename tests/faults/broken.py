"""Due queues with one defence removed each: what the harness must notice."""

from uuid import UUID

from backend.platform.due import DueQueue

_DUE = "SELECT key FROM due_work WHERE topic = $1 AND due_at <= $2 ORDER BY due_at LIMIT 200"


class TakesBeforeDoing(DueQueue):
    """Commits that the work is taken, then does it."""

    async def _run_batch(self, topic: str) -> int:
        async with self._database.transaction() as connection:
            keys = await self._claim(connection, topic)
        if keys:
            async with self._database.transaction() as connection:
                await self._handlers[topic](connection, keys)
        return len(keys)


class TakesAfterDoing(DueQueue):
    """Commits what was done, then takes the work out."""

    async def _run_batch(self, topic: str) -> int:
        async with self._database.transaction() as connection:
            rows = await connection.fetch(f"{_DUE} FOR UPDATE SKIP LOCKED", topic, self._clock.now())
            keys = [row["key"] for row in rows]
            if keys:
                await self._handlers[topic](connection, keys)
        async with self._database.connection() as connection:
            await connection.execute("DELETE FROM due_work WHERE topic = $1 AND key = ANY($2)", topic, keys)
        return len(keys)


class HoldsNothing(DueQueue):
    """Reads what is due without holding it, does it and takes it out in one transaction."""

    async def _run_batch(self, topic: str) -> int:
        async with self._database.transaction() as connection:
            rows = await connection.fetch(_DUE, topic, self._clock.now())
            keys: list[UUID] = sorted(row["key"] for row in rows)
            if keys:
                await self._handlers[topic](connection, keys)
                await connection.execute(
                    "DELETE FROM due_work WHERE topic = $1 AND key = ANY($2) AND due_at <= $3",
                    topic,
                    keys,
                    self._clock.now(),
                )
        return len(keys)


QUEUES: dict[str, type[DueQueue]] = {
    "as built": DueQueue,
    "takes before doing": TakesBeforeDoing,
    "takes after doing": TakesAfterDoing,
    "holds nothing": HoldsNothing,
}
