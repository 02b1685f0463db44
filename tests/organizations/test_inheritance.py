"""How management policies merge: the rules on plain documents.

The cases follow the Organizations User Guide, Inheritance operators, and Inheritance examples."""

from __future__ import annotations

from cumulet.services.organizations.inheritance import merge

ALLOWED = "@@operators_allowed_for_child_policies"


def tag(**settings):
    return {"tags": {"center": settings}}


def assign(value):
    return {"@@assign": value}


ROOT = tag(tag_key=assign("Center"), tag_value=assign(["Development", "Support"]))


def effective(*levels):
    return merge([level if isinstance(level, list) else [level] for level in levels]).get("tags", {}).get("center")


def test_what_is_assigned_below_replaces_what_was_inherited():
    child = tag(tag_value=assign(["Sandbox"]), enforced_for=assign(["redshift:*", "dynamodb:table"]))
    assert effective(ROOT, child) == {
        "tag_key": "Center",
        "tag_value": ["Sandbox"],
        "enforced_for": ["redshift:*", "dynamodb:table"],
    }


def test_what_is_appended_below_is_added_once():
    child = tag(tag_value={"@@append": ["Marketing", "Support"]})
    assert effective(ROOT, child)["tag_value"] == ["Development", "Support", "Marketing"]


def test_what_is_removed_below_is_taken_away():
    child = tag(tag_value={"@@remove": ["Development", "Unknown"]})
    assert effective(ROOT, child)["tag_value"] == ["Support"]


def test_a_parent_decides_which_operators_its_children_may_use():
    closed = tag(
        tag_key={**assign("Center"), ALLOWED: ["@@none"]},
        tag_value={**assign(["Maintenance"]), ALLOWED: ["@@append"]},
    )
    child = tag(tag_key=assign("CENTER"), tag_value={"@@append": ["Security"], "@@remove": ["Maintenance"]})
    assert effective(closed, child) == {"tag_key": "Center", "tag_value": ["Maintenance", "Security"]}
    assert effective(closed, tag(tag_value=assign(["Mine"])))["tag_value"] == ["Maintenance"]


def test_a_child_cannot_give_back_what_its_parent_took():
    closed = tag(tag_value={**assign(["a"]), ALLOWED: ["@@none"]})
    opened = tag(tag_value={ALLOWED: ["@@all"]})
    assert effective(closed, opened, tag(tag_value=assign(["b"])))["tag_value"] == ["a"]


def test_where_nothing_is_allowed_no_names_can_be_added():
    closed = {"tags": {ALLOWED: ["@@none"], "center": {"tag_key": assign("Center")}}}
    child = {"tags": {"center": {"tag_value": assign(["a"])}, "other": {"tag_key": assign("Other")}}}
    assert merge([[closed], [child]]) == {"tags": {"center": {"tag_key": "Center", "tag_value": ["a"]}}}


def test_policies_of_one_level_are_joined_and_bind_only_what_is_below():
    one = tag(tag_key=assign("Center"), tag_value={"@@append": ["a"], ALLOWED: ["@@append", "@@remove"]})
    two = tag(tag_key=assign("CENTER"), tag_value={"@@append": ["b"], ALLOWED: ["@@append"]})
    child = tag(tag_value={"@@append": ["c"], "@@remove": ["a"]})
    assert effective([one, two]) == {"tag_key": "Center", "tag_value": ["a", "b"]}
    assert effective([one, two], child)["tag_value"] == ["a", "b", "c"]


def test_nothing_comes_of_nothing():
    assert merge([]) == {}
    assert merge([[], [{"tags": {}}]]) == {}
    assert effective(tag(tag_value={"@@remove": ["a"]})) is None
    assert effective(tag(tag_value=assign([]))) == {"tag_value": []}


def test_lists_cannot_be_added_to_single_values():
    assert effective(ROOT, tag(tag_key={"@@append": ["x"]}))["tag_key"] == "Center"
