"""The ASGI application: one request, from its bytes to its answer.

`Gateway._answer` is the whole way of a request, top to bottom; each step returns what the next one needs."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from cumulet.gateway import (
    authentication,
    chunked,
    cors,
    integrity,
    post_form,
    post_policy,
    protocols,
    routing,
    sigv4,
    validation,
)
from cumulet.gateway.authentication import Identified, Trust
from cumulet.gateway.bodies import Body, BodyCutShort, Receive, once
from cumulet.gateway.guesses import Guesses
from cumulet.gateway.http import Request, Response
from cumulet.gateway.protocols import bindings
from cumulet.gateway.protocols.codec import without_body
from cumulet.gateway.refusals import Refusal, refusal_of
from cumulet.gateway.routing import Route
from cumulet.gateway.signature_errors import Dialect, SignatureError, dialect
from cumulet.kernel import models
from cumulet.kernel.errors import ClientGone, NotImplementedYet
from cumulet.kernel.kernel import Kernel
from cumulet.kernel.models import Operation
from cumulet.kernel.scope import DEFAULT_REGION, Scope
from cumulet.kernel.service import Answered, RawAnswer, Reply, RequestInfo, Service

log = logging.getLogger("cumulet.requests")

Send = Callable[[dict[str, Any]], Awaitable[None]]
Admin = Callable[[Request, Body], Awaitable[Response | None]]

SMALL_BODY = 64 * 1024
"""Streaming bodies up to this size are read at once: cheaper, and no larger than a network buffer."""
LARGEST_BODY = 16 * 1024 * 1024
LARGEST_BODIES = {"lambda": 70 * 1024 * 1024}
"""A function's code comes base64-encoded in JSON (Lambda quotas: 50 MB zipped)."""
_ONE_LINE = bytes(32 if (byte < 32 and byte != 9) or byte == 127 else byte for byte in range(256))
"""Turns line ends and other control characters into spaces: what somebody stored as one header must not come back as
two, and servers send no others either (RFC 9110, 5.5)."""
_REGION = re.compile(r"[a-z0-9-]{1,64}")
_OF_A_BODY = ("content-type", "content-length")


