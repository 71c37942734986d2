"""The published contract: OpenAPI 3.1 from the code, with the examples that every operation declares."""

from collections.abc import Iterable, Mapping
from inspect import cleandoc
from typing import Any

import msgspec
from litestar import Litestar, Response
from litestar.routes import HTTPRoute
from msgspec import inspect

from backend.platform.problems import ProblemDetails


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
                    _require_idempotency_key(operation)
    _describe_exactly(schema["components"]["schemas"], _structs(application))
    _publish_patterns(schema)
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
                    waits = options["waits"] if status == "202" else None
                    media["example"] = waits[1] if waits else options["answer"]


def _require_idempotency_key(operation: dict[str, Any]) -> None:
    """Handlers take it as optional, so that its absence has a problem code of its own; callers have to send it."""
    for parameter in operation.get("parameters", ()):
        if parameter["name"] == "Idempotency-Key":
            parameter["required"] = True
            parameter["schema"] = {"type": "string", "format": "uuid"}


def _describe_exactly(schemas: dict[str, Any], structs: Iterable[type[msgspec.Struct]]) -> None:
    """Structs are described by the library that reads and writes them: the framework's description says nothing of
    unknown fields being refused, and leaves out what holds for the items of a list and the keys of a mapping."""
    for struct in structs:
        module = struct.__module__
        for name, schema in msgspec.json.schema_components([struct], ref_template="{name}")[1].items():
            key = _key_of(name, module, schemas) or name
            if name == struct.__name__ or key not in schemas:
                schemas[key] = _with_references(schema, module, schemas)


def _with_references(node: Any, module: str, schemas: Mapping[str, Any]) -> Any:
    """A schema of this module's struct, with references to where the framework keeps what it refers to."""
    if isinstance(node, list):
        return [_with_references(child, module, schemas) for child in node]
    if not isinstance(node, dict):
        return node
    whole = {name: _with_references(child, module, schemas) for name, child in node.items()}
    if isinstance(name := node.get("$ref"), str):
        whole["$ref"] = f"#/components/schemas/{_key_of(name, module, schemas) or name}"
    if isinstance(text := node.get("description"), str):
        whole["description"] = cleandoc(text)
    return whole


def _key_of(name: str, module: str, schemas: Mapping[str, Any]) -> str | None:
    """Under which key the framework describes a type: its name, or as much of its path as tells it from others."""
    keys = [key for key in schemas if key == name or key.endswith(f"_{name}")]
    path = f"{module}.{name}".replace(".", "_")
    return next((key for key in keys if path.endswith(key)), keys[0] if len(keys) == 1 else None)


def _structs(application: Litestar) -> list[type[msgspec.Struct]]:
    """Every struct that an operation takes or answers, however deep, in a stable order."""
    found: dict[str, type[msgspec.Struct]] = {}
    waiting: list[Any] = [inspect.type_info(ProblemDetails)]
    for route in application.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else ():
            signature = handler.parsed_fn_signature
            answer = signature.return_type
            types = [answer.inner_types[0] if answer.is_subclass_of(Response) and answer.inner_types else answer]
            types += [signature.parameters["data"]] if "data" in signature.parameters else []
            waiting += [inspect.type_info(each.annotation) for each in types]
            if handler.opt.get("waits"):
                waiting.append(inspect.type_info(handler.opt["waits"][0]))
    while waiting:
        node = waiting.pop()
        if isinstance(node, inspect.StructType):
            name = f"{node.cls.__module__}.{node.cls.__qualname__}"
            if name in found:
                continue
            found[name] = node.cls
        if isinstance(node, (inspect.Type, inspect.Field)):
            waiting += [getattr(node, field) for field in node.__struct_fields__]
        elif isinstance(node, tuple):
            waiting += node
    return [found[name] for name in sorted(found)]


def _publish_patterns(node: Any) -> None:
    """In ECMA-262, the dialect of JSON Schema, `$` is the end; only Python needs to be told that no newline may follow."""
    if isinstance(node, dict):
        if isinstance(pattern := node.get("pattern"), str):
            node["pattern"] = pattern.replace(r"(?!\n)$", "$")
        for child in node.values():
            _publish_patterns(child)
    elif isinstance(node, list):
        for child in node:
            _publish_patterns(child)
