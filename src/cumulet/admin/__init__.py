"""The endpoints by which a cloud is looked after: /_cumulet/..., and the ones that people know from elsewhere.

They answer to this machine only, and never to a foreign web page. A cloud that others can reach believes not even
this machine, where a proxy may speak for strangers: it asks for the token in the data directory's `cumulet.pid`.

The command line uses the same handlers, over HTTP while the cloud runs and in its own process while it is down."""

from __future__ import annotations

import hmac
import logging
import sqlite3
from typing import TYPE_CHECKING, Any

import msgspec

from cumulet.admin.arguments import BadRequest, NotFound
from cumulet.admin.table import HANDLERS
from cumulet.coverage import UnknownService
from cumulet.gateway.bodies import Body, BodyTooLarge
from cumulet.gateway.http import Request, Response
from cumulet.gateway.origins import is_loopback, is_own_host, is_own_origin
from cumulet.kernel.errors import NotImplementedYet
from cumulet.snapshots import NoSuchSnapshot, SnapshotError

if TYPE_CHECKING:
    from cumulet.cloud import Cloud

log = logging.getLogger("cumulet.admin")

TOKEN_HEADER = "x-cumulet-token"  # noqa: S105 - a name
_PREFIXES = ("/_cumulet/", "/_localstack/", "/moto-api/reset")  # "moto-api" could be a bucket; "_" could not begin one
_LARGEST_BODY = 1024 * 1024
_UNGUARDED = ("/_cumulet/health", "/_localstack/health")


class Admin:
    """Looks after one cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def answer(self, request: Request, body: Body) -> Response | None:
        """The answer, or None for a request that is not for us."""
        if not request.path.startswith(_PREFIXES):
            return None
        if not self._may(request):
            return _json(403, {"error": "only this machine may look after the cloud"})
        if not self._has_token(request):
            return _json(403, {"error": f"send the token of the cloud's pid file as {TOKEN_HEADER}"})
        try:
            sent = await body.read(_LARGEST_BODY)
        except BodyTooLarge:
            return _json(413, {"error": f"at most {_LARGEST_BODY} bytes"})
        status, content = await self.perform(request.method, request.path, sent)
        return _json(status, content, with_body=request.method != "HEAD")

    async def perform(self, method: str, path: str, sent: bytes = b"") -> tuple[int, Any]:
        """Do what was asked with the JSON in `sent`; a status and what to answer. Never raises."""
        try:
            return 200, await self._handle(method, path.rstrip("/"), sent)
        except (NotFound, NoSuchSnapshot, UnknownService) as error:
            return 404, {"error": str(error)}
        except SnapshotError as error:
            return 409, {"error": str(error)}
        except NotImplementedYet as error:
            return 501, {"error": error.message.rstrip(".")}
        except BadRequest as error:
            return 400, {"error": str(error)}
        except (OSError, sqlite3.Error) as error:
            log.warning("%s %s failed: %s", method, path, error)
            return 507, {"error": f"the data directory: {getattr(error, 'strerror', None) or error}"}
        except Exception as error:  # whatever it is, it becomes an answer
            log.error("%s %s failed by a bug", method, path, exc_info=error)
            return 500, {"error": f"a bug of Cumulet's: {type(error).__name__}: {error}"}

    async def _handle(self, method: str, path: str, sent: bytes) -> Any:
        method = "GET" if method == "HEAD" else method
        for pattern, handlers in HANDLERS:
            if found := pattern.fullmatch(path):
                if method not in handlers:
                    raise NotFound(f"{path} takes {' and '.join(handlers)}, not {method}")
                arguments_type, handler = handlers[method]
                return await handler(self._cloud, _arguments(sent, arguments_type), **found.groupdict())
        raise NotFound(f"there is no {path}")

    def _may(self, request: Request) -> bool:
        origin = request.headers.get("origin")
        return (
            is_loopback(request.source_ip)
            and is_own_host(request.headers.get("host", ""), self._cloud.settings.domains)
            and (origin is None or is_own_origin(origin))
        )

    def _has_token(self, request: Request) -> bool:
        if self._cloud.is_private or (request.path in _UNGUARDED and request.method in ("GET", "HEAD")):
            return True
        given = request.headers.get(TOKEN_HEADER, "").encode()
        return hmac.compare_digest(given, self._cloud.token.encode())


def _arguments(sent: bytes, arguments_type: type) -> Any:
    try:
        return msgspec.json.decode(sent or b"{}", type=arguments_type)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest(f"the body: {error}") from None


def _json(status: int, content: Any, *, with_body: bool = True) -> Response:
    body = msgspec.json.encode(content)
    headers = [("content-type", "application/json"), ("content-length", str(len(body)))]
    return Response(status, headers, body if with_body else b"")
