"""OPTIONS: the methods of a path, all of them."""

from functools import cache

from litestar import Litestar, Request, Response
from litestar.routes import HTTPRoute


def answer_options(request: Request) -> Response[None] | None:
    """The answer to OPTIONS (RFC 9110, section 9.3.7); None for every other method.

    The framework's own answer names only the methods of the handler that was registered first.
    """
    if request.method != "OPTIONS":
        return None
    methods = _methods(request.app).get(request.scope["path_template"], ())
    return Response(None, status_code=204, headers={"Allow": ", ".join(methods)})


@cache
def _methods(application: Litestar) -> dict[str, tuple[str, ...]]:
    return {
        route.path_format: tuple(sorted(route.methods)) for route in application.routes if isinstance(route, HTTPRoute)
    }
