"""Expressions against an evaluator that is slow and obvious, and the parser against whatever may come."""

from __future__ import annotations

import copy

from hypothesis import event, given, settings
from hypothesis import strategies as st

from cumulet.services.dynamodb.errors import ValidationException
from cumulet.services.dynamodb.expressions import Given
from cumulet.services.dynamodb.schema import Schema
from tests.dynamodb.expressions import reference, trees

SCHEMA = Schema(hash="a", hash_type="S", range="b", range_type="N")
PIECES = (
    *("a", "b.c", "l[0]", "[1]", ".", "#n", "#", ":v", ":w", ":", "=", "<>", "<", ">=", "(", ")", "((", ",", "+", "-"),
    *(
        "AND",
        "or",
        "NOT",
        "in",
        "BETWEEN",
        "SET",
        "set",
        "REMOVE",
        "ADD",
        "DELETE",
        "status",
        "0",
        "01",
        "_",
        "é",
        "\n",
    ),
    *("size(", "attribute_exists(", "begins_with(", "contains(a,", "if_not_exists(a,", "list_append(", "f(", "\ud800"),
)
JOINED = st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join)
TEXTS = st.one_of(st.text(max_size=40), JOINED, JOINED.map(lambda text: text.replace(" ", "")))


@settings(max_examples=200, deadline=None)
@given(trees.conditions, st.lists(trees.items, min_size=1, max_size=3))
def test_conditions_agree_with_the_obvious_evaluator(tree, items):
    writer = trees.Writer()
    text = writer.condition(tree)
    try:
        condition = Given(None, writer.values or None).condition(text, "ConditionExpression")
    except ValidationException as refused:
        assert any(
            words in refused.message
            for words in ("must be distinct", "Incorrect operand type", "The BETWEEN operator requires")
        )
        event("refused for its operands")
        return
    for item in items:
        assert condition.holds(item) == reference.holds(tree, item)
    assert condition.holds(None) == reference.holds(tree, {})


@settings(max_examples=200, deadline=None)
@given(trees.actions, trees.rich_items)
def test_updates_agree_with_the_obvious_evaluator(actions, item):
    writer = trees.Writer()
    text = writer.update(actions)
    try:
        update = Given(None, writer.values or None).update(text)
    except ValidationException as refused:
        assert "Two document paths" in refused.message, refused
        assert trees.apart(actions) != actions
        event("refused for its paths")
        return
    assert trees.apart(actions) == actions
    before = copy.deepcopy(item)
    try:
        expected = reference.updated(item, actions)
    except reference.Refused:
        expected = None
    try:
        after = update.apply(item)
    except ValidationException as refused:
        assert expected is None, refused
        after = None
    assert item == before
    assert (after is None) == (expected is None)
    if after is not None:
        event("applied")
        assert reference.plain({"M": after}) == reference.plain({"M": expected})


@settings(max_examples=200, deadline=None)
@given(st.lists(trees.steps, min_size=1, max_size=4), trees.items)
def test_a_projection_shows_what_lies_at_its_paths_and_nothing_else(paths, item):
    paths = [path for _, path in trees.apart([("", path) for path in paths])]
    projection = Given(None, None).projection(", ".join(map(trees.path, paths)))
    shown = projection.of(item)

    assert set(shown) <= {steps[0] for steps in paths} == projection.names
    whole = [steps for steps in paths if not any(isinstance(step, int) for step in steps)]
    for steps in whole:
        assert reference.at(shown, steps) == reference.at(item, steps)
    for steps in paths:
        if reference.at(item, steps) is not None:
            assert steps[0] in shown


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_no_text_makes_the_parser_fail_otherwise_than_by_refusing(text):
    asked = Given({"#n": "n"}, {":v": {"S": "x"}, ":w": {"N": "1"}})
    ways = (
        lambda: asked.condition(text, "FilterExpression").holds({"a": {"S": "x"}}),
        lambda: asked.update(text).apply({"a": {"N": "1"}}),
        lambda: asked.projection(text).of({"a": {"N": "1"}}),
        lambda: asked.key_condition(text, SCHEMA),
    )
    for way in ways:
        try:
            way()
        except ValidationException as refused:
            assert refused.message
