"""Values as JSON: closures between what the wire holds and what a boto3 user sees."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from cumulet.gateway.protocols import scalars, timestamps
from cumulet.gateway.protocols.codec import Convert
from cumulet.gateway.protocols.shapes import Compiler, members, outside_body, resolve, wire_name
from cumulet.kernel.models import ServiceModel, Shape

_decoder = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder(decimal_format="number")


def load(body: Any) -> Any:
    """The JSON value of a body; an empty one is an empty object. Raises ValueError."""
    if not body:
        return {}
    if not isinstance(body, (bytes, str)):
        raise ValueError("The body is a stream, JSON was expected")
    try:
        value = _decoder.decode(body)
    except (msgspec.DecodeError, RecursionError) as problem:
        raise ValueError(str(problem)) from problem
    return {} if value is None else value


def dump(value: Any) -> bytes:
    return _encoder.encode(value)


class JsonReader(Compiler):
    """Closures that turn JSON values into values. They raise ValueError; null is as good as absent."""

    def scalar(self, shape: Shape, *how: Any) -> Convert:
        return _READERS.get(shape["type"], string)

    def structure(self, shape: Shape, top: bool = False) -> Convert:
        """`top` leaves out the members that travel outside of the body."""
        if shape.get("document"):
            return _as_is
        known: dict[str, tuple[str, Convert]] = {}
        for name, member in members(self.service, shape).items():
            if top and member.get("location"):
                continue
            known[self.name(name, member)] = (name, self.compile(shape["members"][name]))

        def parse(value: Any) -> dict[str, Any]:
            if type(value) is not dict:
                raise ValueError(_unexpected(value, "structure or map"))
            found = {}
            for key, item in value.items():
                if item is not None:
                    member = known.get(key)
                    if member is not None:
                        found[member[0]] = member[1](item)
            return found

        return _one_of(known, parse) if shape.get("union") else parse

    def name(self, name: str, shape: Shape) -> str:
        return wire_name(name, shape)

    def list(self, shape: Shape) -> Convert:
        convert = self.compile(shape["member"])

        def parse(value: Any) -> list[Any]:
            if type(value) is not list:
                raise ValueError(_unexpected(value, "list"))
            # A null stays, so that validation can say which item is missing.
            return [None if item is None else convert(item) for item in value]

        return parse

    def map(self, shape: Shape) -> Convert:
        convert = self.compile(shape["value"])
        sparse = shape.get("sparse")
        key_of = _KEYS.get(self.service.shapes[shape["key"]["shape"]]["type"])

        def parse(value: Any) -> dict[Any, Any]:
            if type(value) is not dict:
                raise ValueError(_unexpected(value, "structure or map"))
            found = {}
            for key, item in value.items():
                if item is not None:
                    found[key_of(key) if key_of else key] = convert(item)
                elif sparse:
                    found[key] = None
            return found

        return parse


class JsonWriter(Compiler):
    """Closures that turn values into what the encoder takes. None is left out."""

    def scalar(self, shape: Shape, *how: Any) -> Convert:
        kind = shape["type"]
        if kind == "timestamp":
            return self.timestamp_writer(shape)
        return _WRITERS.get(kind, _as_is)

    def timestamp_writer(self, shape: Shape) -> Convert:
        write: Convert = timestamps.writer(shape.get("timestampFormat", "unixtimestamp"))
        return write

    def structure(self, shape: Shape, top: bool = False) -> Convert:
        """`top` leaves out the members that travel outside of the body."""
        if shape.get("document") or (shape.get("union") and self._is_plain(shape)):
            return _as_is
        known: dict[str, tuple[str, Convert | None]] = {}
        for name, member in members(self.service, shape).items():
            elsewhere = member.get("eventheader") or (top and outside_body(member))
            convert = None if elsewhere else self.compile(shape["members"][name])
            known[name] = (self.name(name, member), convert)
        shape_name = shape["shape"]

        def write(value: Mapping[str, Any]) -> dict[str, Any]:
            written = {}
            for name, item in value.items():
                if item is None:
                    continue
                if name in known:
                    key, convert = known[name]
                    if convert is not None:
                        written[key] = convert(item)
                else:
                    assert name == "ResponseMetadata", f"{shape_name} has no member {name}"
            return written

        return write

    def name(self, name: str, shape: Shape) -> str:
        return wire_name(name, shape)

    def list(self, shape: Shape) -> Convert:
        convert = self.compile(shape["member"])
        if convert is _as_is:
            return list
        return lambda value: [None if item is None else convert(item) for item in value]

    def _is_plain(self, shape: Shape, within: frozenset[str] = frozenset()) -> bool:
        """Whether the encoder writes such values just as the wire has them, whatever they hold (DynamoDB's items)."""
        if shape["shape"] in within:
            return True
        within |= {shape["shape"]}
        parts = [resolve(self.service, shape[each]) for each in ("member", "key", "value") if each in shape]
        if shape["type"] == "structure":
            if not shape.get("union"):
                return False  # its members may be None
            parts = list(members(self.service, shape).values())
            if any("locationName" in part or part.get("location") for part in parts):
                return False
        return shape["type"] in _PLAIN and all(self._is_plain(part, within) for part in parts)

    def map(self, shape: Shape) -> Convert:
        convert = self.compile(shape["value"])
        if convert is _as_is and self.service.shapes[shape["key"]["shape"]]["type"] == "string":
            return _as_dict

        def write(value: Mapping[Any, Any]) -> dict[str, Any]:
            return {
                key if type(key) is str else scalars.from_boolean(key) if type(key) is bool else str(key): (
                    None if item is None else convert(item)
                )
                for key, item in value.items()
            }

        return write


@cache
def reader(service: ServiceModel) -> JsonReader:
    return JsonReader(service)


@cache
def writer(service: ServiceModel) -> JsonWriter:
    return JsonWriter(service)


def string(value: Any) -> str:
    if type(value) is str:
        return value
    raise ValueError(_mismatch(value, "String"))


def integer(value: Any) -> int:
    return _integer(value, "Integer")


def long(value: Any) -> int:
    return _integer(value, "Long")


def _integer(value: Any, wanted: str) -> int:
    if type(value) is int:
        return scalars.in_64_bits(value)
    if type(value) is float and value.is_integer():
        return scalars.in_64_bits(int(value))
    raise ValueError(_mismatch(value, wanted))


def number(value: Any) -> float:
    if type(value) is float or type(value) is int:
        return _finite(value)
    if type(value) is str:
        return scalars.number(value)
    raise ValueError(_mismatch(value, "Double"))


def boolean(value: Any) -> bool:
    if type(value) is bool:
        return value
    raise ValueError(_mismatch(value, "Boolean"))


def blob(value: Any) -> bytes:
    if type(value) is str:
        return scalars.blob(value)
    raise ValueError(_mismatch(value, "Blob"))


def from_number(value: Any) -> Any:
    return scalars.special(value) if type(value) is float and not math.isfinite(value) else value


def _finite(value: int | float) -> float:
    try:
        return float(value)
    except OverflowError as problem:
        raise ValueError("Number out of range") from problem


def _mismatch(value: Any, wanted: str) -> str:
    if isinstance(value, (dict, list)):
        return _unexpected(value, wanted)
    return f"{_kind(value)}_VALUE can not be converted to {wanted}"


def _unexpected(value: Any, wanted: str) -> str:
    if isinstance(value, dict):
        return "Start of structure or map found where not expected."
    if isinstance(value, list):
        return "Start of list found where not expected"
    return f"Unexpected field type: {_kind(value)}_VALUE found where a {wanted} was expected"


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return "STRING" if isinstance(value, str) else "NUMBER"


def _as_is(value: Any) -> Any:
    return value


def _as_dict(value: Mapping[str, Any]) -> dict[str, Any]:
    return value if type(value) is dict else dict(value)


def _one_of(known: Mapping[str, tuple[str, Convert]], parse: Convert) -> Convert:
    """For unions: what needs no conversion is taken as it is, without another dict."""

    def parse_one(value: Any) -> Any:
        if type(value) is not dict or len(value) != 1:
            return parse(value)
        ((key, item),) = value.items()
        member = known.get(key)
        if member is None or item is None:
            return parse(value)
        name, convert = member
        converted = convert(item)
        return value if converted is item and name == key else {name: converted}

    return parse_one


_PLAIN = frozenset(("structure", "list", "map", "string", "boolean", "blob"))
"""Types whose values the encoder writes as the wire has them; it writes bytes in base64."""

_READERS: dict[str, Convert] = {
    "string": string,
    "integer": integer,
    "long": long,
    "boolean": boolean,
    "float": number,
    "double": number,
    "timestamp": timestamps.parse,
    "blob": blob,
}
_WRITERS: dict[str, Convert] = {"float": from_number, "double": from_number, "blob": scalars.from_blob}
_KEYS: dict[str, Convert] = {
    "integer": scalars.integer,
    "long": scalars.integer,
    "boolean": scalars.boolean,
}
