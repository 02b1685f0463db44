"""The smithy-rpc-v2-cbor protocol: the operation in the path, CBOR in, CBOR out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import cbor2

from cumulet.gateway.http import Request, Response
from cumulet.gateway.protocols import eventstream, jsonvalues, timestamps
from cumulet.gateway.protocols.codec import Codec, Convert, MalformedInput, Params, Parse, Serialise, WriteError
from cumulet.gateway.protocols.errors import body_members, members_of, query_error
from cumulet.gateway.protocols.json import MALFORMED
from cumulet.kernel.models import Operation, ServiceModel, Shape

CONTENT_TYPE = "application/cbor"
DEEPEST = 100


def codec(service: ServiceModel, operation: Operation) -> Codec:
    return Codec(parser(service, operation), serialiser(service, operation), error_writer(service))


def load(body: Any) -> Any:
    """The CBOR value of a body; an empty one is an empty map. Raises ValueError."""
    if not body:
        return {}
    if not isinstance(body, bytes):
        raise ValueError("The body is a stream, CBOR was expected")
    try:
        return cbor2.loads(body, max_depth=DEEPEST, semantic_decoders=_TAGS, strict_hashable_types=True)
    except (cbor2.CBORDecodeError, RecursionError, OverflowError, MemoryError, TypeError) as problem:
        raise ValueError(str(problem)) from problem


def dump(value: Any) -> bytes:
    return cbor2.dumps(value, datetime_as_timestamp=True)


def _instant(seconds: Any, immutable: bool) -> Any:
    return timestamps.parse(seconds)


def _refused(value: Any, immutable: bool) -> Any:
    raise ValueError("A tag that the protocol does not have")


_TAGS: dict[int, Any] = {
    **dict.fromkeys((0, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 100, 256, 258, 260, 261, 1004), _refused)
}
_TAGS[1] = _instant
"""Of CBOR's tags the protocol has one, instants; the decoder would make objects of the others."""


class CborReader(jsonvalues.JsonReader):
    """CBOR has blobs, instants and floats of its own; else it is like JSON. Members keep their own names."""

    def scalar(self, shape: Shape, *how: Any) -> Convert:
        return _READERS.get(shape["type"]) or super().scalar(shape, *how)


class CborWriter(jsonvalues.JsonWriter):
    def scalar(self, shape: Shape, *how: Any) -> Convert:
        return _WRITERS.get(shape["type"], _as_is)


@cache
def reader(service: ServiceModel) -> CborReader:
    return CborReader(service)


@cache
def writer(service: ServiceModel) -> CborWriter:
    return CborWriter(service)


def parser(service: ServiceModel, operation: Operation) -> Parse:
    name = operation.input
    read = reader(service).compile({"shape": name}) if name else None

    def parse(request: Request, labels: Mapping[str, str] | None = None) -> Params:
        try:
            params: Params = read(load(request.body)) if read is not None else {}
        except (ValueError, RecursionError) as problem:
            raise MalformedInput(MALFORMED, str(problem)) from problem
        return params

    return parse


def serialiser(service: ServiceModel, operation: Operation) -> Serialise:
    name = operation.output
    if name is None:
        return lambda output, request_id="": Response(200, _headers(request_id, CONTENT_TYPE), dump({}))
    write = writer(service).compile({"shape": name})
    events = operation.event_stream_output
    frames = eventstream.event_writer(service, name, events, EVENTS) if events else None

    def serialise(output: Mapping[str, Any], request_id: str = "") -> Response:
        return Response(200, _headers(request_id, CONTENT_TYPE), dump(write(output)))

    def serialise_events(output: Mapping[str, Any], request_id: str = "") -> Response:
        assert events is not None and frames is not None
        first = dump(write({key: value for key, value in output.items() if key != events}))
        body = frames(output.get(events, ()), eventstream.initial(first, CONTENT_TYPE))
        return Response(200, _headers(request_id, eventstream.CONTENT_TYPE), body)

    return serialise_events if events else serialise


def error_writer(service: ServiceModel) -> WriteError:
    def write(
        code: str,
        message: str,
        status: int | None = None,
        request_id: str = "",
        fault: str | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> Response:
        error = members_of(service, code, status, fault)
        headers = _headers(request_id, CONTENT_TYPE)
        if service.query_compatible:
            headers.append(("x-amzn-query-error", query_error(error)))
        values = body_members(error, message, members)
        if error.name:
            known = service.shapes[error.name].get("members", {})
            modelled = {name: value for name, value in values.items() if name in known}
            values = {**values, **writer(service).compile({"shape": error.name})(modelled)}
        return Response(error.status, headers, dump({"__type": error.code, **values}))

    return write


def _headers(request_id: str, content_type: str) -> list[tuple[str, str]]:
    return [
        ("x-amzn-RequestId", request_id),
        ("smithy-protocol", "rpc-v2-cbor"),
        ("Content-Type", content_type),
    ]


def _blob(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    raise ValueError("A byte string was expected")


def _from_blob(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


def _from_number(value: Any) -> float:
    return float(value)


def _as_is(value: Any) -> Any:
    return value


_READERS: dict[str, Convert] = {"blob": _blob}
_WRITERS: dict[str, Convert] = {
    "timestamp": timestamps.parse,
    "blob": _from_blob,
    "float": _from_number,
    "double": _from_number,
}


def _read_event(service: ServiceModel, ref: Shape) -> Convert:
    convert = reader(service).compile({"shape": ref["shape"]})
    return lambda payload: convert(load(payload))


def _write_event(service: ServiceModel, ref: Shape) -> Convert:
    convert = writer(service).compile({"shape": ref["shape"]})
    return lambda value: dump(convert(value))


EVENTS = eventstream.Form(CONTENT_TYPE, _read_event, _write_event)
