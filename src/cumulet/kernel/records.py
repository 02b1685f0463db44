"""Records: the frozen structs that the store keeps, and their bytes.

A record's bytes begin with its tag, "service.Class", so that a value can be read without knowing what it is.
Members are named in the bytes, and defaults are left out: a member can be added (with a default) at any time, and
a data directory of an older version still opens. Renaming a record or a member needs a migration."""

from __future__ import annotations

from typing import Any, ClassVar, dataclass_transform

import msgspec

_RAW = b"\0"
_PLAIN = b"\1"


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The base of everything kept in the store. Change one with `replace`."""

    tag: ClassVar[bytes] = b""

    def __init_subclass__(cls, **settings: Any) -> None:
        super().__init_subclass__(**settings)
        cls.tag = _tag_of(cls).encode() + b"\0"
        other = _classes.setdefault(cls.tag[:-1], cls)
        assert other.__module__ == cls.__module__, f"{cls.__module__} and {other.__module__} both have a {cls.__name__}"
        _classes[cls.tag[:-1]] = cls


_classes: dict[bytes, type[Record]] = {}
_decoders: dict[bytes, msgspec.msgpack.Decoder[Any]] = {}
_encode = msgspec.msgpack.Encoder().encode
_decode_plain = msgspec.msgpack.Decoder().decode

replace = msgspec.structs.replace


def _tag_of(cls: type) -> str:
    """cumulet.services.sqs.messages.Message -> "sqs.Message"; cumulet.kernel.jobs.Job -> "kernel.Job"."""
    parts = cls.__module__.split(".")
    home = parts[2] if parts[:2] == ["cumulet", "services"] else parts[1] if parts[0] == "cumulet" else parts[0]
    return f"{home}.{cls.__name__}"


def encode(value: Any) -> bytes:
    """A record, bytes, or a plain value (str, int, list, dict ...) as the store keeps it."""
    if isinstance(value, Record):
        return value.tag + _encode(value)
    if isinstance(value, bytes):
        return _RAW + value
    return _PLAIN + _encode(value)


def decode(data: bytes) -> Any:
    """The value whose bytes are `data`. Its class must have been imported, as it is by whoever asks for it."""
    if data[:1] == _RAW:
        return data[1:]
    if data[:1] == _PLAIN:
        return _decode_plain(data[1:])
    tag, _, body = data.partition(b"\0")
    decoder = _decoders.get(tag)
    if decoder is None:
        decoder = _decoders[tag] = msgspec.msgpack.Decoder(_classes[tag])
    return decoder.decode(body)
