"""Values for any shape of the models: pseudo-random, the same ones in every run, with every kind of member.

They are what a boto3 user could pass and a service could answer. What the wire cannot tell apart is left out:
structures without members and lists without items in forms, fractions of a second in HTTP dates."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.model import Shape

ABSENT = object()
DEEPEST = 6
TEXTS = ("plain", "with space", "a&b<c>\"d'e", "zażółć ☃ 雪", "a,b;c=d", "100% + 1/2?#", "[x]{y}\\", " padded ", "1")
SIMPLE_TEXTS = ("plain", "Two-Words", "a.b_c~d", "x1", "0")
HOST_TEXTS = ("plain", "Two-Words", "a.b", "123456789012")
HEADER_TEXTS = (*SIMPLE_TEXTS, "a b", "k=v; w", '"quoted"', "text/plain; charset=utf-8")
DOCUMENTS = (
    {"text": "é", "list": [1, 2.5, True, None, {"a": []}]},
    [1, "two", None],
    "text",
    12,
    False,
)


_WHOLE_SECONDS = ("iam.", "sts.")
"""Services that write no fractions of a second."""


class Samples:
    """`value` for shapes inside of a body, `input` and `output` for whole structures of an operation."""

    def __init__(self, seed: str, protocol: str, size: int = 150) -> None:
        self.seed = seed
        self.random = random.Random(seed)
        self.protocol = protocol
        self.left = size

    def input(self, shape: Shape) -> dict[str, Any]:
        """All members that are required or fit into the size, none of the event streams."""
        return self._top(shape, writing=False)

    def output(self, shape: Shape) -> dict[str, Any]:
        return self._top(shape, writing=True)

    def _top(self, shape: Shape, writing: bool) -> dict[str, Any]:
        chosen = {}
        members = list(shape.members.items())
        self.random.shuffle(members)
        if shape.is_tagged_union:
            members = members[:1]
        for name, member in members:
            value = self._member(member, (shape.name,), writing)
            if value is not ABSENT:
                chosen[name] = value
        return chosen

    def _member(self, shape: Shape, above: tuple[str, ...], writing: bool = False) -> Any:
        location = shape.serialization.get("location")
        if shape.serialization.get("eventstream"):
            return self.events(shape) if writing else ABSENT
        if location == "statusCode":
            return self.random.choice((200, 202))
        if location in ("header", "headers", "uri", "querystring") or shape.serialization.get("hostLabel"):
            return self._outside(shape, location or "host")
        return self.value(shape, above)

    def events(self, union: Shape) -> list[dict[str, Any]]:
        """One event of every kind that is not an error."""
        return [
            {name: self._event(shape)} for name, shape in union.members.items() if not shape.metadata.get("exception")
        ]

    def _event(self, shape: Shape) -> dict[str, Any]:
        payload = next((n for n, m in shape.members.items() if m.serialization.get("eventpayload")), None)
        event = {}
        for name, member in shape.members.items():
            value = self.value(member, (shape.name,))
            if member.serialization.get("eventheader") and member.type_name == "timestamp":
                value = value.replace(microsecond=0)
            if value is not ABSENT and (payload in (None, name) or member.serialization.get("eventheader")):
                event[name] = value
        return event

    def _outside(self, shape: Shape, location: str) -> Any:
        """A value that a header, a path, a query string or a host name can hold."""
        texts = {"header": HEADER_TEXTS, "headers": HEADER_TEXTS}.get(location, TEXTS)
        if shape.serialization.get("hostLabel"):
            texts = HOST_TEXTS
        kind = shape.type_name
        if kind == "list":
            count = self.random.randint(1, 3)
            texts = SIMPLE_TEXTS if location == "header" else TEXTS
            return [self._simple(shape.member, texts, whole_seconds=False) for _ in range(count)]
        if kind == "map":
            values = shape.value
            keys = ("alpha", "beta-2")
            if values.type_name == "list":
                return {key: [self._simple(values.member, TEXTS, False) for _ in range(2)] for key in keys}
            return {key: self._simple(values, texts, False) for key in keys}
        if location == "header" and shape.serialization.get("jsonvalue"):
            return {"a": [1, "é"]}
        return self._simple(shape, texts, whole_seconds=location == "header")

    def value(self, shape: Shape, above: tuple[str, ...]) -> Any:
        """Any value of the shape; ABSENT where only an endless one would fit."""
        self.left -= 1
        kind = shape.type_name
        if kind in ("structure", "list", "map") and (len(above) > DEEPEST or above.count(shape.name) > 1):
            return ABSENT
        if kind == "structure":
            return self._structure(shape, (*above, shape.name))
        if kind == "list":
            items = [self.value(shape.member, (*above, shape.name)) for _ in range(self.random.randint(1, 3))]
            return ABSENT if ABSENT in items else items
        if kind == "map":
            return self._map(shape, (*above, shape.name))
        return self._simple(shape, TEXTS, whole_seconds=False)

    def _structure(self, shape: Shape, above: tuple[str, ...]) -> Any:
        if shape.is_document_type:
            return self.random.choice(DOCUMENTS)
        members = list(shape.members.items())
        self.random.shuffle(members)
        chosen = {}
        for name, member in members:
            if shape.is_tagged_union and chosen:
                break
            if self.left < 0 and chosen and name not in shape.required_members:
                continue
            value = self.value(member, above)
            if value is not ABSENT:
                chosen[name] = value
        # A form and an event cannot tell a structure without members from none at all.
        empty_is_absent = self.protocol in ("query", "ec2") or shape.is_tagged_union
        return ABSENT if not chosen and empty_is_absent else chosen

    def _map(self, shape: Shape, above: tuple[str, ...]) -> Any:
        entries = {}
        for _ in range(self.random.randint(1, 2)):
            value = self.value(shape.value, above)
            if value is not ABSENT:
                entries[self._simple(shape.key, TEXTS, False)] = value
        return entries or ABSENT

    def _simple(self, shape: Shape, texts: tuple[str, ...], whole_seconds: bool) -> Any:
        kind = shape.type_name
        if kind == "timestamp":
            rfc822 = shape.serialization.get("timestampFormat") == "rfc822"
            return self._moment(whole_seconds or rfc822)
        if kind == "boolean":
            return self.random.random() < 0.5
        if kind in ("integer", "long"):
            low, high = shape.metadata.get("min", -5), shape.metadata.get("max", 2**31 - 1)
            return self.random.choice((int(low), int(high), min(max(7, int(low)), int(high))))
        if kind in ("float", "double"):
            return self.random.choice((0.5, 1.25, -3.0, 1024.0))
        if kind == "blob":
            return self.random.randbytes(self.random.randint(1, 20))
        return self.random.choice(shape.metadata.get("enum") or texts)

    def _moment(self, whole_seconds: bool) -> datetime:
        micros = 0 if whole_seconds or self.seed.startswith(_WHOLE_SECONDS) else self.random.choice((0, 123000, 123456))
        start = datetime(2020, 2, 29, 12, 30, 59, tzinfo=UTC)
        return start + timedelta(days=self.random.randint(0, 3000), microseconds=micros)
