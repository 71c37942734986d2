"""`xinyi score reconcile`: recompute everybody from the records and compare."""

import asyncio

from backend.commands.progress import progress
from backend.commands.services import opened, servers
from backend.platform.settings import Settings
from backend.scores import computing
from backend.scores.messages import Reconciliation


def reconcile(settings: Settings, recompute: bool) -> Reconciliation:
    """The differences between stored and recomputed scores; with `recompute` they are written. Raises Refusal."""

    async def act(addressed: Settings) -> Reconciliation:
        async with opened(addressed) as platform:
            with progress("核对信用分 scores", None) as advance:
                found = await computing.reconcile(platform, advance)
                if recompute and found.differences:
                    await computing.recompute_everyone(platform, advance)
            return found

    with servers(settings) as addressed:
        return asyncio.run(act(addressed))
