"""Event streams: `application/vnd.amazon.eventstream`, frames of typed headers and a payload, each with its CRCs.

A frame is total length, headers length, CRC of these eight bytes, headers, payload, CRC of all before it;
numbers are big-endian."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID
from zlib import crc32

from cumulet.gateway.protocols import jsonvalues, timestamps, xml
from cumulet.gateway.protocols.codec import Convert
from cumulet.gateway.protocols.shapes import members
from cumulet.kernel.models import ServiceModel, Shape

CONTENT_TYPE = "application/vnd.amazon.eventstream"
LARGEST_HEADERS = 128 * 1024
LARGEST_FRAME = 24 * 1024 * 1024

HeaderValue = bool | int | bytes | str | datetime | UUID
Frames = Callable[[Any, bytes | None], AsyncIterator[bytes]]


class Form(NamedTuple):
    """How a protocol writes and reads the payload of an event."""

    content_type: str
    read: Callable[[ServiceModel, Shape], Convert]
    write: Callable[[ServiceModel, Shape], Convert]


class Frame(NamedTuple):
    headers: dict[str, HeaderValue]
    payload: bytes


def encode(headers: Mapping[str, HeaderValue], payload: bytes) -> bytes:
    """One frame. An int is written as a 32-bit integer where it fits, else as a long."""
    written = b"".join(_header(name, value) for name, value in headers.items())
    prelude = struct.pack("!II", len(written) + len(payload) + 16, len(written))
    content = b"".join((prelude, struct.pack("!I", crc32(prelude)), written, payload))
    return content + struct.pack("!I", crc32(content))


def decode(frame: bytes) -> Frame:
    """The content of one whole frame. Raises ValueError for a wrong length or checksum."""
    total, headers_length = measure(frame)
    if len(frame) != total:
        raise ValueError("The event is cut short")
    if crc32(frame[:-4]) != int.from_bytes(frame[-4:], "big"):
        raise ValueError("The event's checksum does not match")
    return Frame(_headers(frame[12 : 12 + headers_length]), frame[12 + headers_length : -4])


def measure(prelude: bytes) -> tuple[int, int]:
    """Total length and headers length, from the first twelve bytes of a frame. Raises ValueError."""
    if len(prelude) < 12:
        raise ValueError("The event is cut short")
    total, headers_length, checksum = struct.unpack("!III", prelude[:12])
    if crc32(prelude[:8]) != checksum:
        raise ValueError("The event's prelude checksum does not match")
    if headers_length > LARGEST_HEADERS or not headers_length + 16 <= total <= LARGEST_FRAME:
        raise ValueError("The event is too large or its lengths do not fit")
    return total, headers_length


async def frames_of(body: bytes | AsyncIterator[bytes]) -> AsyncIterator[Frame]:
    """The frames of a body as they arrive; what a signature wraps is unwrapped. Raises ValueError."""
    waiting = bytearray()
    async for chunk in _chunks(body):
        waiting += chunk
        while len(waiting) >= 12:
            total, _ = measure(bytes(waiting[:12]))
            if len(waiting) < total:
                break
            frame = decode(bytes(waiting[:total]))
            del waiting[:total]
            if ":chunk-signature" not in frame.headers:
                yield frame
            elif frame.payload:
                # A signed stream wraps each event in a frame of its own; an empty one says that it is over.
                yield decode(frame.payload)
    if waiting:
        raise ValueError("The event stream ends within an event")


def initial(payload: bytes, content_type: str) -> bytes:
    """The first frame of an RPC answer: the output's members that are not the stream."""
    return encode({":event-type": "initial-response", ":content-type": content_type, ":message-type": "event"}, payload)


