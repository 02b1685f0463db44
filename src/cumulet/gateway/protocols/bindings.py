"""Where REST operations put their members: path, query string, headers, status and body.

What the body looks like is the business of restjson and restxml, which hand in a Body."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import unquote

from cumulet.gateway.http import Request, Response
from cumulet.gateway.protocols import eventstream, forms, scalars, timestamps
from cumulet.gateway.protocols.codec import Convert, MalformedInput, Params, Parse, Serialise
from cumulet.gateway.protocols.shapes import members, outside_body, wire_name
from cumulet.kernel.ids import host_id
from cumulet.kernel.models import Operation, ServiceModel, Shape


class Body(NamedTuple):
    """How a protocol reads and writes bodies. Readers raise ValueError."""

    malformed: str
    """The error code for a body that cannot be read."""
    content_type: str
    read_members: Callable[[str], Convert]
    """By the name of a structure: its members that are not bound elsewhere, from bytes."""
    read_payload: Callable[[Shape], Convert]
    """By a reference: the one member that is the whole body, from bytes."""
    write_members: Callable[[str], Convert]
    write_payload: Callable[[Shape], Convert]
    events: eventstream.Form


def parser(service: ServiceModel, operation: Operation, body: Body) -> Parse:
    """The closure that reads a request of this operation."""
    if operation.input is None:
        return lambda request, labels=None: {}
    bound = _input_bindings(service, operation)
    read_body = _body_reader(service, operation.input, body)
    path = path_pattern(operation.uri)
    has_query = bool(bound.query or bound.query_map)

    def parse(request: Request, labels: Mapping[str, str] | None = None) -> Params:
        params: Params = {}
        try:
            if bound.labels:
                if labels is None:
                    labels = path.labels(request.path)
                for label, (name, read) in bound.labels.items():
                    params[name] = read(labels[label])
            if has_query and request.query:
                _read_query(bound, request.query, params)
            by_header = bound.headers
            if by_header:
                for header, text in request.headers.items():
                    member = by_header.get(header)
                    if member is not None:
                        params[member[0]] = member[1](text)
            for name, prefix in bound.header_maps:
                found = {h[len(prefix) :]: v for h, v in request.headers.items() if h.startswith(prefix)}
                if found:
                    params[name] = found
            if read_body is not None:
                read_body(request, params)
        except (ValueError, KeyError, RecursionError) as problem:
            raise MalformedInput(body.malformed, str(problem)) from problem
        return params

    return parse


class PathPattern(NamedTuple):
    """A URI template's path as a pattern over the path as it is on the wire."""

    pattern: re.Pattern[str]
    names: tuple[str, ...]

    def labels(self, path: str) -> dict[str, str]:
        """The decoded labels of a path. Raises ValueError where the path does not fit."""
        found = self.pattern.fullmatch(path)
        if found is None:
            raise ValueError("The path does not fit the operation")
        return dict(zip(self.names, [unquote(text, errors="strict") for text in found.groups()], strict=True))


def path_pattern(uri: str) -> PathPattern:
    """The pattern of a URI template; `{Key+}` takes slashes too, and any label may be empty."""
    template = uri.partition("?")[0]
    pattern = ""
    for part in re.split(r"(\{[^}]+\})", template):
        label = "(.*)" if part.endswith("+}") else "([^/]*)"
        pattern += label if part.startswith("{") else re.escape(part)
    names = tuple(re.findall(r"\{([^}+]+)\+?\}", template))
    return PathPattern(re.compile(pattern + "/?", re.DOTALL), names)


class _Input(NamedTuple):
    labels: dict[str, tuple[str, Convert]]
    query: dict[str, tuple[str, Convert, bool]]
    query_map: tuple[str, Convert | None, frozenset[str]] | None
    headers: dict[str, tuple[str, Convert]]
    header_maps: list[tuple[str, str]]


def _input_bindings(service: ServiceModel, operation: Operation) -> _Input:
    shape = service.shapes[operation.input or ""]
    bound = _Input({}, {}, None, {}, [])
    query_map = None
    for name, member in members(service, shape).items():
        wire = wire_name(name, member)
        match member.get("location"):
            case "uri":
                bound.labels[wire] = (name, scalars.reader(member))
            case "header":
                bound.headers[wire.lower()] = (name, _header_reader(service, member))
            case "headers":
                bound.header_maps.append((name, wire.lower()))
            case "querystring" if member["type"] == "map":
                value = service.shapes[member["value"]["shape"]]
                query_map = (
                    (name, scalars.reader(service.shapes[value["member"]["shape"]]))
                    if (value["type"] == "list")
                    else (name, None)
                )
            case "querystring" if member["type"] == "list":
                item = {**service.shapes[member["member"]["shape"]], **member["member"]}
                bound.query[wire] = (name, scalars.reader(item), True)
            case "querystring":
                read = scalars.reader(member)
                is_limit = service.name == "s3" and member["type"] == "integer"
                bound.query[wire] = (name, _or_none(read) if is_limit else read, False)
    if query_map is None:
        return bound
    literal = [text.partition("=")[0] for text in operation.uri.partition("?")[2].split("&")]
    return bound._replace(query_map=(*query_map, frozenset([*bound.query, *literal])))


