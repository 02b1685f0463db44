"""Key conditions, projections, and what comes with expressions."""

from __future__ import annotations

import pytest

from cumulet.services.dynamodb.expressions import Given
from cumulet.services.dynamodb.schema import Schema
from tests.dynamodb.expressions.asking import SCHEMA, key, projected, refusal

P, N = {"S": "p"}, {"N": "1"}
UNUSED = "Value provided in {} unused in expressions: keys: {{{}}}"


@pytest.mark.parametrize(
    ("text", "operator", "operands"),
    [
        ("pk = :p", "", 0),
        (":p = pk", "", 0),
        ("sk < :n AND pk = :p", "<", 1),
        ("(pk = :p) AND (:n < sk)", ">", 1),
        ("pk = :p AND sk BETWEEN :n AND :n", "BETWEEN", 2),
    ],
)
def test_key_conditions(text, operator, operands):
    found = key(text, SCHEMA, p=P, **({"n": N} if ":n" in text else {}))
    assert found == (P, operator, (N,) * operands)


def test_a_sort_key_may_begin_with_a_text():
    assert key("pk = :p AND begins_with(sk, :s)", p=P, s={"S": "a"}) == (P, "begins_with", ({"S": "a"},))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("sk = :n", "Query condition missed key schema element: pk"),
        ("pk = :p AND third = :n", "Query condition missed key schema element: sk"),
        ("pk > :p", "Query key condition not supported"),
        ("pk = :p AND pk = :p", "KeyConditionExpressions must only contain one condition per key"),
        ("pk = :p OR sk = :n", "Invalid operator used in KeyConditionExpression: OR"),
        ("NOT pk = :p", "Invalid operator used in KeyConditionExpression: NOT"),
        ("pk = :p AND sk IN (:n)", "Invalid operator used in KeyConditionExpression: IN"),
        ("pk = :p AND sk <> :n", "Invalid operator used in KeyConditionExpression: <>"),
        ("attribute_exists(pk)", "Invalid operator used in KeyConditionExpression: attribute_exists"),
        ("pk.a = :p", "KeyConditionExpressions cannot have conditions on nested attributes"),
        ("size(pk) = :n", "KeyConditionExpressions cannot contain nested operations"),
        ("pk = sk", "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"),
        (":p = :n", "Invalid condition in KeyConditionExpression: No key attribute specified"),
        (
            "begins_with(:p, sk)",
            "Invalid condition in KeyConditionExpression: "
            "begins_with operator must have the key attribute as its first operand",
        ),
        (
            "pk = :n",
            "One or more parameter values were invalid: Condition parameter type does not match schema type",
        ),
        (
            "pk = :p AND begins_with(sk, :n)",
            "Invalid KeyConditionExpression: Incorrect operand type for operator or function; "
            "operator or function: begins_with, operand type: N",
        ),
    ],
)
def test_key_conditions_are_refused(text, why):
    assert refusal(key, text, SCHEMA, p=P, n=N) == why


def test_a_table_without_sort_key_takes_no_second_condition():
    assert refusal(key, "pk = :p AND sk = :n", Schema(hash="pk", hash_type="S"), p=P, n=N) == (
        "Query key condition not supported"
    )


def test_keys_are_not_empty():
    assert "cannot contain an empty string value. Key: pk" in refusal(key, "pk = :p", SCHEMA, p={"S": ""})


def test_projections():
    item = {
        "a": P,
        "m": {"M": {"k": P, "o": N}},
        "l": {"L": [P, N, {"M": {"x": P, "y": N}}]},
    }
    assert projected("a, gone", item) == {"a": P}
    assert projected("m.k, m.gone", item) == {"m": {"M": {"k": P}}}
    assert projected("m[0], a.b, l.x, gone[1].x", item) == {}
    assert projected("l[2].y, l[0], l[9]", item) == {"l": {"L": [P, {"M": {"y": N}}]}}


# Names and values


def test_names_and_values_that_no_expression_uses_are_refused():
    given = Given({"#a": "a", "#b": "b"}, {":v": P, ":w": P})
    given.condition("#a = :v", "FilterExpression")
    assert refusal(given.check_all_used) == UNUSED.format("ExpressionAttributeNames", "#b")
    given.projection("#b")
    assert refusal(given.check_all_used) == UNUSED.format("ExpressionAttributeValues", ":w")
    given.key_condition("pk = :w", SCHEMA)
    given.check_all_used()


def test_names_and_values_need_expressions():
    given = Given({"#a": "a"}, None)
    given.condition(None, "ConditionExpression")
    assert refusal(given.check_all_used) == "ExpressionAttributeNames can only be specified when using expressions"
    given = Given(None, {":v": P})
    given.condition(None, "ConditionExpression")
    given.update(None)
    assert refusal(given.check_all_used) == (
        "ExpressionAttributeValues can only be specified when using expressions: "
        "UpdateExpression and ConditionExpression are null"
    )


@pytest.mark.parametrize(
    ("names", "values", "why"),
    [
        ({}, None, "ExpressionAttributeNames must not be empty"),
        (None, {}, "ExpressionAttributeValues must not be empty"),
        ({"a": "a"}, None, 'ExpressionAttributeNames contains invalid key: Syntax error; key: "a"'),
        ({"#": "a"}, None, 'ExpressionAttributeNames contains invalid key: Syntax error; key: "#"'),
        (None, {"v": P}, 'ExpressionAttributeValues contains invalid key: Syntax error; key: "v"'),
        (None, {":a-b": P}, 'ExpressionAttributeValues contains invalid key: Syntax error; key: ":a-b"'),
        (
            None,
            {":v": {"SS": []}},
            "ExpressionAttributeValues contains invalid value: One or more parameter values were invalid: "
            "An string set  may not be empty for key :v",
        ),
        (
            None,
            {":v": {}},
            "ExpressionAttributeValues contains invalid value: Supplied AttributeValue is empty, "
            "must contain exactly one of the supported datatypes for key :v",
        ),
    ],
)
def test_names_and_values_that_cannot_be(names, values, why):
    def ask():
        Given(names, values).condition("attribute_exists(a)", "ConditionExpression")

    assert refusal(ask) == why


def test_what_is_not_defined_is_refused():
    given = Given({"#a": "a"}, {":v": P})
    assert refusal(given.condition, "a = :w", "FilterExpression") == (
        "Invalid FilterExpression: An expression attribute value used in expression is not defined; attribute value: :w"
    )
    assert refusal(given.update, "SET #b = :v") == (
        "Invalid UpdateExpression: An expression attribute name used in the document path is not defined; "
        "attribute name: #b"
    )


def test_one_text_means_what_the_names_of_its_request_say():
    for name in ("a", "b"):
        condition = Given({"#n": name}, {":v": P}).condition("#n = :v", "FilterExpression")
        assert condition.attributes == {name}
        assert condition.holds({name: P})
        assert not condition.holds({"c": P})