def event_writer(
    service: ServiceModel, output: str | None, member: str, form: Form, union: str | None = None
) -> Frames:
    """The closure that frames events, each a dict of one member of the union, from any kind of iterable.

    An event that is an exception of the model ends up in the client as an error, and so does an exception with a
    `code` that the events raise."""
    if union is None:
        union = service.shapes[output or ""]["members"][member]["shape"]
    writers = {name: _event_encoder(service, name, ref, form) for name, ref in service.shapes[union]["members"].items()}

    async def frames(events: Any, first: bytes | None) -> AsyncIterator[bytes]:
        if first is not None:
            yield first
        try:
            async for event in _each(events):
                for name, value in event.items():
                    yield writers[name](value)
        except Exception as problem:
            code = getattr(problem, "code", None)
            if not isinstance(code, str):
                raise
            # The status has long been sent; an API error is told within the stream.
            message = str(getattr(problem, "message", ""))
            yield writers[code]({"message": message}) if code in writers else failure(code, message)

    return frames


def failure(code: str, message: str) -> bytes:
    """The frame that ends a stream with an error that is not one of its events."""
    return encode({":message-type": "error", ":error-code": code, ":error-message": message[:8192]}, b"")


def event_reader(service: ServiceModel, union: str, form: Form) -> Callable[[Any], AsyncIterator[dict[str, Any]]]:
    """The closure that turns a body into its events; events that the model does not know are skipped."""
    readers = {name: _event_decoder(service, ref, form) for name, ref in service.shapes[union]["members"].items()}

    async def events(body: Any) -> AsyncIterator[dict[str, Any]]:
        async for frame in frames_of(body):
            name = str(frame.headers.get(":event-type", ""))
            if name in readers:
                yield {name: readers[name](frame)}

    return events


def _event_encoder(service: ServiceModel, event: str, ref: Shape, form: Form) -> Callable[[Any], bytes]:
    shape = service.shapes[ref["shape"]]
    known = members(service, shape)
    in_headers = {name: member["type"] for name, member in known.items() if member.get("eventheader")}
    payload = next((name for name, member in known.items() if member.get("eventpayload")), None)
    kind = known[payload]["type"] if payload else "structure"
    target = shape["members"][payload] if payload else ref
    write = _PLAIN_WRITERS.get(kind) or form.write(service, target)
    content_type = _PLAIN_TYPES.get(kind, form.content_type)
    if shape.get("exception"):
        fixed = {":exception-type": event, ":content-type": content_type, ":message-type": "exception"}
    else:
        fixed = {":event-type": event, ":content-type": content_type, ":message-type": "event"}

    def encode_event(value: Mapping[str, Any]) -> bytes:
        headers: dict[str, HeaderValue] = {**fixed}
        for name, member_kind in in_headers.items():
            if value.get(name) is not None:
                headers[name] = _typed(member_kind, value[name])
        if payload is None:
            return encode(headers, write(value))
        return encode(headers, b"" if value.get(payload) is None else write(value[payload]))

    return encode_event


def _event_decoder(service: ServiceModel, ref: Shape, form: Form) -> Callable[[Frame], dict[str, Any]]:
    shape = service.shapes[ref["shape"]]
    known = members(service, shape)
    in_headers = [name for name, member in known.items() if member.get("eventheader")]
    payload = next((name for name, member in known.items() if member.get("eventpayload")), None)
    kind = known[payload]["type"] if payload else "structure"
    read = _PLAIN_READERS.get(kind) or form.read(service, shape["members"][payload] if payload else ref)

    def decode_event(frame: Frame) -> dict[str, Any]:
        found: dict[str, Any] = {name: frame.headers[name] for name in in_headers if name in frame.headers}
        if payload is not None:
            found[payload] = read(frame.payload)
        elif frame.payload:
            found.update(read(frame.payload))
        return found

    return decode_event


def _string(value: Any) -> bytes:
    return str(value).encode()


_PLAIN_WRITERS: dict[str, Convert] = {"blob": bytes, "string": _string}
_PLAIN_READERS: dict[str, Convert] = {"blob": bytes, "string": bytes.decode}
_PLAIN_TYPES = {"blob": "application/octet-stream", "string": "text/plain"}