def _or_none(read: Convert) -> Convert:
    """S3 takes an empty limit (`max-parts=`) for none."""
    return lambda text: read(text) if text else None


def _read_query(bound: _Input, query: str, params: Params) -> None:
    for key, text in forms.pairs(query):
        member = bound.query.get(key)
        if member is not None:
            name, read, many = member
            if many:
                params.setdefault(name, []).append(read(text))
            elif (value := read(text)) is not None:
                params[name] = value
        elif bound.query_map is not None:
            name, read_item, others = bound.query_map
            if key in others:
                continue
            found = params.setdefault(name, {})
            if read_item is None:
                found.setdefault(key, text)
            else:
                found.setdefault(key, []).append(read_item(text))


def _header_reader(service: ServiceModel, shape: Shape) -> Convert:
    if shape.get("jsonvalue"):
        return _json_value
    if service.name == "s3" and shape.get("locationName") == "Expires":
        return _expires
    if shape["type"] != "list":
        return scalars.reader(shape)
    item = {**service.shapes[shape["member"]["shape"]], **shape["member"]}
    read = scalars.reader(item)
    split = _split_dates if item["type"] == "timestamp" and _is_http_date(item) else split_list
    return lambda text: [read(part) for part in split(text)] if text else []


def _expires(text: str) -> Any:
    """S3 keeps and returns any text as an object's Expires, an HTTP date or not."""
    try:
        return timestamps.from_text(text) if text[:1].isalpha() else text
    except ValueError:
        return text


def _is_http_date(shape: Shape) -> bool:
    return str(shape.get("timestampFormat", "rfc822")).lower() == "rfc822"


_LIST_ITEM = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^,]*))\s*(?:,|$)')


def split_list(text: str) -> list[str]:
    """The items of a header's list: separated by commas, in double quotes where they hold one."""
    if '"' not in text:
        return [part.strip() for part in text.split(",")]
    found, at = [], 0
    while at < len(text):
        item = _LIST_ITEM.match(text, at)
        if item is None or item.end() == at:
            raise ValueError("A header's list is malformed")
        quoted, plain = item.groups()
        found.append(re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain.strip())
        at = item.end()
    return found


def _split_dates(text: str) -> list[str]:
    parts = text.split(",")
    return [",".join(parts[at : at + 2]).strip() for at in range(0, len(parts), 2)]


def _json_value(text: str) -> Any:
    return json.loads(b64decode(text, validate=True))


def _body_reader(service: ServiceModel, input_name: str, body: Body) -> Callable[[Request, Params], None] | None:
    shape = service.shapes[input_name]
    payload = shape.get("payload")
    if payload is None:
        if all(ref.get("location") for ref in shape.get("members", {}).values()):
            return None
        read_members = body.read_members(input_name)

        def read_unbound(request: Request, params: Params) -> None:
            if request.body:
                params.update(read_members(whole(request)))

        return read_unbound
    ref = shape["members"][payload]
    return _payload_reader(service, payload, ref, body, required=payload in shape.get("required", ()))


def _payload_reader(
    service: ServiceModel, payload: str, ref: Shape, body: Body, *, required: bool
) -> Callable[[Request, Params], None]:
    target = {**service.shapes[ref["shape"]], **ref}
    read_payload = body.read_payload(ref) if target["type"] not in ("blob", "string") else None

    def stream(request: Request, params: Params) -> None:
        params[payload] = request.body

    def blob(request: Request, params: Params) -> None:
        if request.body:
            params[payload] = whole(request)

    def string(request: Request, params: Params) -> None:
        if request.body or required:  # an empty policy is a policy, if a bad one
            params[payload] = whole(request).decode()

    def value(request: Request, params: Params) -> None:
        if request.body:
            assert read_payload is not None
            params[payload] = read_payload(whole(request))

    if target.get("eventstream"):
        read_events = eventstream.event_reader(service, ref["shape"], body.events)

        def events(request: Request, params: Params) -> None:
            params[payload] = read_events(request.body)

        return events
    if target["type"] == "blob":
        return stream if target.get("streaming") else blob
    return string if target["type"] == "string" else value


def whole(request: Request) -> bytes:
    """The body of a request that is not a stream. Raises ValueError for one that is."""
    if not isinstance(request.body, bytes):
        raise ValueError("The body is a stream where a whole body was expected")
    return request.body


class Outside(NamedTuple):
    """The members of an output that do not travel in the body."""

    writers: dict[str, Callable[[Response, Any], None]]
    content_type: str | None
    """The member that is the Content-Type, if there is one."""

    def write(self, output: Mapping[str, Any], response: Response) -> None:
        for name, value in output.items():
            if value is not None:
                write = self.writers.get(name)
                if write is not None:
                    write(response, value)


