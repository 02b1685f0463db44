"""What policies may ask of requests for items: whose they are, which attributes are touched, what is to be returned.

Each is worked out when a policy asks for it. What a request names is found by reading its expressions for names; that
they are well formed is checked by who runs them. Source: DynamoDB Developer Guide, "Using IAM policy conditions for
fine-grained access control"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cumulet.kernel.access import Value
from cumulet.services.dynamodb import values
from cumulet.services.dynamodb.errors import ValidationException
from cumulet.services.dynamodb.expressions import Given as Expressions
from cumulet.services.dynamodb.schema import Schema

Given = Mapping[str, Any]

_EXPRESSIONS = (
    "ProjectionExpression", "ConditionExpression", "UpdateExpression", "FilterExpression", "KeyConditionExpression",
)  # fmt: skip
_LEGACY = ("AttributeUpdates", "Expected", "KeyConditions", "QueryFilter", "ScanFilter", "Key", "Item")
_DOT = re.compile(r"\s*\.\s*")
_NAME = re.compile(r"(?<![\w.:#])(#\w+|[A-Za-z_]\w*)(?!\w|\s*\()")
_WORDS = frozenset(("AND", "OR", "NOT", "IN", "BETWEEN", "SET", "REMOVE", "ADD", "DELETE"))
_WRITES = frozenset(("PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"))


class OfItems:
    """Of one action on items of one table. `parts` say which items, `request` how they are wanted."""

    def __init__(
        self, action: str, schema: Schema | None, parts: Sequence[Given], request: Given, enclosing: str
    ) -> None:
        self._action = action
        self._schema = schema
        self._parts = parts
        self._request = request
        self._enclosing = enclosing

    def get(self, key: str, /) -> Value | None:
        match key:
            case "dynamodb:leadingkeys":
                return self._leading_keys() or None
            case "dynamodb:attributes":
                return list(dict.fromkeys(name for part in self._parts for name in attributes(part))) or None
            case "dynamodb:select":
                return self._select()
            case "dynamodb:returnvalues":
                return self._return_values()
            case "dynamodb:returnconsumedcapacity":
                return self._request.get("ReturnConsumedCapacity")
            case "dynamodb:enclosingoperation":
                return self._enclosing or None
        return None

    def _leading_keys(self) -> list[str]:
        if self._schema is None or self._action == "Scan":
            return []
        found = (text(value) for part in self._parts for value in _hashes(part, self._schema))
        return list(dict.fromkeys(found))

    def _select(self) -> str | None:
        if self._action in _WRITES or self._action == "BatchWriteItem":
            return None
        asked: str | None = self._request.get("Select")
        if asked:
            return asked
        if any(part.get("ProjectionExpression") or part.get("AttributesToGet") for part in self._parts):
            return "SPECIFIC_ATTRIBUTES"
        return "ALL_PROJECTED_ATTRIBUTES" if self._request.get("IndexName") else "ALL_ATTRIBUTES"

    def _return_values(self) -> Value | None:
        if self._action not in _WRITES:
            return None
        member = "ReturnValuesOnConditionCheckFailure" if self._enclosing else "ReturnValues"
        return list(dict.fromkeys(part.get(member) or "NONE" for part in self._parts))


def attributes(part: Given) -> Iterator[str]:
    """The attributes that a request names, those of the top level."""
    names = part.get("ExpressionAttributeNames") or {}
    for member in _EXPRESSIONS:
        for found in _NAME.findall(_DOT.sub(".", part.get(member) or "")):
            if found.startswith("#"):
                yield names.get(found, found)
            elif found.upper() not in _WORDS:
                yield found
    for member in _LEGACY:
        yield from part.get(member) or ()
    for key in part.get("Keys") or ():
        yield from key
    for path in part.get("AttributesToGet") or ():
        yield re.split(r"[.\[]", path, maxsplit=1)[0]


def _hashes(part: Given, schema: Schema) -> Iterator[Any]:
    """The partition keys that a request names."""
    for key in (part.get("Key"), part.get("Item"), *(part.get("Keys") or ())):
        if key and schema.hash in key:
            yield key[schema.hash]
    if part.get("KeyConditionExpression"):
        try:
            given = Expressions(part.get("ExpressionAttributeNames"), part.get("ExpressionAttributeValues"))
            condition = given.key_condition(part["KeyConditionExpression"], schema)
        except ValidationException:
            return  # refused when the query is run
        if condition is not None:
            yield condition.hash
    legacy = (part.get("KeyConditions") or {}).get(schema.hash)
    if legacy:
        yield from legacy.get("AttributeValueList") or ()


def text(value: Mapping[str, Any]) -> str:
    """A partition key as policies have it."""
    for kind, content in value.items():
        if kind == "N":
            try:
                return values.canonical(content)
            except ValidationException:
                break
        return content.decode("latin-1") if isinstance(content, bytes) else str(content)
    return ""
