"""What conditions mean."""

from __future__ import annotations

import pytest

from tests.dynamodb.expressions.asking import holds, refusal

ITEM = {
    "s": {"S": "abc"},
    "n": {"N": "5"},
    "b": {"B": b"\x00\xff"},
    "t": {"BOOL": True},
    "z": {"NULL": True},
    "l": {"L": [{"S": "x"}, {"M": {"deep": {"N": "1"}}}]},
    "m": {"M": {"k": {"S": "v"}}},
    "ss": {"SS": ["x", "y"]},
    "ns": {"NS": ["1", "2"]},
    "bs": {"BS": [b"1"]},
}


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("s = :v", {"S": "abc"}, True),
        ("s = :v", {"N": "5"}, False),
        ("n = :v", {"N": "5.0"}, True),
        ("ss = :v", {"SS": ["y", "x"]}, True),
        ("l[1].deep = :v", {"N": "1"}, True),
        ("l[2] = :v", {"N": "1"}, False),
        ("gone = :v", {"S": "abc"}, False),
        ("gone <> :v", {"S": "abc"}, True),
        ("n <> :v", {"S": "5"}, True),
        ("n < :v", {"N": "10"}, True),
        ("s < :v", {"S": "b"}, True),
        ("b >= :v", {"B": b"\x00\xfe"}, True),
        ("n < :v", {"S": "9"}, False),
        ("gone < :v", {"S": "9"}, False),
        ("NOT gone < :v", {"S": "9"}, True),
        ("n BETWEEN :v AND :v", {"N": "5"}, True),
        ("n IN (s, :v)", {"N": "5"}, True),
        ("n IN (gone, :v)", {"N": "6"}, False),
        (":v = s", {"S": "abc"}, True),
        ("begins_with(s, :v)", {"S": "ab"}, True),
        ("begins_with(b, :v)", {"B": b"\x00"}, True),
        ("begins_with(n, :v)", {"S": "5"}, False),
        ("contains(s, :v)", {"S": "bc"}, True),
        ("contains(ss, :v)", {"S": "x"}, True),
        ("contains(ns, :v)", {"N": "2.0"}, True),
        ("contains(ss, :v)", {"N": "1"}, False),
        ("contains(l, :v)", {"M": {"deep": {"N": "1"}}}, True),
        ("contains(m, :v)", {"S": "k"}, False),
        ("contains(gone, :v)", {"S": "k"}, False),
        ("attribute_type(l, :v)", {"S": "L"}, True),
        ("attribute_type(gone, :v)", {"S": "L"}, False),
        ("size(s) = :v", {"N": "3"}, True),
        ("size(l) = :v", {"N": "2"}, True),
        ("size(b) = :v", {"N": "2"}, True),
        ("size(n) < :v", {"N": "100"}, False),
        ("size(gone) < :v", {"N": "100"}, False),
    ],
)
def test_comparisons_and_functions(text, value, expected):
    assert holds(text, ITEM, v=value) is expected


def test_not_binds_before_and_which_binds_before_or():
    item = {"t": {"N": "1"}}
    true, false = "attribute_exists(t)", "attribute_exists(f)"
    assert holds(f"{true} OR {false} AND {false}", item)
    assert not holds(f"({true} OR {false}) AND {false}", item)
    assert holds(f"NOT {false} OR {true} AND {false}", item)
    assert not holds(f"NOT {true} AND {false}", item)
    assert holds(f"NOT ({true} AND {false})", item)


def test_an_item_that_is_not_there_has_no_attributes():
    assert holds("attribute_not_exists(pk)", None)
    assert not holds("attribute_exists(pk)", None)
    assert holds("pk <> :v", None, v={"S": "x"})


def test_the_size_of_a_text_counts_units_of_utf_16():
    assert holds("size(a) = :v", {"a": {"S": "é𝄞"}}, v={"N": "3"})


def test_texts_are_in_the_order_of_their_bytes():
    assert holds("a < :v", {"a": {"S": "\uffff"}}, v={"S": "\U00010000"})


@pytest.mark.parametrize(
    ("text", "values", "why"),
    [
        ("a < :v", {"v": {"BOOL": True}}, "operator or function: <, operand type: BOOL"),
        ("a BETWEEN :v AND b", {"v": {"L": []}}, "operator or function: BETWEEN, operand type: L"),
        ("begins_with(a, :v)", {"v": {"N": "1"}}, "operator or function: begins_with, operand type: N"),
        ("size(:v) > b", {"v": {"N": "1"}}, "operator or function: size, operand type: N"),
        ("size(size(a)) > b", {}, "operator or function: size, operand type: N"),
        ("attribute_type(a, :v)", {"v": {"N": "1"}}, "operator or function: attribute_type, operand type: N"),
    ],
)
def test_values_of_types_that_an_operator_has_no_use_for(text, values, why):
    assert refusal(holds, text, {}, **values) == (
        f"Invalid ConditionExpression: Incorrect operand type for operator or function; {why}"
    )


def test_types_have_known_names():
    assert refusal(holds, "attribute_type(a, :v)", {}, v={"S": "STRING"}) == (
        "Invalid ConditionExpression: Invalid attribute type name found; type: STRING, "
        "valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"
    )


def test_the_bounds_of_between_fit_each_other():
    low, high = "lower bound operand: AttributeValue: {N:2}", "upper bound operand: AttributeValue: {N:1}"
    assert refusal(holds, "a BETWEEN :l AND :h", {}, l={"N": "2"}, h={"N": "1"}) == (
        "Invalid ConditionExpression: The BETWEEN operator requires upper bound to be greater than or equal to "
        f"lower bound; {low}, {high}"
    )
    assert "requires same data type" in refusal(holds, "a BETWEEN :l AND :h", {}, l={"N": "2"}, h={"S": "1"})
