"""The policy of a browser upload: what the form may say, until when, and how large the file may be.

The owner signs the policy; the browser sends it with the form; here the form is held against it.
Source: S3 API Reference, "Creating a POST policy"; AWS's error words as it answers them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

# Fields that no condition needs to mention, beside those that begin with "x-ignore-".
FREE = frozenset({"x-amz-signature", "file", "policy", "signature", "awsaccesskeyid"})

LARGEST_OBJECT = 5 * 1024**3
"""Bytes that one POST may upload."""


class PolicyError(Exception):
    """The form may not be accepted; code, words and status are S3's, `extra` the error's further members."""

    def __init__(self, code: str, message: str, status: int, extra: dict[str, str] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status, self.extra = code, message, status, extra or {}


@dataclass(frozen=True, slots=True)
class Condition:
    """`operator` is "eq" or "starts-with"; `field` as written, with its "$"."""

    operator: str
    field: str
    value: str

    def __str__(self) -> str:
        texts = (self.operator, self.field, self.value)
        return "[" + ", ".join(msgspec.json.encode(text).decode() for text in texts) + "]"


@dataclass(frozen=True, slots=True)
class Policy:
    expiration: datetime
    conditions: tuple[Condition, ...]
    smallest: int = 0
    largest: int = LARGEST_OBJECT

    def check(self, fields: Mapping[str, str], bucket: str, now: datetime) -> None:
        """Hold a form against the policy. `fields` have lower-case names and the key's ${filename} filled in.

        Raises PolicyError. The size is checked with `check_size` when it is known."""
        if now >= self.expiration:
            raise _denied("Policy expired.")
        given = {**fields, "bucket": bucket}
        for condition in self.conditions:
            if not _holds(condition, given):
                raise _denied(f"Policy Condition failed: {condition}")
        named = {condition.field.removeprefix("$").lower() for condition in self.conditions}
        extra = [name for name in fields if name not in named and not _free(name)]
        if extra:
            raise _denied(f"Extra input fields: {', '.join(extra)}")

    def check_size(self, size: int) -> None:
        """Whether a file of `size` bytes is within content-length-range. Raises PolicyError."""
        if size > self.largest:
            extra = {"ProposedSize": str(size), "MaxSizeAllowed": str(self.largest)}
            message = "Your proposed upload exceeds the maximum allowed size"
            raise PolicyError("EntityTooLarge", message, 400, extra)
        if size < self.smallest:
            extra = {"ProposedSize": str(size), "MinSizeAllowed": str(self.smallest)}
            message = "Your proposed upload is smaller than the minimum allowed size"
            raise PolicyError("EntityTooSmall", message, 400, extra)


def parse(encoded: str) -> Policy:
    """Read a policy from the base64 text of the form. Raises PolicyError (InvalidPolicyDocument)."""
    document = _document(encoded)
    for required in ("expiration", "conditions"):
        if required not in document:
            raise _invalid(f"Policy missing {required}.")
    if not isinstance(document["conditions"], list):
        raise _invalid("Expecting a list of conditions.")
    conditions: list[Condition] = []
    smallest, largest = 0, LARGEST_OBJECT
    for item in document["conditions"]:
        if isinstance(item, list) and item[:1] and str(item[0]).lower() == "content-length-range":
            low, high = _range(item)
            smallest, largest = max(smallest, low), min(largest, high)
        else:
            conditions.append(_condition(item))
    return Policy(_expiration(document["expiration"]), tuple(conditions), smallest, largest)


def fill_in(key: str, filename: str) -> str:
    """The object's key: ${filename} stands for the name of the file that the user chose, without its folders."""
    return key.replace("${filename}", filename.rpartition("/")[2].rpartition("\\")[2])


def _document(encoded: str) -> dict[str, Any]:
    try:
        document = msgspec.json.decode(base64.b64decode("".join(encoded.split()), validate=True))
    except (binascii.Error, ValueError, msgspec.MsgspecError, RecursionError):
        raise _invalid("Invalid JSON.") from None
    if not isinstance(document, dict):
        raise _invalid("Invalid JSON.")
    return document


def _expiration(text: Any) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise _invalid(f"Invalid 'expiration' value: '{str(text)[:100]}'") from None


def _condition(item: Any) -> Condition:
    if isinstance(item, dict):
        if len(item) != 1:
            raise _invalid("Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.")
        field, value = next(iter(item.items()))
        return Condition("eq", "$" + field, _text(value))
    if not isinstance(item, list) or len(item) != 3:
        raise _invalid("Invalid Condition: expecting an operator and two arguments.")
    operator, field, value = _text(item[0]).lower(), _text(item[1]), _text(item[2])
    if operator not in ("eq", "starts-with"):
        raise _invalid(f"Invalid Condition: unknown operation '{operator[:100]}'.")
    return Condition(operator, field, value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _invalid("Invalid Condition: expecting a string.")
    return value


def _range(item: list[Any]) -> tuple[int, int]:
    numbers = item[1:]
    if len(numbers) != 2 or not all(_is_size(number) for number in numbers):
        raise _invalid("Invalid content-length-range: expecting two numbers.")
    return int(numbers[0]), int(numbers[1])


def _is_size(number: Any) -> bool:
    """A number of bytes; some clients write it as a string."""
    if isinstance(number, str):
        return number.isascii() and number.isdigit() and len(number) <= 18
    return isinstance(number, int) and not isinstance(number, bool) and number >= 0


def _holds(condition: Condition, given: Mapping[str, str]) -> bool:
    if not condition.field.startswith("$"):
        return False
    name = condition.field[1:].lower()
    value = given.get(name)
    if value is None:
        return False
    if condition.operator == "eq":
        return value == condition.value
    if name == "content-type" and "," in value:
        return all(part.strip().startswith(condition.value) for part in value.split(","))
    return value.startswith(condition.value)


def _free(name: str) -> bool:
    return name in FREE or name.startswith("x-ignore-")


def _denied(words: str) -> PolicyError:
    return PolicyError("AccessDenied", f"Invalid according to Policy: {words}", 403)


def _invalid(words: str) -> PolicyError:
    return PolicyError("InvalidPolicyDocument", f"Invalid Policy: {words}", 400)


async def sized(file: AsyncIterator[bytes], policy: Policy) -> AsyncIterator[bytes]:
    """The same file; raises PolicyError as soon as it is too long, or at its end if it is too short."""
    size = 0
    async for piece in file:
        size += len(piece)
        if size > policy.largest:
            break
        yield piece
    policy.check_size(size)