class Gateway:
    """Serves a kernel over HTTP. `admin` answers what is no AWS request, or None."""

    def __init__(self, kernel: Kernel, trust: Trust, admin: Admin) -> None:
        self._kernel = kernel
        self._trust = trust
        self._admin = admin
        self._date = _DateHeader(kernel)
        self._guesses = Guesses()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        assert scope["type"] == "http", "served without lifespan and websockets"
        request = _request(scope)
        body = Body(receive, request.headers)
        try:
            response = await self._admin(request, body) or await self._answer(request, body)
        except (BodyCutShort, ClientGone):
            return  # nobody is left to hear an answer
        response.headers.append(("date", self._date.value()))
        if log.isEnabledFor(logging.INFO):
            log.info("%d %s %s", response.status, request.method, request.path)
        await _send(send, request, response)

    async def _answer(self, request: Request, body: Body) -> Response:
        route: Route | None = None
        request_id = ""
        reply = Reply(cors=cors.headers_for(request, self._trust.origins))
        code = ""
        try:
            if routing.needs_body(request):
                request.body = await body.read(LARGEST_BODY)
            route = routing.route(request, self._trust.domains)
            request_id = self._request_id(route.service)
            if request.method == "OPTIONS" and (route.service != "s3" or not route.labels):
                return cors.preflight(request, self._trust.origins)
            operation = models.load(route.service).operations.get(route.operation)
            kind = dialect(route.service, route.protocol)
            signature = sigv4.find(request, kind, route.bucket_host)
            identified = await authentication.identify(self._kernel, self._trust, request, signature, kind)
            await self._take_body(request, body, route, operation)
            service = self._service(route)
            info = _info(request, request_id, body)
            if route.operation == "PostObject":
                identified, parameters = await self._open_form(request, route)
            else:
                claim = authentication.prove(self._kernel, request, identified, kind, route.service)
                request.headers |= sigv4.hoisted(request) if kind is Dialect.S3 else {}
                await _unwrap_body(request, claim, identified, info)
                if kind is Dialect.S3 and operation is not None and "requestAlgorithmMember" in operation.checksum:
                    _check_document(request, operation)
                parameters = _parameters(request, route, operation)
            scope = Scope(account=identified.caller.account, region=_region(identified, route))
            result = await self._kernel.call(
                service, _method(route, operation), identified.caller, scope, info, parameters, reply
            )
            response = _serialised(request, route, operation, result, request_id, reply)
        except (BodyCutShort, ClientGone):
            raise
        except Exception as error:  # the one place where any error becomes an answer
            if isinstance(error, SignatureError) and not self._trust.unknown_keys:
                await self._guesses.refused(request.source_ip)
            name, protocol = _spoken(request, route, error)
            refusal = refusal_of(error, name)
            request_id = request_id or self._request_id(name)
            response, code = _refused(request, name, protocol, refusal, request_id), refusal.code
        response.headers += reply.cors.items()
        if reply.witness is not None:
            await reply.witness(Answered(response.status, code, _size(response)))
        return response

    def _request_id(self, service: str) -> str:
        """A name for the request in the form of the service's own: S3's are 16 capitals and digits."""
        return self._kernel.ids.base32(16) if service in ("s3", "s3control") else self._kernel.ids.uuid()

    def _service(self, route: Route) -> type[Service]:
        try:
            return self._kernel.registry.load(route.service)
        except KeyError:
            raise NotImplementedYet(f"Cumulet does not implement the service {route.service} yet.") from None

    async def _take_body(self, request: Request, body: Body, route: Route, operation: Operation | None) -> None:
        """Read the body, or leave it as a stream where the operation takes one."""
        if body.is_empty or request.body:
            return
        streams = route.operation == "PostObject" or (operation is not None and operation.streaming_input)
        if streams and (body.length is None or body.length > SMALL_BODY):
            request.body = aiter(body)
        else:
            request.body = await body.read(LARGEST_BODIES.get(route.service, LARGEST_BODY))

    async def _open_form(self, request: Request, route: Route) -> tuple[Identified, dict[str, Any]]:
        """A browser's upload carries its signature and its parameters in the form, the file last."""
        source = once(request.body) if isinstance(request.body, bytes) else request.body
        form = await post_form.read(source, request.headers.get("content-type", ""))
        signature = sigv4.find_in_form(form.fields)
        identified = await authentication.identify(self._kernel, self._trust, request, signature, Dialect.S3)
        authentication.prove(self._kernel, request, identified, Dialect.S3, "s3")
        fields = {**form.fields, "key": post_policy.fill_in(form.fields.get("key", ""), form.filename)}
        file = form.file
        if "policy" in fields:
            policy = post_policy.parse(fields["policy"])
            policy.check(fields, route.labels["Bucket"], self._kernel.clock.now())
            file = post_policy.sized(file, policy)
        if form.file_type is not None:
            fields.setdefault("content-type", form.file_type)
        return identified, {"Bucket": route.labels["Bucket"], "Fields": fields, "Body": file}


def _request(scope: dict[str, Any]) -> Request:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    client = scope.get("client")
    return Request(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        source_ip=client[0] if client else "127.0.0.1",
        secure=scope.get("scheme") == "https",
    )


async def _unwrap_body(request: Request, claim: str | None, identified: Identified, info: RequestInfo) -> None:
    """Take the framing off, and hold the body to the hash that was signed for it."""
    if claim is None or claim == sigv4.UNSIGNED:
        return
    if claim in sigv4.STREAMING:
        await _unwrap_chunks(request, identified, info)
    elif isinstance(request.body, bytes):
        integrity.check(request.body, claim)
    else:
        request.body = integrity.checked(request.body, claim)


def _check_document(request: Request, operation: Operation) -> None:
    """S3's documents may come with digests; those of an object's bytes are the service's business."""
    if operation.streaming_input is None and isinstance(request.body, bytes):
        integrity.check_digests(request.body, request.headers)


async def _unwrap_chunks(request: Request, identified: Identified, info: RequestInfo) -> None:
    """A short body is decoded now, a long one while it is read; its trailers are in `info` when it has ended."""
    source = once(request.body) if isinstance(request.body, bytes) else request.body
    body = chunked.decode(source, request.headers, signature=identified.signature, secret=identified.secret)
    if isinstance(request.body, bytes):
        request.body = b"".join([piece async for piece in body])
    else:
        request.body = aiter(body)
    info.trailers = body.trailers


def _parameters(request: Request, route: Route, operation: Operation | None) -> dict[str, Any]:
    if operation is None:
        return dict(route.labels)
    model = models.load(route.service)
    parameters = protocols.codec(model, route.operation, route.protocol).parse(request, route.labels or None)
    validation.check(model, route.operation, parameters)
    return parameters


def _method(route: Route, operation: Operation | None) -> str:
    return operation.method if operation is not None else models.method_name(route.operation)


