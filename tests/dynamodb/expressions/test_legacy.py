"""The older parameters mean what expressions mean, and are refused in words of their own."""

from __future__ import annotations

import pytest

from cumulet.services.dynamodb.expressions import legacy
from tests.dynamodb.expressions.asking import SCHEMA, refusal

P, N, SET = {"S": "pq"}, {"N": "1"}, {"SS": ["a"]}
INVALID = "One or more parameter values were invalid: "


def condition(operator, *values):
    return {"ComparisonOperator": operator, "AttributeValueList": list(values)}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"Value": P}, True),
        ({"Value": P, "Exists": True}, True),
        ({"Exists": False}, False),
        ({"ComparisonOperator": "EQ", "Value": P}, True),
        (condition("NE", N), True),
        (condition("LE", P), True),
        (condition("LT", P), False),
        (condition("BETWEEN", {"S": "a"}, {"S": "z"}), True),
        (condition("IN", {"S": "a"}, P), True),
        (condition("BEGINS_WITH", {"S": "p"}), True),
        (condition("CONTAINS", {"S": "q"}), True),
        (condition("NOT_CONTAINS", {"S": "q"}), False),
        (condition("NULL"), False),
        (condition("NOT_NULL"), True),
    ],
)
def test_expected(wanted, expected):
    assert legacy.expected({"status": wanted}).holds({"status": P}) is expected


def test_conditions_are_joined_by_and_unless_or_is_asked_for():
    wanted = {"a": condition("EQ", P), "b": condition("EQ", P)}
    assert not legacy.filters(wanted).holds({"a": P})
    assert legacy.filters(wanted, "OR").holds({"a": P})
    assert legacy.expected(None) is None
    assert legacy.filters({}) is None


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ({}, "Value must be provided when Exists is null for Attribute: a"),
        ({"Exists": True}, "Value must be provided when Exists is true for Attribute: a"),
        ({"Exists": False, "Value": P}, "Value cannot be used when Exists is set to false for Attribute: a"),
        (
            {"AttributeValueList": [P]},
            "AttributeValueList can only be used with a ComparisonOperator for Attribute: a",
        ),
        (
            {"ComparisonOperator": "EQ", "Exists": True},
            "Exists and ComparisonOperator cannot be used together for Attribute: a",
        ),
        (
            {"ComparisonOperator": "EQ"},
            "Value or AttributeValueList must be used with ComparisonOperator: EQ for Attribute: a",
        ),
        (
            {"Value": P, **condition("EQ", P)},
            "Value and AttributeValueList cannot be used together for Attribute: a",
        ),
        (condition("EQ", P, P), "Invalid number of argument(s) for the EQ ComparisonOperator"),
        (condition("NULL", P), "Invalid number of argument(s) for the NULL ComparisonOperator"),
        (condition("IN"), "Invalid number of argument(s) for the IN ComparisonOperator"),
        (condition("LT", SET), "ComparisonOperator LT is not valid for SS AttributeValue type"),
        (condition("BEGINS_WITH", N), "ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type"),
        (condition("IN", P, N), "AttributeValues inside AttributeValueList must all be of the same type"),
    ],
)
def test_expected_is_refused(wanted, why):
    assert refusal(legacy.expected, {"a": wanted}) == INVALID + why


def test_bounds_are_in_order():
    assert refusal(legacy.filters, {"a": condition("BETWEEN", {"N": "10"}, {"N": "9"})}) == (
        "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"
    )


def test_a_conditional_operator_needs_conditions():
    assert refusal(legacy.filters, None, "OR") == "ConditionalOperator cannot be used without Filter or Expected"
    assert refusal(legacy.expected, {"a": {"Value": P}}, "AND") == (
        "ConditionalOperator can only be used when Filter or Expected has two or more elements"
    )


@pytest.mark.parametrize(
    ("wanted", "before", "after"),
    [
        ({"Value": P}, {}, {"a": P}),
        ({"Action": "PUT", "Value": N}, {"a": P}, {"a": N}),
        ({"Action": "ADD", "Value": N}, {}, {"a": N}),
        ({"Action": "ADD", "Value": N}, {"a": {"N": "2"}}, {"a": {"N": "3"}}),
        ({"Action": "ADD", "Value": SET}, {"a": {"SS": ["b"]}}, {"a": {"SS": ["b", "a"]}}),
        ({"Action": "ADD", "Value": {"L": [P]}}, {"a": {"L": [N]}}, {"a": {"L": [N, P]}}),
        ({"Action": "ADD", "Value": {"L": [P]}}, {}, {"a": {"L": [P]}}),
        ({"Action": "DELETE"}, {"a": P}, {}),
        ({"Action": "DELETE", "Value": SET}, {"a": {"SS": ["a", "b"]}}, {"a": {"SS": ["b"]}}),
    ],
)
def test_attribute_updates(wanted, before, after):
    assert legacy.update({"a": wanted}).apply(before) == after


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ({"Action": "PUT"}, "Only DELETE action is allowed when no attribute value is specified"),
        ({"Action": "ADD", "Value": P}, "ADD action is not supported for the type S"),
        ({"Action": "DELETE", "Value": N}, "DELETE action with value is not supported for the type N"),
    ],
)
def test_attribute_updates_are_refused(wanted, why):
    assert refusal(legacy.update, {"a": wanted}) == INVALID + why


def test_attributes_of_another_type_cannot_be_added_to():
    for value in (N, SET, {"L": []}):
        update = legacy.update({"a": {"Action": "ADD", "Value": value}})
        assert refusal(update.apply, {"a": P}) == "Type mismatch for attribute to update"


def test_key_conditions():
    wanted = {"pk": condition("EQ", P), "sk": condition("BETWEEN", N, N)}
    assert legacy.key_condition(wanted, SCHEMA) == (P, "BETWEEN", (N, N))
    assert refusal(legacy.key_condition, {}, SCHEMA) == "Conditions can be of length 1 or 2 only"
    assert refusal(legacy.key_condition, {"pk": condition("NE", P)}, SCHEMA) == (
        "Attempted conditional constraint is not an indexable operation"
    )
    assert refusal(legacy.key_condition, {"pk": condition("LT", P)}, SCHEMA) == "Query key condition not supported"
    assert refusal(legacy.key_condition, {"sk": condition("EQ", N)}, SCHEMA) == (
        "Query condition missed key schema element: pk"
    )


def test_attributes_to_get():
    assert legacy.projection(["a.b", "gone"]).of({"a.b": P, "c": N}) == {"a.b": P}
    assert refusal(legacy.projection, ["a", "b", "a"]) == INVALID + "Duplicate value in attribute name: a"


def test_expressions_and_older_parameters_do_not_mix():
    assert refusal(legacy.refuse_both, {"Expected": {}, "ConditionalOperator": None}, {"UpdateExpression": "x"}) == (
        "Can not use both expression and non-expression parameters in the same request: "
        "Non-expression parameters: {Expected} Expression parameters: {UpdateExpression}"
    )
    legacy.refuse_both({"KeyConditions": {}}, {"FilterExpression": "x", "KeyConditionExpression": None})
    legacy.refuse_both({"Expected": {}}, {"UpdateExpression": None})
