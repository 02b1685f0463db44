"""Which service and which operation a request calls.

The evidence, strongest first: an RPC path, X-Amz-Target, a form's Action, the credential scope's signing name, the
Host, and at last the path. What says nothing else is S3: an anonymous GET of an object carries no mark at all.
A small index names the candidates; only their models are loaded."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import NoReturn
from urllib.parse import unquote_plus

from cumulet.gateway import hosts, rest_routes, s3_routes, service_index
from cumulet.gateway.hosts import Host
from cumulet.gateway.http import Request
from cumulet.kernel import models

_S3_SCOPES = frozenset({"s3", "s3express", "s3-object-lambda", "s3-outposts"})
_S3_CONTROL = "/v20180820/"

# Services that answer forms of strangers: the links in SNS's messages name neither service nor version.
_OPEN_FORMS = ("sns", "sqs", "sts")


@dataclass(slots=True)
class Route:
    """One call: the service as boto3 names it, the operation as the API names it, and what the path told.

    `labels` are the URI's labels, percent-decoded, by their names in the template; for S3 Bucket and Key also where
    the bucket came from the Host (`bucket_host` then holds it)."""

    service: str
    operation: str
    protocol: str
    labels: dict[str, str] = field(default_factory=dict)
    host: Host = hosts.NOTHING

    @property
    def bucket_host(self) -> str | None:
        return self.host.bucket if self.service == "s3" else None


class Unroutable(Exception):
    """No operation answers to the request. `service` and `protocol`, where known, say in which form to refuse."""

    def __init__(
        self, code: str, message: str, status: int, *, service: str | None = None, protocol: str = "rest-json",
        extra: dict[str, str] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(message or code)
        self.code, self.message, self.status = code, message, status
        self.service, self.protocol, self.extra = service, protocol, extra or {}


class UnknownService(Unroutable):
    """The request names a service that no model describes."""

    def __init__(self, name: str) -> None:
        super().__init__("UnknownService", f"No AWS service answers to {name[:100]!r}.", 404)
        self.name = name


class UnknownOperation(Unroutable):
    """The service is known, the operation is not; the code and words are those of the service's protocol."""

    def __init__(self, service: str, what: str, protocol: str) -> None:
        code, message, status = "UnknownOperationException", "", 400
        if protocol == "ec2":
            code, message = "InvalidAction", f"The action {what[:100]} is not valid for this web service."
        elif protocol == "query":
            version = service_index.entries()[service].version
            code, message = "InvalidAction", f"Could not find operation {what[:100]} for version {version}"
        elif protocol.startswith("rest"):
            status = 404
        super().__init__(code, message, status, service=service, protocol=protocol)
        self.what = what


def needs_body(request: Request) -> bool:
    """Whether `route` must see the body as bytes: a form whose Action is not in the query string."""
    if request.method != "POST" or "x-amz-target" in request.headers or "Action=" in request.query:
        return False
    if not request.headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded"):
        return False
    names = _candidates(signing_name(request), None)
    return not names or any(service_index.entries()[name].form for name in names)


def route(request: Request, domains: tuple[str, ...] = ()) -> Route:
    """Find the call. `domains` are host suffixes of this cloud's own. Raises UnknownService or UnknownOperation."""
    headers = request.headers
    host = hosts.parse(headers.get("host", ""), domains)
    scope = signing_name(request)
    target = headers.get("x-amz-target")
    if target is not None and request.method == "POST":
        service, operation = _by_target(target, scope, host.service)
        return Route(service, operation, "json", host=host)
    if "smithy-protocol" in headers and "/operation/" in request.path:
        return _by_rpc_path(request, host)
    if scope in _S3_SCOPES or (scope is None and host.service in hosts.S3_KINDS):
        return _s3(request, host)
    return _by_action(request, scope, host) or _by_path(request, scope, host)


def signing_name(request: Request) -> str | None:
    """The service in the credential scope, unverified: `Credential=KEY/DATE/REGION/SERVICE/aws4_request`."""
    sent = request.headers.get("authorization")
    if sent is None:
        sent = request.query
        at = sent.find("X-Amz-Credential=")
        credential = sent[at + 17 : _end(sent, "&", at)].replace("%2F", "/").replace("%2f", "/")
    else:
        at = sent.find("Credential=")
        credential = sent[at + 11 : _end(sent, ",", at)]
    if at < 0:
        return None
    parts = credential.rsplit("/", 2)
    return parts[1].lower() if len(parts) == 3 else None


