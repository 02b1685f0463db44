"""What is refused for its form, and in which words."""

from __future__ import annotations

import pytest

from cumulet.services.dynamodb.expressions.reserved import WORDS
from tests.dynamodb.expressions.asking import holds, key, projected, refusal, updated

V = {"v": {"N": "1"}}


@pytest.mark.parametrize(
    ("text", "token", "near"),
    [
        ("a b", "b", "a b"),
        ("a = :v )", ")", ":v )"),
        ("a = :v AND", "<EOF>", "AND"),
        ("a = :v AND b", "<EOF>", "b"),
        ("_type = :v", "_", "_type"),
        ("dummy-id = :v", "-", "dummy-id"),
        ("a.2021 = :v", "2021", ".2021 ="),
        ("a[01] = :v", "1", "01]"),
        ("a = : v", ":", "= : v"),
        ("(a = :v", "<EOF>", ":v"),
        ("NOT", "<EOF>", "NOT"),
        ("a IN ()", ")", "()"),
        ("a BETWEEN :v OR :v", "OR", ":v OR :v"),
        ("(a = :v) = :v", "=", ") = :v"),
        ("é = :v", "é", "é ="),
    ],
)
def test_a_syntax_error_shows_the_token_and_its_neighbours(text, token, near):
    assert refusal(holds, text, {}, **V) == (
        f'Invalid ConditionExpression: Syntax error; token: "{token}", near: "{near}"'
    )


@pytest.mark.parametrize(
    ("text", "token", "near"),
    [
        ("ADD hits : incr", ":", "hits : incr"),
        ("INVALID SYNTAX HERE", "INVALID", "INVALID SYNTAX"),
        ("set _something = :v", "_", "set _something"),
        ("SET a = :v, updated :v", ":v", "updated :v"),
        ("SET a = :v,", "<EOF>", ","),
        ("SET a = :v + :v + :v", "+", ":v + :v"),
        ("ADD a b", "b", "a b"),
        ("REMOVE", "<EOF>", "REMOVE"),
        ("SET a = if_not_exists(a, :v + :v)", "+", ":v + :v"),
    ],
)
def test_a_syntax_error_of_an_update(text, token, near):
    assert (
        refusal(updated, text, {}, **V) == f'Invalid UpdateExpression: Syntax error; token: "{token}", near: "{near}"'
    )


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_nothing_is_no_expression(text):
    assert refusal(holds, text, {}) == "Invalid ConditionExpression: The expression can not be empty;"
    assert refusal(updated, text, {}) == "Invalid UpdateExpression: The expression can not be empty;"
    assert refusal(projected, text, {}) == "Invalid ProjectionExpression: The expression can not be empty;"
    assert refusal(key, text) == "Invalid KeyConditionExpression: The expression can not be empty;"


def test_an_expression_has_at_most_4096_bytes():
    fits = "a" * 4091 + " = :v"
    assert holds(fits, {}, **V) is False
    assert refusal(holds, fits.replace(" ", "  ", 1), {}, **V) == (
        "Invalid ConditionExpression: Expression size has exceeded the maximum allowed size; expression size: 4097"
    )


def test_an_expression_has_at_most_300_operators():
    fits = " AND ".join(["a=:v"] * 150)
    assert holds(fits, {"a": {"N": "1"}}, **V)
    assert refusal(holds, f"NOT NOT {fits}", {}, **V) == (
        "Invalid ConditionExpression: The expression contains too many operators; operator count: 301"
    )


def test_deep_parentheses_that_are_needed_are_taken():
    deep = "a=:v"
    for _ in range(99):
        deep = f"NOT(b=:v AND {deep})"
    assert holds(deep, {"a": {"N": "1"}, "b": {"N": "1"}}, **V) is False


@pytest.mark.parametrize(
    "text", ["((a = :v))", "(((a)) = :v)", "NOT ((a = :v))", "(a = :v) OR ((b = :v))", "a IN (((:v)))"]
)
def test_redundant_parentheses_are_refused(text):
    assert refusal(holds, text, {}, **V) == "Invalid ConditionExpression: The expression has redundant parentheses;"


@pytest.mark.parametrize(
    "text",
    [
        "(a = :v)",
        "((a = :v) OR b = :v)",
        "( ( size ( a )) < b.Maximum )",
        "(NOT (a = :v))",
        "(a) = (:v)",
        "a IN ((:v))",
    ],
)
def test_single_parentheses_may_be_around_anything(text):
    holds(text, {}, **({} if ":v" not in text else V))


