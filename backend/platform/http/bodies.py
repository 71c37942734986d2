"""Bodies must say what they are: a JSON body under another content type, or not in UTF-8 (RFC 8259), is refused, not guessed at."""

from litestar import Request

from backend.platform.problems import MALFORMED_REQUEST, UNSUPPORTED_MEDIA_TYPE, FieldError

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
    if takes_body and expected == "application/json":
        try:
            (await request.body()).decode()
        except UnicodeDecodeError as error:
            raise MALFORMED_REQUEST.error(
                errors=[FieldError("body", f"第 {error.start} 字节不是 UTF-8", f"byte {error.start} is not UTF-8")]
            ) from None