def _end(text: str, mark: str, start: int) -> int:
    at = text.find(mark, start)
    return at if at >= 0 else len(text)


def _candidates(scope: str | None, host_service: str | None) -> tuple[str, ...]:
    """Services that the scope may mean, narrowed by the host where it is one of them."""
    signed = service_index.by_signing_name().get(scope, ()) if scope else ()
    named = service_index.by_endpoint().get(host_service, ()) if host_service else ()
    both = tuple(name for name in signed if name in named)
    return both or signed or named


@lru_cache(maxsize=8192)
def _by_target(target: str, scope: str | None, host_service: str | None) -> tuple[str, str]:
    """Cached, since every call of a JSON service comes this way."""
    prefix, _, operation = target[:300].rpartition(".")
    names = service_index.by_target().get(prefix) or tuple(
        name for name in _candidates(scope, host_service) if "json" in service_index.entries()[name].protocols
    )
    preferred = _candidates(scope, host_service)
    for name in sorted(names, key=lambda name: name not in preferred):
        if operation in models.load(name).operations:
            return name, operation
    if not names:
        raise UnknownService(target)
    raise UnknownOperation(names[0], operation, "json")


def _by_rpc_path(request: Request, host: Host) -> Route:
    """`/service/NAME/operation/OPERATION`, perhaps behind a prefix. Source: Smithy RPC v2 CBOR."""
    before, _, operation = request.path.rpartition("/operation/")
    prefix = before.rpartition("/service/")[2]
    names = service_index.by_target().get(prefix, ())
    for name in names:
        if operation in models.load(name).operations:
            return Route(name, operation, "smithy-rpc-v2-cbor", host=host)
    if not names:
        raise UnknownService(prefix)
    raise UnknownOperation(names[0], operation, "smithy-rpc-v2-cbor")


def _by_action(request: Request, scope: str | None, host: Host) -> Route | None:
    """A form, or its older sibling the query string, that names Action and Version."""
    form = request.query if "Action=" in request.query else _form(request)
    action = _field(form, "Action")
    if not action:
        return None
    names = _form_services(request, _field(form, "Version"), scope, host)
    for name in names:
        if action in models.load(name).operations:
            return Route(name, action, _form_protocol(name), _queue_url(request, name), host)
    if names and (scope or "Version=" in form):
        raise UnknownOperation(names[0], action, _form_protocol(names[0]))
    return None


def _form_services(request: Request, version: str | None, scope: str | None, host: Host) -> tuple[str, ...]:
    entries = service_index.entries()
    dated = service_index.by_version().get(version, ()) if version else ()
    names = tuple(name for name in _candidates(scope, host.service) if entries[name].form)
    if not names and not version:
        if _is_queue_path(request.path):
            return ("sqs",)
        return _OPEN_FORMS if request.path in ("", "/") else ()
    return tuple(name for name in names if name in dated) or names or dated


def _form_protocol(service: str) -> str:
    return "ec2" if "ec2" in service_index.entries()[service].protocols else "query"


def _is_queue_path(path: str) -> bool:
    parts = path.split("/")
    return len(parts) == 3 and len(parts[1]) == 12 and parts[1].isdigit()


def _queue_url(request: Request, service: str) -> dict[str, str]:
    """SQS's old protocol posts to the queue's own URL instead of naming it in the form."""
    if service != "sqs" or request.path in ("", "/"):
        return {}
    scheme = "https" if request.secure else "http"
    return {"QueueUrl": f"{scheme}://{request.headers.get('host', '')}{request.path}"}


def _form(request: Request) -> str:
    """The form as text; only its ASCII field names and values are looked at here."""
    typed = request.headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded")
    if request.method != "POST" or not typed or not isinstance(request.body, bytes):
        return ""
    return request.body.decode("latin-1")


def _field(form: str, name: str) -> str | None:
    """One field without parsing the rest; a form may carry megabytes."""
    start = 0 if form.startswith(name + "=") else form.find(f"&{name}=") + 1
    if start == 0 and not form.startswith(name + "="):
        return None
    return unquote_plus(form[start + len(name) + 1 : min(_end(form, "&", start), start + 300)])


def _by_path(request: Request, scope: str | None, host: Host) -> Route:
    candidates = _candidates(scope, host.service)
    names = tuple(name for name in candidates if service_index.entries()[name].rest)
    if not candidates:
        if scope or host.service:
            raise UnknownService(scope or host.service or "")
        return _unsigned(request, host)
    if request.method == "OPTIONS" and scope is None:
        return Route(candidates[0], "Preflight", service_index.entries()[candidates[0]].protocols[0], host=host)
    return _best(request, _hinted(request, names), host) or _refuse(request, candidates)


