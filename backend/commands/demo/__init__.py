"""`xinyi demo`: the whole path as its actors walk it, over HTTP only, each step told in two lines."""

from backend.commands.demo.story import run

__all__ = ["run"]
