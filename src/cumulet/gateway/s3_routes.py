"""S3's operations share a handful of paths and are told apart by sub-resource, required parameters and headers.

The table comes from the model; what the model does not say is here: which of two names for one request is meant,
browser uploads, preflights, websites, and that an unknown query parameter is ignored but a sub-resource used with
the wrong method is refused (a DELETE of `?acl` must never delete the bucket)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote, unquote_to_bytes

from cumulet.gateway.hosts import Host
from cumulet.gateway.http import Headers, Request
from cumulet.kernel import models

# Older names for the same request; the models keep both.
SUPERSEDED = frozenset({"GetBucketLifecycle", "PutBucketLifecycle", "GetBucketNotification", "PutBucketNotification"})

ROOT, BUCKET, KEY = "root", "bucket", "key"


class S3Refusal(Exception):
    """The request names no S3 operation: `code`, `message` and `status` as S3 answers, `extra` its members."""

    def __init__(self, code: str, message: str, status: int, extra: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.extra = code, message, status, extra or {}


@dataclass(frozen=True, slots=True)
class _Choice:
    operation: str
    queries: tuple[str, ...]
    headers: tuple[str, ...]

    def fits(self, given: dict[str, str], headers: Headers) -> bool:
        for key in self.queries:  # loops, not all(): every S3 request comes this way
            if key not in given:
                return False
        for name in self.headers:  # noqa: SIM110
            if name not in headers:
                return False
        return True


_Table = dict[tuple[str, str], dict[str, tuple[_Choice, ...]]]


def find(request: Request, host: Host) -> tuple[str, dict[str, str]]:
    """The operation and its labels, Bucket and Key, percent-decoded. Raises S3Refusal.

    Beyond the model's operations: PostObject (a browser's form upload), Preflight (OPTIONS), Website (any request to a
    website host)."""
    labels, level = _place(request.path, host.bucket)
    if host.service == "s3-website":
        return "Website", labels
    method = request.method
    if method == "OPTIONS":
        return "Preflight", labels
    given = _given(request.query) if request.query else {}
    if level == ROOT:
        return _root(method, given, host), labels
    if method == "POST":
        special = _post(request, level, labels, given)
        if special:
            return special, ({} if special == "WriteGetObjectResponse" else labels)
    return _pick(method, level, given, request.headers), labels


def _place(path: str, bucket: str | None) -> tuple[dict[str, str], str]:
    if bucket is None:
        bucket, _, key = path.removeprefix("/").partition("/")
        if not bucket and not key:
            return {}, ROOT
        bucket = _decoded(bucket)
    else:
        key = path.removeprefix("/")
    if not key:
        return {"Bucket": bucket}, BUCKET
    return {"Bucket": bucket, "Key": _decoded(key)}, KEY


def _decoded(text: str) -> str:
    if "%" not in text and text.isascii():
        return text
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise S3Refusal("InvalidURI", "Couldn't parse the specified URI.", 400, {"URI": text}) from None


def _given(query: str) -> dict[str, str]:
    """Query parameters in their order; of a repeated one the first counts."""
    given: dict[str, str] = {}
    for pair in query.split("&"):
        key, _, value = pair.partition("=")
        given.setdefault(unquote(key) if "%" in key else key, value)
    given.pop("", None)
    return given


def _root(method: str, given: dict[str, str], host: Host) -> str:
    if method not in ("GET", "HEAD"):
        raise _not_allowed(method, "SERVICE")
    directory = host.service == "s3express-control" or "max-directory-buckets" in given
    return "ListDirectoryBuckets" if directory or given.get("x-id") == "ListDirectoryBuckets" else "ListBuckets"


def _post(request: Request, level: str, labels: dict[str, str], given: dict[str, str]) -> str | None:
    """POST operations that the model's paths do not tell."""
    if request.path == "/WriteGetObjectResponse" and "x-amz-request-route" in request.headers:
        return "WriteGetObjectResponse"
    if level == BUCKET and not any(key in _subresources(None) for key in given):
        if request.headers.get("content-type", "")[:19].lower() == "multipart/form-data":
            return "PostObject"
        raise S3Refusal(
            "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold",
            412,
            {"Condition": "Bucket POST must be of the enclosure-type multipart/form-data"},
        )
    return None


def _pick(method: str, level: str, given: dict[str, str], headers: Headers) -> str:
    choices = _table().get((method, level))
    if choices is None:
        raise _not_allowed(method, "OBJECT" if level == KEY else "BUCKET")
    if given and method != "HEAD":
        for key, value in given.items():
            if key in choices and (key != "list-type" or value == "2"):
                return _fitting(choices[key], given, headers) or choices[key][-1].operation
        wrong = next((key for key in given if key in _subresources(level if method == "GET" else None)), None)
        if wrong is not None:
            raise _not_allowed(method, wrong.upper())
    operation = _fitting(choices.get("", ()), given, headers)
    if operation is None:
        raise _not_allowed(method, "OBJECT" if level == KEY else "BUCKET")
    return operation


def _fitting(choices: tuple[_Choice, ...], given: dict[str, str], headers: Headers) -> str | None:
    for choice in choices:
        if choice.fits(given, headers):
            return choice.operation
    return None


def _not_allowed(method: str, resource: str) -> S3Refusal:
    message = "The specified method is not allowed against this resource."
    return S3Refusal("MethodNotAllowed", message, 405, {"Method": method, "ResourceType": resource})


@cache
def _subresources(level: str | None) -> frozenset[str]:
    """Names that mean something to some method at this level. A change is refused for a sub-resource of any level;
    a GET of an object may carry a bucket's word in a query of its own."""
    places = [place for place in _table() if level in (None, place[1])]
    return frozenset(key for place in places for key in _table()[place] if key) - {"list-type"}


@cache
def _table() -> _Table:
    """(method, level) -> sub-resource ("" for none) -> choices, the most demanding first."""
    model = models.load("s3")
    table: dict[tuple[str, str], dict[str, list[_Choice]]] = {}
    for operation in model.operations.values():
        path, _, query = operation.uri.partition("?")
        level = {"/{Bucket}": BUCKET, "/{Bucket}/{Key+}": KEY}.get(path)
        if level is None or operation.name in SUPERSEDED:
            continue
        subresource = query.partition("&")[0].partition("=")[0]
        choices = table.setdefault((operation.http_method, level), {})
        choices.setdefault(subresource, []).append(_choice(model, operation))
    return {place: {key: _demanding_first(found) for key, found in choices.items()} for place, choices in table.items()}


def _demanding_first(choices: list[_Choice]) -> tuple[_Choice, ...]:
    return tuple(sorted(choices, key=lambda choice: -len(choice.queries) - len(choice.headers)))


def _choice(model: models.ServiceModel, operation: models.Operation) -> _Choice:
    members = model.shapes[operation.input]["members"] if operation.input else {}
    required = model.shapes[operation.input].get("required", ()) if operation.input else ()
    places: dict[str, list[str]] = {"querystring": [], "header": []}
    for name in required:
        if members[name].get("location") in places:
            places[members[name]["location"]].append(members[name]["locationName"])
    headers = tuple(name.lower() for name in places["header"])
    return _Choice(operation.name, tuple(places["querystring"]), headers)
