"""Tuple keys whose bytes sort as their elements do.

The encoding follows FoundationDB's tuple layer in spirit: a type byte before each element, strings ended by a
zero byte (inner zeros escaped), whole numbers led by their length, instants as microseconds. So a prefix of a key
is a prefix of its bytes, and "everything under a prefix" is one range."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

Key = tuple[Any, ...]

_NONE, _BYTES, _STRING, _NESTED, _FLOAT, _FALSE, _TRUE, _INSTANT = (
    0x00,
    0x01,
    0x02,
    0x05,
    0x21,
    0x26,
    0x27,
    0x33,
)
_ZERO = 0x14  # whole numbers lie around it: one byte further for every byte of size
_WIDEST = 8
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_INSTANT_BIAS = 1 << 63
PAST = b"\xff"
"""Sorts after every element: no type byte and no byte of UTF-8 text is this high."""


class StartsWith(str):
    """As a bound of a range: all strings that begin with this one."""

    __slots__ = ()


def pack(key: Key) -> bytes:
    """The bytes of `key`. Raises TypeError for a type that has no place in keys, OverflowError beyond 64 bits."""
    return b"".join([_encode_text(element) if type(element) is str else _encode(element) for element in key])


def unpack(data: bytes) -> Key:
    """The key whose bytes are `data`; the inverse of `pack`."""
    elements, position = _decode_all(data, 0, nested=False)
    assert position == len(data), "trailing bytes behind a key"
    return elements


@lru_cache(maxsize=8192)
def _encode_text(element: str) -> bytes:
    """Cached, since most keys begin with the same few texts: a service, an account, a Region, an id."""
    return b"\x02" + element.encode().replace(b"\0", b"\0\xff") + b"\0"


def _encode(element: Any) -> bytes:
    kind = type(element)
    if kind is str:
        return _encode_text(element)
    if kind is int:
        return _encode_int(element)
    if kind is datetime:
        return b"\x33" + ((element - _EPOCH) // _MICROSECOND + _INSTANT_BIAS).to_bytes(8, "big")
    if kind is bytes:
        return b"\x01" + element.replace(b"\0", b"\0\xff") + b"\0"
    if element is None:
        return b"\x00"
    if kind is StartsWith:
        return b"\x02" + element.encode().replace(b"\0", b"\0\xff")
    if kind is bool:
        return b"\x27" if element else b"\x26"
    if kind is float:
        return b"\x21" + _encode_float(element)
    if kind is tuple:
        return b"\x05" + b"".join(b"\0\xff" if e is None else _encode(e) for e in element) + b"\0"
    raise TypeError(f"{kind.__name__} cannot be part of a key")


def _encode_int(value: int) -> bytes:
    if value == 0:
        return b"\x14"
    size = (abs(value).bit_length() + 7) // 8
    if size > _WIDEST:
        raise OverflowError("a whole number in a key has at most 64 bits")
    if value > 0:
        return bytes((_ZERO + size,)) + value.to_bytes(size, "big")
    return bytes((_ZERO - size,)) + (value + (1 << (8 * size)) - 1).to_bytes(size, "big")


def _encode_float(value: float) -> bytes:
    bits = struct.pack(">d", value)
    if bits[0] & 0x80:
        return bytes(b ^ 0xFF for b in bits)
    return bytes((bits[0] ^ 0x80,)) + bits[1:]


def _decode_all(data: bytes, position: int, *, nested: bool) -> tuple[Key, int]:
    elements: list[Any] = []
    while position < len(data):
        if nested and data[position] == 0:
            if data[position + 1 : position + 2] != b"\xff":
                return tuple(elements), position + 1
            elements.append(None)
            position += 2
            continue
        element, position = _decode(data, position)
        elements.append(element)
    return tuple(elements), position


def _decode(data: bytes, position: int) -> tuple[Any, int]:
    kind = data[position]
    position += 1
    if kind == _STRING:
        raw, position = _terminated(data, position)
        return raw.decode(), position
    if kind == _BYTES:
        return _terminated(data, position)
    if _ZERO - _WIDEST <= kind <= _ZERO + _WIDEST:
        return _decode_int(data, position, kind - _ZERO)
    if kind == _INSTANT:
        ticks = int.from_bytes(data[position : position + 8], "big") - _INSTANT_BIAS
        return _EPOCH + timedelta(microseconds=ticks), position + 8
    if kind == _FLOAT:
        return _decode_float(data[position : position + 8]), position + 8
    if kind == _NESTED:
        return _decode_all(data, position, nested=True)
    constants = {_NONE: None, _FALSE: False, _TRUE: True}
    assert kind in constants, f"no element of a key begins with byte {kind:#x}"
    return constants[kind], position


def _terminated(data: bytes, start: int) -> tuple[bytes, int]:
    position = start
    while True:
        position = data.index(b"\0", position)
        if data[position + 1 : position + 2] != b"\xff":
            return data[start:position].replace(b"\0\xff", b"\0"), position + 1
        position += 2


def _decode_int(data: bytes, position: int, size: int) -> tuple[int, int]:
    width = abs(size)
    value = int.from_bytes(data[position : position + width], "big")
    return (value if size >= 0 else value - (1 << (8 * width)) + 1), position + width


def _decode_float(bits: bytes) -> float:
    flipped = bytes((bits[0] ^ 0x80,)) + bits[1:] if bits[0] & 0x80 else bytes(b ^ 0xFF for b in bits)
    value: float = struct.unpack(">d", flipped)[0]
    return value
