"""`xinyi intake FILE`."""

import asyncio
from pathlib import Path

from backend.commands.progress import progress
from backend.commands.services import opened, servers
from backend.platform.settings import Settings
from backend.records.intake import intake_file
from backend.records.messages import IntakeSummary


def intake(settings: Settings, file: Path, source: str) -> IntakeSummary:
    """Takes in an operator's file of any length. Raises Refusal."""

    async def act(addressed: Settings) -> IntakeSummary:
        async with opened(addressed) as platform:
            with progress("导入 intake", None) as advance:
                return await intake_file(platform, file, source, advance)

    with servers(settings) as addressed:
        return asyncio.run(act(addressed))