def serialiser(service: ServiceModel, operation: Operation, body: Body) -> Serialise:
    """The closure that writes an answer of this operation."""
    status = operation.status
    if operation.output is None:
        return lambda output, request_id="": Response(status, request_headers(service, request_id))
    outside = outside_of(service, operation.output)
    write_body = _body_writer(service, operation.output, body)

    def serialise(output: Mapping[str, Any], request_id: str = "") -> Response:
        response = Response(status, request_headers(service, request_id))
        outside.write(output, response)
        write_body(output, response)
        return response

    return serialise


def request_headers(service: ServiceModel, request_id: str) -> list[tuple[str, str]]:
    """The headers that name the request. S3 has its own names and a second id."""
    if service.name in ("s3", "s3control"):
        return [("x-amz-request-id", request_id), ("x-amz-id-2", host_id(request_id))]
    return [("x-amzn-RequestId", request_id)]


@cache
def outside_of(service: ServiceModel, shape_name: str) -> Outside:
    writers = {}
    content_type = None
    for name, member in members(service, service.shapes[shape_name]).items():
        if outside_body(member):
            wire = wire_name(name, member)
            writers[name] = _outside_writer(service, wire, member)
            if wire.lower() == "content-type":
                content_type = name
    return Outside(writers, content_type)


def _outside_writer(service: ServiceModel, wire: str, member: Shape) -> Callable[[Response, Any], None]:
    def status(response: Response, value: Any) -> None:
        response.status = int(value)

    def header_map(response: Response, value: Any) -> None:
        response.headers.extend((wire + key, _without_line_breaks(text)) for key, text in value.items())

    if member["location"] == "statusCode":
        return status
    if member["location"] == "headers":
        return header_map
    write = _header_writer(service, member)
    is_list = member["type"] == "list"

    def header(response: Response, value: Any) -> None:
        if value or not is_list:
            response.headers.append((wire, write(value)))

    return header


def _header_writer(service: ServiceModel, shape: Shape) -> Convert:
    if shape.get("jsonvalue"):
        return lambda value: scalars.from_blob(json.dumps(value, separators=(",", ":")))
    if shape["type"] == "list":
        item = {**service.shapes[shape["member"]["shape"]], **shape["member"]}
        write = scalars.writer(item, "rfc822")
        quote = _quoted if item["type"] == "string" else str
        return lambda value: ", ".join(quote(write(part)) for part in value)
    if shape["type"] == "timestamp" and _is_http_date(shape):
        return _date_or_text
    return _without_line_breaks if shape["type"] == "string" else scalars.writer(shape, "rfc822")


def _quoted(text: str) -> str:
    if '"' in text or "," in text:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return text


def _date_or_text(value: Any) -> str:
    if isinstance(value, str):
        return _without_line_breaks(value)
    return timestamps.rfc822(timestamps.parse(value))


def _without_line_breaks(value: Any) -> str:
    """A header's text. A line break would start a header of the caller's making."""
    text = str(value)
    return text.replace("\r", " ").replace("\n", " ") if "\n" in text or "\r" in text else text


def _body_writer(service: ServiceModel, output_name: str, body: Body) -> Callable[[Mapping[str, Any], Response], None]:
    shape = service.shapes[output_name]
    payload = shape.get("payload")
    if payload is not None:
        typed = outside_of(service, output_name).content_type
        return _payload_writer(service, payload, shape["members"][payload], body, typed)
    if shape.get("members") and all(outside_body(ref) for ref in shape["members"].values()):
        return _no_body
    write_members = body.write_members(output_name)

    def write(output: Mapping[str, Any], response: Response) -> None:
        response.headers.append(("Content-Type", body.content_type))
        response.body = write_members(output)

    return write


def _payload_writer(
    service: ServiceModel, payload: str, ref: Shape, body: Body, typed: str | None
) -> Callable[[Mapping[str, Any], Response], None]:
    target = {**service.shapes[ref["shape"]], **ref}
    if target.get("eventstream"):
        frames = eventstream.event_writer(service, None, payload, body.events, ref["shape"])

        def write_events(output: Mapping[str, Any], response: Response) -> None:
            if typed is None or output.get(typed) is None:
                response.headers.append(("Content-Type", eventstream.CONTENT_TYPE))
            response.body = frames(output.get(payload) or (), None)

        return write_events
    if target["type"] in ("blob", "string"):
        content_type = "application/octet-stream" if target["type"] == "blob" else "text/plain"

        def write_bytes(output: Mapping[str, Any], response: Response) -> None:
            content = output.get(payload)
            if content is not None:
                if typed is None or output.get(typed) is None:
                    response.headers.append(("Content-Type", content_type))
                response.body = content.encode() if isinstance(content, str) else content

        return write_bytes
    write_payload = body.write_payload(ref)

    def write_value(output: Mapping[str, Any], response: Response) -> None:
        value = output.get(payload)
        if value is not None:
            response.headers.append(("Content-Type", body.content_type))
            response.body = write_payload(value)

    return write_value


def _no_body(output: Mapping[str, Any], response: Response) -> None:
    return None
