"""What the record tells of an operation's parameters and answer: CloudTrail's spelling, and no secrets.

The model says how values are built, and which of them are secret; writers are compiled from it once per operation.
Bytes and streams are left out, since a record is text. Source: CloudTrail User Guide, record contents."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from cumulet.kernel.models import Operation, ServiceModel, Shape

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
LARGEST = 100 * 1024
"""Bytes of one field; a larger one is left out and marked so (CloudTrail User Guide, omitted)."""
_MOST_ITEMS = 1000
_LARGEST_INTEGER = 1 << 63
_DEEPEST = 32
_SECRET = frozenset({
    "password", "newpassword", "oldpassword", "masteruserpassword", "masterpassword", "authtoken", "secretstring",
    "plaintext", "privatekey", "privatekeyplaintext", "messagebody", "keymaterial", "tokencode", "samlassertion",
    "webidentitytoken", "base32stringseed", "authenticationcode1", "authenticationcode2", "authenticationcode",
    "ssecustomerkey", "copysourcessecustomerkey", "clientsecret", "sessiontoken",
})  # fmt: skip
_UNTOLD = frozenset({"secretaccesskey"})
"""Left out altogether, as AWS does."""

Tell = Callable[[Any, int], Any]
_NOTHING = object()


def request(operation: Operation) -> Callable[[Mapping[str, Any]], Any]:
    """A writer of an operation's parameters, as `requestParameters`: None where there are none."""
    return _whole(operation, operation.input)


def response(operation: Operation) -> Callable[[Mapping[str, Any]], Any]:
    """A writer of an operation's answer, as `responseElements`."""
    return _whole(operation, operation.output)


def _whole(operation: Operation, name: str | None) -> Callable[[Mapping[str, Any]], Any]:
    if name is None:
        return lambda given: None
    is_s3 = operation.service.name in ("s3", "s3control")
    tell = _s3_structure(operation, name) if is_s3 else _tellers(operation.service).of({"shape": name})

    def write(given: Mapping[str, Any]) -> Any:
        told = tell(given, 0) if given else None
        return _bounded(told) if told and told is not _NOTHING else None

    return write


def _bounded(told: Any) -> Any:
    size = len(msgspec.json.encode(told))
    return told if size <= LARGEST else {"omitted": True, "originalSize": size, "reason": "Field is too large"}


@cache
def _tellers(service: ServiceModel) -> _Tellers:
    return _Tellers(service)


class _Tellers:
    """The writers of one service's shapes."""

    def __init__(self, service: ServiceModel) -> None:
        self._service = service
        self._made: dict[str, Tell] = {}

    def of(self, ref: Shape, member: str = "") -> Tell:
        name = str(ref["shape"])
        shape = self._service.shapes[name]
        if member.lower() in _UNTOLD:
            return _left_out
        if ref.get("sensitive") or shape.get("sensitive") or (member.lower() in _SECRET and shape["type"] == "string"):
            return _hide
        if shape["type"] == "blob" or shape.get("eventstream") or ref.get("streaming"):
            return _hide if member.lower() in _SECRET else _left_out
        return lambda value, depth: self._shape(name, shape)(value, depth)

    def _shape(self, name: str, shape: Shape) -> Tell:
        found = self._made.get(name)
        if found is None:
            found = self._made[name] = getattr(self, "_" + str(shape["type"]), self._scalar)(shape)
        return found

    def _structure(self, shape: Shape) -> Tell:
        members = {n: (lower_camel(n), self.of(ref, n)) for n, ref in shape.get("members", {}).items()}
        return _structure(members, shape.get("document", False))

    def _list(self, shape: Shape) -> Tell:
        item = self.of(shape["member"])

        def tell(value: Any, depth: int) -> Any:
            if not isinstance(value, list | tuple) or depth > _DEEPEST:
                return _NOTHING
            told = (item(each, depth + 1) for each in value[:_MOST_ITEMS])
            return [each for each in told if each is not _NOTHING]

        return tell

    def _map(self, shape: Shape) -> Tell:
        item = self.of(shape["value"])

        def tell(value: Any, depth: int) -> Any:
            if not isinstance(value, Mapping) or depth > _DEEPEST:
                return _NOTHING
            told = {
                _scalar(str(name), depth): item(each, depth + 1) for name, each in list(value.items())[:_MOST_ITEMS]
            }
            return {name: each for name, each in told.items() if each is not _NOTHING}

        return tell

    def _scalar(self, shape: Shape) -> Tell:
        return _scalar


def _structure(members: Mapping[str, tuple[str, Tell]], is_document: bool = False) -> Tell:
    def tell(value: Any, depth: int) -> Any:
        if not isinstance(value, Mapping) or depth > _DEEPEST:
            return _scalar(value, depth) if is_document else _NOTHING
        told: dict[str, Any] = {}
        for name, each in value.items():
            known = members.get(name)
            if known is not None and each is not None and (words := known[1](each, depth + 1)) is not _NOTHING:
                told[known[0]] = words
        return told

    return tell


def _scalar(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else value.encode(errors="replace").decode()
    if isinstance(value, int):
        return value if abs(value) < _LARGEST_INTEGER else str(value)
    if isinstance(value, float):
        return value
    if isinstance(value, datetime):
        return _instant(value)
    return _NOTHING


def _instant(value: datetime) -> str:
    """ "Mar 24, 2014, 9:11:59 PM", as most services write it in responseElements."""
    return f"{value:%b} {value.day}, {value.year}, {(value.hour + 11) % 12 + 1}:{value:%M:%S %p}"


def _hide(value: Any, depth: int) -> Any:
    return HIDDEN


def _left_out(value: Any, depth: int) -> Any:
    return _NOTHING


def lower_camel(name: str) -> str:
    """ "UserName" -> "userName", "DBInstanceClass" -> "dBInstanceClass": AWS lowers the first letter alone."""
    return name[:1].lower() + name[1:]


# S3 spells its parameters as they stand in the request

_S3_UNTOLD = frozenset({"ContentLength", "ContentMD5", "ChecksumMode"})


def _s3_structure(operation: Operation, name: str) -> Tell:
    shape = operation.service.shapes[name]
    tellers = _tellers(operation.service)
    members: dict[str, tuple[str, Tell]] = {}
    for member, ref in shape.get("members", {}).items():
        if ref.get("location") == "headers" or member in _S3_UNTOLD:
            continue
        tell = tellers.of(ref, member)
        members[member] = (s3_name(member, ref), _policy if member == "Policy" else tell)
    query = operation.uri.partition("?")[2] if name == operation.input else ""
    literal = {part: value for part, value in parse_qsl(query, keep_blank_values=True) if part != "x-id"}
    plain = _structure(members)

    def write(value: Any, depth: int) -> Any:
        told = plain(value, depth)
        return {**told, **literal} if isinstance(told, dict) else told

    return write


def s3_name(member: str, ref: Shape) -> str:
    if member == "Policy":
        return "bucketPolicy"
    if ref.get("location") == "uri":
        return {"Bucket": "bucketName", "Key": "key"}.get(member, lower_camel(member))
    return str(ref.get("locationName") or member) if ref.get("location") else member


def _policy(value: Any, depth: int) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) and len(value) <= LARGEST else _NOTHING
    except ValueError:
        return _NOTHING
