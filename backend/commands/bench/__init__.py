"""`xinyi bench`: what the hot endpoints do in a second, beside the ceilings of the same server in the same run."""

from backend.commands.bench.command import Plan, run

__all__ = ["Plan", "run"]
