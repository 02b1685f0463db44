"""What a message carries: its body, its attributes, their rules and their digests."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from struct import pack
from typing import Any

from cumulet.services.sqs.errors import InvalidMessageContents, InvalidParameterValue, MissingParameter

Attributes = dict[str, dict[str, Any]]
"""Names to {"DataType": ..., "StringValue" or "BinaryValue": ...}, as on the wire."""

_MOST_ATTRIBUTES = 10
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_RESERVED = ("aws.", "amazon.")
_NUMBER_DIGITS = 38
_NUMBER_RANGE = (Decimal("1e-128"), Decimal("1e126"))


def check_body(body: str) -> None:
    """Raises MissingParameter for no body, InvalidMessageContents for a character that XML cannot carry."""
    if not body:
        raise MissingParameter("MessageBody")
    forbidden = _FORBIDDEN.search(body)
    if forbidden is not None:
        raise InvalidMessageContents(forbidden[0])


def check_attributes(attributes: Attributes) -> None:
    """Raises InvalidParameterValue, or InvalidMessageContents for a character that XML cannot carry."""
    if len(attributes) > _MOST_ATTRIBUTES:
        raise InvalidParameterValue(
            f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum [{_MOST_ATTRIBUTES}]."
        )
    for name, attribute in attributes.items():
        _check_name(name)
        _check_value(name, attribute)


def check_system_attributes(attributes: Attributes) -> None:
    """The one that can be sent is the trace header of X-Ray."""
    for name, attribute in attributes.items():
        if name != "AWSTraceHeader":
            raise InvalidParameterValue(f"Message system attribute name '{name[:100]}' is invalid.")
        if attribute.get("DataType") != "String":
            raise InvalidParameterValue(f"The message system attribute '{name}' must be of the type String.")
        _check_value(name, attribute)


def size(body: str, attributes: Attributes) -> int:
    """What counts against the limit: the body, and the names, types and values of the attributes. In bytes."""
    total = len(body.encode())
    for name, attribute in attributes.items():
        total += len(name.encode()) + len(attribute["DataType"].encode()) + len(_value(attribute))
    return total


def digest(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def attributes_digest(attributes: Attributes) -> str:
    """MD5 over the attributes by name: each as length and name, length and type, kind, length and value.

    Source: SQS Developer Guide, calculating the MD5 message digest for message attributes."""
    hashed = hashlib.md5()
    for name, attribute in sorted(attributes.items()):
        for part in (name.encode(), attribute["DataType"].encode()):
            hashed.update(pack(">I", len(part)) + part)
        value = _value(attribute)
        hashed.update((b"\2" if _kind(attribute) == "Binary" else b"\1") + pack(">I", len(value)) + value)
    return hashed.hexdigest()


def select(attributes: Attributes, names: Iterable[str]) -> Attributes:
    """Those asked for: by name, by a prefix ("order.*"), or all ("All", ".*")."""
    exact, prefixes = set(), []
    for name in names:
        if name in ("All", ".*"):
            return attributes
        if name.endswith(".*"):
            prefixes.append(name[:-2])
        exact.add(name)
    return {name: a for name, a in attributes.items() if name in exact or name.startswith(tuple(prefixes))}


def _check_name(name: str) -> None:
    if not name or len(name) > 256 or not _NAME.fullmatch(name):
        raise InvalidParameterValue(
            f"Message (user) attribute name '{name[:256]}' can contain up to 256 letters, digits, hyphens, underscores "
            "and periods, and no period at its beginning or end or beside another."
        )
    if name.lower().startswith(_RESERVED):
        raise InvalidParameterValue(
            f"Message (user) attribute name '{name}' starts with a prefix that is reserved for AWS: AWS. or Amazon."
        )


def _check_value(name: str, attribute: Mapping[str, Any]) -> None:
    data_type = attribute.get("DataType", "")
    if not data_type:
        raise InvalidParameterValue(f"The message attribute '{name}' must contain non-empty message attribute type.")
    if attribute.get("StringListValues") or attribute.get("BinaryListValues"):
        raise InvalidParameterValue("Message attribute list values in SendMessage operation are not supported.")
    kind = _kind(attribute)
    if kind not in ("String", "Number", "Binary") or len(data_type) > 256:
        raise InvalidParameterValue(
            f"The message attribute '{name}' has an invalid message attribute type, the set of supported type "
            "prefixes is Binary, Number, and String."
        )
    if not attribute.get("BinaryValue" if kind == "Binary" else "StringValue"):
        raise InvalidParameterValue(
            f"The message attribute '{name}' must contain non-empty message attribute value "
            f"for message attribute type '{kind}'."
        )
    if kind != "Binary":
        _check_text(name, kind, attribute["StringValue"])


def _check_text(name: str, kind: str, text: str) -> None:
    forbidden = _FORBIDDEN.search(text)
    if forbidden is not None:
        raise InvalidMessageContents(forbidden[0])
    if kind == "Number" and not _is_number(text):
        raise InvalidParameterValue(f"Can't cast the value of message (user) attribute '{name}' to a number.")


def _is_number(text: str) -> bool:
    """Up to 38 digits, between 10^-128 and 10^126. Source: SQS Developer Guide, message attribute data types."""
    if len(text) > 200 or not text.isascii() or "_" in text:
        return False
    try:
        number = Decimal(text)
    except InvalidOperation:
        return False
    digits = "".join(str(digit) for digit in number.as_tuple().digits).strip("0")
    if not number.is_finite() or len(digits) > _NUMBER_DIGITS:
        return False
    return number == 0 or _NUMBER_RANGE[0] <= abs(number) <= _NUMBER_RANGE[1]


def _kind(attribute: Mapping[str, Any]) -> str:
    kind: str = attribute["DataType"].partition(".")[0]
    return kind


def _value(attribute: Mapping[str, Any]) -> bytes:
    """Nothing where there is none: a batch is measured before its entries are checked."""
    if _kind(attribute) == "Binary":
        value: bytes = attribute.get("BinaryValue", b"")
        return value
    text: str = attribute.get("StringValue", "")
    return text.encode()
