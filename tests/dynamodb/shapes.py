"""Tables and refusals, as the tests of items need them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError


def make(client: Any, name: str = "music", *, key: str = "pk:S sk:S", indexes: str = "", **more: Any) -> None:
    """A table by a few words: `make(client, key="pk:S sk:N", indexes="by-g:g:S/ALL local-h:pk h:S/KEYS_ONLY")`.

    An index is `name:parts/projection`, its parts like those of the key, parted by commas; one whose name begins with
    "local" is local. `INCLUDE=a,b` includes attributes."""
    types: dict[str, str] = {}
    schema = _schema(key.split(), types)
    made: dict[str, list[dict[str, Any]]] = {}
    for index in indexes.split():
        index_name, _, rest = index.partition(":")
        parts, _, projection = rest.partition("/")
        kind, _, included = projection.partition("=")
        shown = {"ProjectionType": kind, **({"NonKeyAttributes": included.split(",")} if included else {})}
        member = "LocalSecondaryIndexes" if index_name.startswith("local") else "GlobalSecondaryIndexes"
        described = {"IndexName": index_name, "KeySchema": _schema(parts.split(","), types), "Projection": shown}
        if "ProvisionedThroughput" in more and member == "GlobalSecondaryIndexes":
            described["ProvisionedThroughput"] = more["ProvisionedThroughput"]
        made.setdefault(member, []).append(described)
    if "ProvisionedThroughput" not in more:
        more = {"BillingMode": "PAY_PER_REQUEST", **more}
    attributes = [{"AttributeName": each, "AttributeType": kind} for each, kind in types.items()]
    client.create_table(TableName=name, KeySchema=schema, AttributeDefinitions=attributes, **made, **more)


def _schema(parts: list[str], types: dict[str, str]) -> list[dict[str, str]]:
    schema = []
    for part, kind in zip(parts, ("HASH", "RANGE"), strict=False):
        name, _, type_name = part.partition(":")
        types[name] = type_name or types[name]
        schema.append({"AttributeName": name, "KeyType": kind})
    return schema


def item(**attributes: Any) -> dict[str, Any]:
    """Texts become S, numbers N, bytes B; dicts are values already."""
    return {name: value(each) for name, each in attributes.items()}


def value(plain: Any) -> dict[str, Any]:
    if isinstance(plain, dict):
        return plain
    if isinstance(plain, str):
        return {"S": plain}
    return {"B": plain} if isinstance(plain, bytes) else {"N": str(plain)}


def refusal(call: Any, **given: Any) -> tuple[str, str]:
    """The code and the message of the error that a call gets."""
    response = refused(call, **given)
    return response["Error"]["Code"], response["Error"]["Message"]


def refused(call: Any, **given: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as caught:
        call(**given)
    return caught.value.response


def words(call: Any, **given: Any) -> str:
    """The message of a ValidationException."""
    code, message = refusal(call, **given)
    assert code == "ValidationException"
    return message
