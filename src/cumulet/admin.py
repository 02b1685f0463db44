"""The endpoints by which a cloud is looked after: /_cumulet/..., and the ones that people know from elsewhere.

They answer on a loopback listener only, and never to a foreign web page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import msgspec

from cumulet import __version__
from cumulet.gateway.bodies import Body
from cumulet.gateway.http import Request, Response
from cumulet.gateway.origins import is_loopback, is_own_host, is_own_origin

if TYPE_CHECKING:
    from cumulet.cloud import Cloud

_PREFIXES = ("/_cumulet/", "/_localstack/", "/moto-api/")
_LARGEST_BODY = 1024 * 1024


class Admin:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def answer(self, request: Request, body: Body) -> Response | None:
        """The answer, or None for a request that is not for us."""
        if not request.path.startswith(_PREFIXES):
            return None
        if not self._may(request):
            return _json(403, {"error": "only this machine may look after the cloud"})
        handler = _HANDLERS.get((request.method, request.path.rstrip("/")))
        if handler is None:
            return _json(404, {"error": f"there is no {request.method} {request.path}"})
        arguments = msgspec.json.decode(await body.read(_LARGEST_BODY) or b"{}")
        return _json(200, await handler(self, **arguments))

    def _may(self, request: Request) -> bool:
        origin = request.headers.get("origin")
        return (
            is_loopback(request.source_ip)
            and is_own_host(request.headers.get("host", ""))
            and (origin is None or is_own_origin(origin))
        )

    async def health(self) -> dict[str, Any]:
        names = self._cloud.kernel.registry.names
        return {"status": "running", "version": __version__, "services": {name: "available" for name in names}}


def _json(status: int, content: Any) -> Response:
    return Response(status, [("content-type", "application/json")], msgspec.json.encode(content))


_HANDLERS: dict[tuple[str, str], Callable[..., Awaitable[Any]]] = {
    ("GET", "/_cumulet/health"): Admin.health,
    ("GET", "/_localstack/health"): Admin.health,
}