def _region(identified: Identified, route: Route) -> str:
    signed = identified.signature.region if identified.signature is not None else None
    region = signed if signed and _REGION.fullmatch(signed) else route.host.region
    return region or DEFAULT_REGION


def _info(request: Request, request_id: str, body: Body) -> RequestInfo:
    host = request.headers.get("host", "127.0.0.1")
    return RequestInfo(
        id=request_id,
        endpoint=f"{'https' if request.secure else 'http'}://{host}",
        source_ip=request.source_ip,
        user_agent=request.headers.get("user-agent", ""),
        secure=request.secure,
        headers=request.headers,
        method=request.method,
        path=request.path,
        query=request.query,
        departure=body.departure,
    )


def _serialised(
    request: Request, route: Route, operation: Operation | None, result: Any, request_id: str, reply: Reply
) -> Response:
    if isinstance(result, RawAnswer):
        ids = bindings.request_headers(models.load(route.service), request_id)
        response = Response(result.status, [*ids, *result.headers.items()], result.body)
    else:
        codec = protocols.codec(models.load(route.service), route.operation, route.protocol)
        response = codec.serialise(result, request_id)
    response.headers += reply.headers.items()
    response.status = reply.status or response.status
    if response.status == HTTPStatus.NO_CONTENT:  # a protocol may have a body even for an output without members
        response.body = b""
        response.headers = [(name, value) for name, value in response.headers if name.lower() not in _OF_A_BODY]
    return response


def _size(response: Response) -> int | None:
    """The length of an answer's body, as far as it is known before it is sent."""
    if isinstance(response.body, bytes):
        return len(response.body)
    lengths = [int(value) for name, value in response.headers if name.lower() == "content-length" and value.isdigit()]
    return lengths[0] if lengths else None


def _spoken(request: Request, route: Route | None, error: Exception) -> tuple[str, str]:
    """The service and the protocol in whose form to refuse; a guess where nothing says what was meant."""
    if route is not None:
        return route.service, route.protocol
    if isinstance(error, routing.Unroutable) and error.service is not None:
        return error.service, error.protocol
    content_type = request.headers.get("content-type", "")
    if "x-amz-target" in request.headers or "json" in content_type:
        return "sqs", "json"
    return ("sts", "query") if "form-urlencoded" in content_type else ("s3", "rest-xml")


def _refused(request: Request, service: str, protocol: str, refusal: Refusal, request_id: str) -> Response:
    write = protocols.error_writer(models.load(service), protocol)
    code = refusal.query_code if protocol == "query" and refusal.query_code else refusal.code
    response = write(code, refusal.message, refusal.status, request_id, None, refusal.members)
    if refusal.query_code and models.load(service).query_compatible:
        _name_in_query(response, refusal.query_code)
    response.headers += refusal.headers.items()
    has_body = request.method != "HEAD" and refusal.status != HTTPStatus.NOT_MODIFIED
    return response if has_body else without_body(response)


def _name_in_query(response: Response, code: str) -> None:
    """Say what the query protocol called the error, where no model does."""
    for at, (name, value) in enumerate(response.headers):
        if name == "x-amzn-query-error":
            response.headers[at] = (name, f"{code};{value.rpartition(';')[2]}")


class _DateHeader:
    """The Date of an answer is the cloud's, made once a second: clients correct their own clock by it."""

    def __init__(self, kernel: Kernel) -> None:
        self._clock = kernel.clock
        self._second = -1
        self._text = ""

    def value(self) -> str:
        second = int(self._clock.seconds())
        if second != self._second:
            self._second, self._text = second, formatdate(second, usegmt=True)
        return self._text


async def _send(send: Send, request: Request, response: Response) -> None:
    headers = [
        (_wire_name(name), value.encode("latin-1", "replace").translate(_ONE_LINE)) for name, value in response.headers
    ]
    body = response.body
    if isinstance(body, bytes):
        if response.status not in (204, 304) and not any(name == b"content-length" for name, _ in headers):
            headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else body})
        return
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await _send_stream(send, body)


@lru_cache(maxsize=1024)
def _wire_name(name: str) -> bytes:
    return name.lower().encode("latin-1")


async def _send_stream(send: Send, body: AsyncIterator[bytes]) -> None:
    await send({"type": "http.response.body", "body": b"", "more_body": True})  # the head goes first, alone if need be
    try:
        async for piece in body:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    finally:
        if hasattr(body, "aclose"):
            await body.aclose()
    await send({"type": "http.response.body", "body": b""})
