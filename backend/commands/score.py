"""`xinyi score reconcile`: recompute everybody from the records and compare."""

import asyncio

from backend.commands.progress import progress
from backend.commands.services import opened, servers
from backend.platform.settings import Settings
from backend.scores import computing, reconciliation
from backend.scores.messages import Reconciliation


def reconcile(settings: Settings, recompute: bool) -> Reconciliation:
    """The differences between stored and recomputed scores; with `recompute` they are written and reconciled once more.

    Raises Refusal.
    """

    async def act(addressed: Settings) -> Reconciliation:
        async with opened(addressed) as platform:
            people = await reconciliation.count_people(platform)
            with progress("核对信用分 scores", people) as advance:
                found = await reconciliation.reconcile(platform, advance)
            if recompute and found.differences:
                with progress("重新计算 recompute", people) as advance:
                    await computing.recompute_everyone(platform, advance)
                with progress("再次核对 once more", people) as advance:
                    await reconciliation.reconcile(platform, advance)
            return found

    with servers(settings) as addressed:
        return asyncio.run(act(addressed))
