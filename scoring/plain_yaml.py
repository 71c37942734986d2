"""YAML without its tricks: a rule set says everything where it stands.

A document that refers back to itself can be a few lines long and unfold to billions of values, one that is nested without end
crashes the process in the parser, and a tag (`!!int ""`) makes it fail in ways of its own: all are refused from the events of
the parser, before anything is built.
"""

from typing import TypeVar

import msgspec
import yaml

Kind = TypeVar("Kind")

_DEEPEST = 32
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def decode(data: bytes, *, type: type[Kind]) -> Kind:  # noqa: A002 as msgspec.yaml.decode has it
    """The document as `type`. Raises msgspec.DecodeError, also for anchors, tags and nesting beyond 32, or ValidationError."""
    depth = 0
    try:
        for event in yaml.parse(data, Loader=_LOADER):
            place = f"line {event.start_mark.line + 1}" if event.start_mark else "it"
            if isinstance(event, yaml.AliasEvent):
                raise msgspec.DecodeError(f"{place} refers to an anchor (*{event.anchor})")
            if (tag := getattr(event, "tag", None)) is not None:
                raise msgspec.DecodeError(f"{place} has a tag ({tag})")
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > _DEEPEST:
                    raise msgspec.DecodeError(f"{place} is nested more than {_DEEPEST} deep")
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
    except yaml.YAMLError as error:
        raise msgspec.DecodeError(str(error)) from None
    return msgspec.yaml.decode(data, type=type)