def _refuse(request: Request, candidates: tuple[str, ...]) -> NoReturn:
    """No path fits; a service of forms was called without Action, all others by a path or target they lack."""
    protocols = {name: service_index.entries()[name].protocols for name in candidates}
    form = next((name for name in candidates if protocols[name][0] in ("query", "ec2")), None)
    if form is not None and request.path in ("", "/"):
        message = "The request must contain the parameter Action."
        raise Unroutable("MissingAction", message, 400, service=form, protocol=_form_protocol(form))
    name = next((name for name in candidates if service_index.entries()[name].rest), candidates[0])
    protocol = _rest_protocol(name)
    raise UnknownOperation(name, f"{request.method} {request.path}", "json" if "cbor" in protocol else protocol)


def _best(request: Request, names: tuple[str, ...], host: Host) -> Route | None:
    """The most specific match among the candidates; of equals the first."""
    path = _without_stage(request.path) if "apigatewaymanagementapi" in names else request.path
    matches = [(rest_routes.find(name, request.method, path, request.query), name) for name in names]
    found = [(match, name) for match, name in matches if match is not None]
    if not found:
        return None
    match, name = min(found, key=lambda pair: pair[0].rank)
    return Route(name, match.operation, _rest_protocol(name), match.labels, host)


def _without_stage(path: str) -> str:
    """Clients of a WebSocket API post to `/STAGE/@connections/ID`: the stage is part of their endpoint."""
    for mark in ("/@connections/", "/%40connections/"):
        if (at := path.find(mark)) > 0:
            return path[at:]
    return path


def _hinted(request: Request, names: tuple[str, ...]) -> tuple[str, ...]:
    """Most SDKs print the service they call in User-Agent ("api/ivs-realtime#3.1"): it decides between look-alikes."""
    agent = request.headers.get("x-amz-user-agent") or request.headers.get("user-agent", "")
    at = agent.find("api/") if len(names) > 1 else -1
    if at < 0:
        return names
    hint = service_index.by_id().get(service_index.plain(agent[at + 4 : _end(agent, "#", at)][:100]), ())
    return tuple(sorted(names, key=lambda name: name not in hint))


def _rest_protocol(service: str) -> str:
    protocols = service_index.entries()[service].protocols
    return next((protocol for protocol in protocols if protocol.startswith("rest")), protocols[0])


def _unsigned(request: Request, host: Host) -> Route:
    """No scope and no telling host: a bearer's call, one of the few open operations, or an anonymous S3 request."""
    if request.headers.get("authorization", "").startswith("Bearer "):
        found = _best(request, service_index.bearer(), host)
        if found is not None:
            return found
    return _open_operation(request, host) or _s3(request, host)


def _open_operation(request: Request, host: Host) -> Route | None:
    for name, entry in _open_services():
        for _, method, uri, required in entry.anonymous:
            path = uri.partition("?")[0]
            if method == request.method and path == request.path and all(h in request.headers for h in required):
                return _best(request, (name,), host)
    return None


@lru_cache(maxsize=1)
def _open_services() -> tuple[tuple[str, service_index.Entry], ...]:
    return tuple((name, entry) for name, entry in service_index.entries().items() if entry.anonymous)


def _s3(request: Request, host: Host) -> Route:
    sibling = _s3_sibling(request, host)
    if sibling is not None:
        found = _best(request, (sibling,), host)
        if found is None:
            raise UnknownOperation(sibling, f"{request.method} {request.path}", _rest_protocol(sibling))
        return found
    try:
        operation, labels = s3_routes.find(request, host)
    except s3_routes.S3Refusal as no:
        raise Unroutable(no.code, no.message, no.status, service="s3", protocol="rest-xml", extra=no.extra) from None
    return Route("s3", operation, "rest-xml", labels, host)


def _s3_sibling(request: Request, host: Host) -> str | None:
    """S3 Control or S3 on Outposts, which sign as S3. A bucket may be called "v20180820": the path is not enough."""
    if host.service == "s3-control":
        return "s3control"
    if request.path.startswith(_S3_CONTROL):
        marks = ("x-amz-account-id", "x-amz-outpost-id")
        outposts = signing_name(request) == "s3-outposts"
        return "s3control" if outposts or any(mark in request.headers for mark in marks) else None
    if request.path.startswith("/S3Outposts/") and signing_name(request) == "s3-outposts":
        return "s3outposts"
    return None
