"""Short ways to ask expressions, for tests."""

from __future__ import annotations

from typing import Any

import pytest

from cumulet.services.dynamodb.errors import ValidationException
from cumulet.services.dynamodb.expressions import Given, KeyCondition
from cumulet.services.dynamodb.schema import Schema

SCHEMA = Schema(hash="pk", hash_type="S", range="sk", range_type="N")
TEXT_KEYS = Schema(hash="pk", hash_type="S", range="sk", range_type="S")


def holds(text: str, item: Any, names: dict | None = None, **values: Any) -> bool:
    """Whether a condition holds; `v={"S": "x"}` is the value of :v."""
    condition = Given(names, _given(values)).condition(text, "ConditionExpression")
    assert condition is not None
    return condition.holds(item)


def updated(text: str, item: Any, names: dict | None = None, **values: Any) -> Any:
    update = Given(names, _given(values)).update(text)
    assert update is not None
    return update.apply(item)


def projected(text: str, item: Any, names: dict | None = None) -> Any:
    projection = Given(names, None).projection(text)
    assert projection is not None
    return projection.of(item)


def key(text: str, schema: Schema = TEXT_KEYS, **values: Any) -> KeyCondition:
    condition = Given(None, _given(values)).key_condition(text, schema)
    assert condition is not None
    return condition


def refusal(ask: Any, *arguments: Any, **values: Any) -> str:
    """What one of these is refused with."""
    with pytest.raises(ValidationException) as refused:
        ask(*arguments, **values)
    return refused.value.message


def _given(values: dict[str, Any]) -> dict[str, Any] | None:
    return {f":{name}": value for name, value in values.items()} or None