def _typed(kind: str, value: Any) -> HeaderValue:
    if kind == "timestamp":
        return timestamps.parse(value)
    return _Long(value) if kind == "long" else value


class _Long(int):
    """An integer that goes on the wire as 64 bits whatever its size."""


def _header(name: str, value: HeaderValue) -> bytes:
    key = name.encode()
    return struct.pack("!B", len(key)) + key + _header_value(value)


def _header_value(value: HeaderValue) -> bytes:
    if isinstance(value, bool):
        return b"\x00" if value else b"\x01"
    if isinstance(value, int):
        fits = -(2**31) <= value < 2**31 and not isinstance(value, _Long)
        return struct.pack("!Bi", 4, value) if fits else struct.pack("!Bq", 5, value)
    if isinstance(value, datetime):
        return struct.pack("!Bq", 8, round(timestamps.unixtimestamp(timestamps.in_utc(value)) * 1000))
    if isinstance(value, UUID):
        return b"\x09" + value.bytes
    content = value.encode() if isinstance(value, str) else value
    return struct.pack("!BH", 7 if isinstance(value, str) else 6, len(content)) + content


_FIXED = {2: ("!b", 1), 3: ("!h", 2), 4: ("!i", 4), 5: ("!q", 8), 8: ("!q", 8)}


def _headers(content: bytes) -> dict[str, HeaderValue]:
    found: dict[str, HeaderValue] = {}
    at = 0
    try:
        while at < len(content):
            length = content[at]
            name = content[at + 1 : at + 1 + length].decode()
            found[name], at = _read_value(content, at + 1 + length)
    except (IndexError, struct.error) as problem:
        raise ValueError("An event's headers are cut short") from problem
    if at != len(content):
        raise ValueError("An event's headers are cut short")
    return found


def _read_value(content: bytes, at: int) -> tuple[HeaderValue, int]:
    kind = content[at]
    at += 1
    if kind in (0, 1):
        return kind == 0, at
    if kind in _FIXED:
        form, size = _FIXED[kind]
        value = struct.unpack_from(form, content, at)[0]
        return timestamps.from_epoch(value / 1000) if kind == 8 else value, at + size
    if kind in (6, 7):
        (length,) = struct.unpack_from("!H", content, at)
        text = content[at + 2 : at + 2 + length]
        return text.decode() if kind == 7 else text, at + 2 + length
    if kind == 9:
        return UUID(bytes=content[at : at + 16]), at + 16
    raise ValueError(f"An event's header has the unknown type {kind}")


async def _each(events: Any) -> AsyncIterator[Any]:
    if hasattr(events, "__aiter__"):
        async for event in events:
            yield event
    else:
        for event in events:
            yield event


async def _chunks(body: bytes | AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if isinstance(body, bytes):
        yield body
    else:
        async for chunk in body:
            yield chunk


def _read_json(service: ServiceModel, ref: Shape) -> Convert:
    convert = jsonvalues.reader(service).compile({"shape": ref["shape"]})
    return lambda payload: convert(jsonvalues.load(payload))


def _write_json(service: ServiceModel, ref: Shape) -> Convert:
    convert = jsonvalues.writer(service).compile({"shape": ref["shape"]})
    return lambda value: jsonvalues.dump(convert(value))


def _read_xml(service: ServiceModel, ref: Shape) -> Convert:
    convert = xml.reader(service).compile({"shape": ref["shape"]})
    return lambda payload: convert(xml.read(payload))


def _write_xml(service: ServiceModel, ref: Shape) -> Convert:
    write = xml.writer(service).compile({"shape": ref["shape"]}, ref["shape"])

    def written(value: Any) -> bytes:
        out: list[str] = []
        write(out, value)
        return "".join(out).encode()

    return written


JSON = Form("application/json", _read_json, _write_json)
XML = Form("text/xml", _read_xml, _write_xml)
