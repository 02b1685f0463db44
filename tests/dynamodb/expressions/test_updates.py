"""What updates do."""

from __future__ import annotations

import pytest

from cumulet.services.dynamodb.expressions import Given
from tests.dynamodb.expressions.asking import refusal, updated

X, ONE = {"S": "x"}, {"N": "1"}
WRONG_TYPE = "An operand in the update expression has an incorrect data type"
NO_SUCH_PATH = "The document path provided in the update expression is invalid for update"


def texts(*each):
    return {"L": [{"S": text} for text in each]}


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("SET a = :x", None, {"a": X}),
        ("SET a = b, b = a", {"a": X, "b": ONE}, {"a": ONE, "b": X}),
        ("SET n = n + :one", {"n": {"N": "9"}}, {"n": {"N": "10"}}),
        ("SET n = :one - n", {"n": {"N": "9"}}, {"n": {"N": "-8"}}),
        ("SET n = (n - :one)", {"n": {"N": "9"}}, {"n": {"N": "8"}}),
        ("SET n = if_not_exists(n, :one) + :one", {}, {"n": {"N": "2"}}),
        ("SET a = if_not_exists(a, gone)", {"a": X}, {"a": X}),
        ("SET l = list_append(l, :l)", {"l": texts("a")}, {"l": texts("a", "x", "y")}),
        ("SET l = list_append(:l, if_not_exists(l, :l))", {}, {"l": texts("x", "y", "x", "y")}),
        ("SET m.k = :x", {"m": {"M": {"o": ONE}}}, {"m": {"M": {"o": ONE, "k": X}}}),
        ("SET l[0] = :x", {"l": texts("a", "b")}, {"l": texts("x", "b")}),
        ("SET l[9] = :x, l[7] = :one", {"l": texts("a")}, {"l": {"L": [{"S": "a"}, ONE, X]}}),
        ("REMOVE l[0], l[2], l[9]", {"l": texts("a", "b", "c", "d")}, {"l": texts("b", "d")}),
        ("SET l[1] = :x REMOVE l[0]", {"l": texts("a", "b", "c")}, {"l": texts("x", "c")}),
        ("SET l[8] = :x REMOVE l[3]", {"l": texts("a", "b")}, {"l": texts("a", "b", "x")}),
        ("REMOVE a, gone", {"a": X, "b": X}, {"b": X}),
        ("REMOVE m.k, m.gone", {"m": {"M": {"k": X}}}, {"m": {"M": {}}}),
        ("ADD n :one", {}, {"n": ONE}),
        ("ADD m.n :one", {"m": {"M": {"n": {"N": "1.5"}}}}, {"m": {"M": {"n": {"N": "2.5"}}}}),
        ("ADD s :s", {}, {"s": {"SS": ["a", "b"]}}),
        ("ADD s :s", {"s": {"SS": ["c", "a"]}}, {"s": {"SS": ["c", "a", "b"]}}),
        ("DELETE s :s", {"s": {"SS": ["c", "a"]}}, {"s": {"SS": ["c"]}}),
        ("DELETE s :s", {"s": {"SS": ["a"]}, "o": X}, {"o": X}),
        ("DELETE s :s", {"o": X}, {"o": X}),
    ],
)
def test_updates(text, before, after):
    values = {"x": X, "one": ONE, "l": texts("x", "y"), "s": {"SS": ["a", "b"]}}
    used = {name: value for name, value in values.items() if f":{name}" in text}
    assert updated(text, before, **used) == after


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("SET a = gone", "The provided expression refers to an attribute that does not exist in the item"),
        ("SET a = gone + :v", "The provided expression refers to an attribute that does not exist in the item"),
        ("SET a = s + :v", WRONG_TYPE),
        ("SET a = list_append(s, l)", WRONG_TYPE),
        ("ADD s :v", WRONG_TYPE),
        ("SET gone.x = :v", NO_SUCH_PATH),
        ("SET s.x = :v", NO_SUCH_PATH),
        ("SET s[0] = :v", NO_SUCH_PATH),
        ("SET l[7].x = :v", NO_SUCH_PATH),
        ("SET l.x = :v", NO_SUCH_PATH),
        ("REMOVE gone.x", NO_SUCH_PATH),
        ("ADD gone.x :v", NO_SUCH_PATH),
    ],
)
def test_items_that_an_update_does_not_fit(text, why):
    values = {"v": ONE} if ":v" in text else {}
    assert refusal(updated, text, {"s": X, "l": texts("a")}, **values) == why


@pytest.mark.parametrize(
    ("text", "value", "why"),
    [
        ("SET a = a + :v", X, "operator or function: +, operand type: S"),
        ("SET a = list_append(a, :v)", X, "operator or function: list_append, operand type: S"),
        ("ADD a :v", X, "operator: ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND"),
        ("DELETE a :v", ONE, "operator: DELETE, operand type: NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND"),
    ],
)
def test_values_of_types_that_an_update_has_no_use_for(text, value, why):
    assert refusal(updated, text, {}, v=value) == (
        f"Invalid UpdateExpression: Incorrect operand type for operator or function; {why}"
    )


def test_the_old_item_stays_as_it_was():
    before = {"m": {"M": {"l": texts("a")}}}
    after = updated("SET m.l[0] = :x REMOVE m.gone", before, x=X)
    assert before == {"m": {"M": {"l": texts("a")}}}
    assert after == {"m": {"M": {"l": texts("x")}}}


def test_an_update_tells_what_it_changes():
    update = Given(None, {":x": X}).update("SET m.k = :x, l[1] = :x REMOVE gone")
    before = {"m": {"M": {"k": ONE, "o": X}}, "l": texts("a", "b", "c"), "o": X}
    assert update.changed_of(before) == {"m": {"M": {"k": ONE}}, "l": texts("b")}
    assert update.changed_of(update.apply(before)) == {"m": {"M": {"k": X}}, "l": texts("x")}
    assert update.touches(("pk", "l")) == "l"
    assert update.touches(("pk", "sk")) is None


def test_no_update_nests_deeper_than_32_levels():
    assert updated("SET a.b = :v", {"a": {"M": {}}}, v=deep(30))
    for before, value in (({"a": {"M": {}}}, deep(31)), ({}, deep(32))):
        path = "a.b" if before else "a"
        assert "Nesting Levels have exceeded supported limits" in refusal(updated, f"SET {path} = :v", before, v=value)


def deep(levels):
    value = X
    for _ in range(levels):
        value = {"M": {"a": value}}
    return value


def test_numbers_that_do_not_fit_are_refused():
    big = {"N": "9" * 38}
    assert "38 significant digits" in refusal(updated, "SET a = a + :v", {"a": big}, v={"N": "0.1"})


def test_lists_do_not_grow_beyond_what_an_item_holds():
    grow = "list_append(:v, list_append(:v, :v))"
    too_large = "Item size to update has exceeded the maximum allowed size"
    assert refusal(updated, f"SET a = {grow}", {}, v={"L": [X] * 70_000}) == too_large
    assert refusal(updated, f"SET a = {grow}, b = {grow}", {}, v={"L": [X] * 40_000}) == too_large
