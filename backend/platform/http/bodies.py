"""Bodies must say what they are: a JSON body under another content type, or not in UTF-8 (RFC 8259), is refused, not guessed at."""

import re
from functools import cache
from typing import Any

import msgspec
from litestar import Request
from litestar.handlers import HTTPRouteHandler

from backend.platform.problems import MALFORMED_REQUEST, UNSUPPORTED_MEDIA_TYPE, FieldError

_UNKNOWN_FIELD = re.compile(r"unknown field `([^`]{1,100})`")
_MISSING_FIELD = re.compile(r"missing required field `([^`]{1,100})`")

_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


async def require_json(request: Request) -> None:
    """Refuses a body that is not declared as JSON where the handler reads one; an image upload declares its own type."""
    if request.method not in _WITH_BODY:
        return
    expected = request.route_handler.opt.get("content_type", "application/json")
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    takes_body = "data" in request.route_handler.parsed_fn_signature.parameters or expected != "application/json"
    if takes_body and given != expected:
        raise UNSUPPORTED_MEDIA_TYPE.error(
            detail=f"请使用 Content-Type: {expected}。", detail_en=f"Send it as Content-Type: {expected}."
        )
    if not takes_body or expected != "application/json":
        return
    try:
        _decoder(request.route_handler).decode(await request.body())
    except msgspec.ValidationError as error:
        raise MALFORMED_REQUEST.error(errors=[_field_error(str(error))]) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        reason = FieldError("body", "请求体不是 UTF-8 编码的有效 JSON", f"not valid JSON in UTF-8: {error}"[:300])
        raise MALFORMED_REQUEST.error(errors=[reason]) from None


@cache
def _decoder(handler: HTTPRouteHandler) -> msgspec.json.Decoder[Any]:
    """Strict: the framework itself would take the text "3" for the number 3."""
    return msgspec.json.Decoder(handler.parsed_fn_signature.parameters["data"].annotation)


def _field_error(message: str) -> FieldError:
    """msgspec names the place as `... - at `$.rows[0].item``, and an unknown or missing field inside its sentence."""
    sentence, _, place = message.partition(" - at `$")
    path = place.rstrip("`").lstrip(".")
    for pattern, reason in ((_UNKNOWN_FIELD, "没有这个字段"), (_MISSING_FIELD, "缺少这个字段")):
        if found := pattern.search(sentence):
            return FieldError(f"{path}.{found[1]}".lstrip("."), reason, sentence[:300])
    return FieldError(path or "body", "取值不符合要求", sentence[:300])
