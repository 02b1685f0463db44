"""Requests for tables, as the tests of DynamoDB write them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

INVALID = "One or more parameter values were invalid: "


def define(**changes: Any) -> dict[str, Any]:
    """A request for a table, music by artist and song, with changes; None takes a member out."""
    given = {
        "TableName": "music",
        "KeySchema": key("artist", "song"),
        "AttributeDefinitions": types(artist="S", song="S"),
        "BillingMode": "PAY_PER_REQUEST",
        **changes,
    }
    return {name: value for name, value in given.items() if value is not None}


def key(hash_name: str, range_name: str = "") -> list[dict[str, str]]:
    parts = [{"AttributeName": hash_name, "KeyType": "HASH"}]
    return parts + ([{"AttributeName": range_name, "KeyType": "RANGE"}] if range_name else [])


def types(**kinds: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in kinds.items()]


def index(name: str, *names: str, projection: str = "ALL", **more: Any) -> dict[str, Any]:
    return {"IndexName": name, "KeySchema": key(*names), "Projection": {"ProjectionType": projection}, **more}


def units(read: int, write: int) -> dict[str, int]:
    return {"ReadCapacityUnits": read, "WriteCapacityUnits": write}


def refusal(call: Any, **given: Any) -> tuple[str, str]:
    """The code and message by which a call is refused."""
    with pytest.raises(ClientError) as refused:
        call(**given)
    return refused.value.response["Error"]["Code"], refused.value.response["Error"]["Message"]