def test_keywords_have_any_case_and_functions_only_their_own():
    assert holds("a bEtween :v aNd :v or not b in (:v)", {"a": {"N": "1"}}, **V)
    assert refusal(holds, "Attribute_Exists(a)", {}) == (
        "Invalid ConditionExpression: Invalid function name; function: Attribute_Exists"
    )


def test_reserved_words_are_refused_in_any_case_and_at_any_depth():
    assert len(WORDS) == 573
    for word in ("status", "Status", "a.name", "a[0].URL"):
        assert refusal(holds, f"{word} = :v", {}, **V) == (
            "Invalid ConditionExpression: Attribute name is a reserved keyword; "
            f"reserved keyword: {word.rpartition('.')[2]}"
        )
    assert refusal(projected, "a, year", {}) == (
        "Invalid ProjectionExpression: Attribute name is a reserved keyword; reserved keyword: year"
    )


def test_names_stand_for_one_step_whatever_is_in_them():
    names = {"#n": "a.b[0]", "#s": "status"}
    assert holds("#n = :v AND x.#s = :v", {"a.b[0]": V["v"], "x": {"M": {"status": V["v"]}}}, names, **V)


def test_a_path_has_at_most_32_steps_and_an_index_fits_into_31_bits():
    assert refusal(projected, "a" + ".b" * 32, {}) == (
        "Invalid ProjectionExpression: The document path has too many nesting elements; nesting levels: 33"
    )
    assert refusal(projected, "a[2147483648]", {}) == (
        "Invalid ProjectionExpression: List index is not within the allowable range; index: [2147483648]"
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("SET a = :v SET b = :v", 'The "SET" section can only be used once in an update expression;'),
        ("SET a = size(b)", "The function is not allowed in an update expression; function: size"),
        ("SET a = f(b)", "Invalid function name; function: f"),
        (
            "SET a = if_not_exists(:v, :v)",
            "Operator or function requires a document path; operator or function: if_not_exists",
        ),
        (
            "SET a = if_not_exists(b)",
            "Incorrect number of operands for operator or function; operator or function: if_not_exists, "
            "number of operands: 1",
        ),
        ("SET a = ((b + :v))", "The expression has redundant parentheses;"),
        (
            "SET a = :v, a.b = :v",
            "Two document paths overlap with each other; must remove or rewrite one of these paths; "
            "path one: [a], path two: [a, b]",
        ),
        (
            "SET a.b[1] = :v REMOVE a",
            "Two document paths overlap with each other; must remove or rewrite one of these paths; "
            "path one: [a, b, [1]], path two: [a]",
        ),
        (
            "SET a.b = :v REMOVE a[1]",
            "Two document paths conflict with each other; must remove or rewrite one of these paths; "
            "path one: [a, b], path two: [a, [1]]",
        ),
    ],
)
def test_updates_are_refused_for_what_they_say(text, why):
    assert refusal(updated, text, {}, **V) == f"Invalid UpdateExpression: {why}"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("size(a)", "The function is not allowed to be used this way in an expression; function: size"),
        (
            "contains(a, :v) = :v",
            "The function is not allowed to be used this way in an expression; function: contains",
        ),
        ("if_not_exists(a, :v)", "The function is not allowed in a condition expression; function: if_not_exists"),
        (
            "attribute_exists(:v)",
            "Operator or function requires a document path; operator or function: attribute_exists",
        ),
        (
            "attribute_exists(a, b)",
            "Incorrect number of operands for operator or function; operator or function: attribute_exists, "
            "number of operands: 2",
        ),
        (
            "a.b = a.b",
            "The first operand must be distinct from the remaining operands for this operator or function; "
            "operator: =, first operand: [a, b]",
        ),
        (
            f"a IN ({', '.join([':v'] * 101)})",
            "The IN operator is provided with too many operands; number of operands: 101",
        ),
    ],
)
def test_conditions_are_refused_for_what_they_say(text, why):
    assert refusal(holds, text, {}, **V) == f"Invalid ConditionExpression: {why}"


def test_paths_of_a_projection_have_nothing_to_do_with_each_other():
    assert refusal(projected, "a, b, a", {}) == (
        "Invalid ProjectionExpression: Two document paths overlap with each other; "
        "must remove or rewrite one of these paths; path one: [a], path two: [a]"
    )
