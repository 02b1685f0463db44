"""Key schemas: which attributes make a key, of which types, and where an item lies by them.

Items of a table lie in the order of a hash of their partition keys, those of one partition in the order of their sort
keys. So a Query is one range, a Scan is one range, and the segments of a parallel Scan are parts of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from cumulet.kernel.records import Record
from cumulet.services.dynamodb import values
from cumulet.services.dynamodb.errors import EmptyKey, ValidationException
from cumulet.services.dynamodb.values import Item, Value

LARGEST_HASH_BYTES, LARGEST_RANGE_BYTES = 2048, 1024
HASHES = 1 << 63
"""Hashes are below this."""
_INVALID = "One or more parameter values were invalid: "
_NOT_THE_SCHEMA = "The provided key element does not match the schema"

Place = tuple[int, bytes, bytes]
"""Where an item lies in its table: the hash of its partition key, the key, and its sort key (empty without one)."""


class Schema(Record):
    """The names and types of a partition key and perhaps a sort key."""

    hash: str
    hash_type: str
    range: str = ""
    range_type: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        return (self.hash, self.range) if self.range else (self.hash,)

    def described(self) -> list[dict[str, str]]:
        parts = [{"AttributeName": self.hash, "KeyType": "HASH"}]
        return parts + ([{"AttributeName": self.range, "KeyType": "RANGE"}] if self.range else [])

    def key_of(self, item: Mapping[str, Value]) -> Item:
        """The key alone, of an item that has one."""
        return {name: item[name] for name in self.names}

    def place_of_item(self, item: Mapping[str, Value]) -> Place:
        """Where an item to be written belongs. Raises ValidationException where its key is missing or wrong."""
        for name, kind in self._parts():
            if name not in item:
                raise ValidationException(f"{_INVALID}Missing the key {name} in the item")
            if kind not in item[name]:
                actual = next(iter(item[name]))
                raise ValidationException(f"{_INVALID}Type mismatch for key {name} expected: {kind} actual: {actual}")
        return self._place(item)

    def place_of_key(self, key: Mapping[str, Value]) -> Place:
        """Where the item with exactly this key lies. Raises ValidationException for a key of another form."""
        if len(key) != (2 if self.range else 1) or any(kind not in key.get(n, ()) for n, kind in self._parts()):
            raise ValidationException(_NOT_THE_SCHEMA)
        return self._place(key)

    def place_in_index(self, item: Mapping[str, Value]) -> Place | None:
        """Where an item shows in an index with this schema; None where it has not what the index is by (sparse)."""
        if any(kind not in item.get(name, ()) for name, kind in self._parts()):
            return None
        hashed = values.sortable(item[self.hash])
        return hash_of(hashed), hashed, values.sortable(item[self.range]) if self.range else b""

    def limits(self) -> tuple[tuple[str, str, int], ...]:
        """Of each part: its name, its type, and how many bytes it may have."""
        first = (self.hash, self.hash_type, LARGEST_HASH_BYTES)
        return (first, (self.range, self.range_type, LARGEST_RANGE_BYTES)) if self.range else (first,)

    def _place(self, key: Mapping[str, Value]) -> Place:
        hashed = key_bytes(self.hash, key[self.hash], LARGEST_HASH_BYTES, "hash")
        ranged = key_bytes(self.range, key[self.range], LARGEST_RANGE_BYTES, "range") if self.range else b""
        return hash_of(hashed), hashed, ranged

    def _parts(self) -> tuple[tuple[str, str], ...]:
        first = (self.hash, self.hash_type)
        return (first, (self.range, self.range_type)) if self.range else (first,)


def hash_of(hashed: bytes) -> int:
    """Spreads partition keys evenly over [0, HASHES)."""
    return int.from_bytes(hashlib.blake2b(hashed, digest_size=8).digest(), "big") >> 1


def key_bytes(name: str, value: Value, at_most: int, part: str) -> bytes:
    """A value as a part of a key, "hash" or "range". Raises ValidationException for what is empty or too long."""
    ((kind, content),) = value.items()
    if kind != "N" and not content:
        what = "string" if kind == "S" else "binary"
        raise EmptyKey(
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
            f"empty {what} value. Key: {name}"
        )
    encoded = values.sortable(value)
    if kind != "N" and len(encoded) > at_most:
        raise ValidationException(
            f"{_INVALID}Size of {part}key has exceeded the maximum size limit of{at_most} bytes"
            if part == "hash"
            else f"{_INVALID}Aggregated size of all range keys has exceeded the size limit of {at_most} bytes"
        )
    return encoded


def read(key_schema: list[dict[str, str]], types: Mapping[str, str]) -> Schema:
    """A KeySchema that was checked, with the types of its attributes."""
    names: dict[str, Any] = {part["KeyType"]: part["AttributeName"] for part in key_schema}
    ranged = names.get("RANGE", "")
    return Schema(
        hash=names["HASH"], hash_type=types[names["HASH"]], range=ranged, range_type=types[ranged] if ranged else ""
    )
