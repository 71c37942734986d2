"""The published contract: OpenAPI 3.1 from the code, with the examples that every operation declares."""

from typing import Any

import msgspec
from litestar import Litestar
from litestar.routes import HTTPRoute


def document(application: Litestar) -> dict[str, Any]:
    """The OpenAPI document as plain data, in a stable order."""
    schema: dict[str, Any] = msgspec.to_builtins(application.openapi_schema.to_schema())
    for route in application.routes:
        if not isinstance(route, HTTPRoute):
            continue
        path = schema["paths"].get(_openapi_path(route))
        for handler in route.route_handlers:
            for method in handler.http_methods:
                operation = (path or {}).get(method.lower())
                if operation is not None:
                    _add_examples(operation, handler.opt)
    return schema


def encoded(application: Litestar) -> bytes:
    """The document as the bytes that are committed under `openapi/` and served."""
    return msgspec.json.format(msgspec.json.encode(document(application), order="sorted"), indent=1) + b"\n"


def _openapi_path(route: HTTPRoute) -> str:
    return route.path_format or "/"


def _add_examples(operation: dict[str, Any], options: dict[str, Any]) -> None:
    if options.get("example") is not None:
        for media in operation.get("requestBody", {}).get("content", {}).values():
            media["example"] = options["example"]
    if options.get("answer") is not None:
        for status, response in operation["responses"].items():
            if status.startswith("2"):
                for media in response.get("content", {}).values():
                    media["example"] = options["answer"]
