"""Random trees as reference.py knows them, items they may be about, and how trees are written as expressions."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

NAMES = ("a", "b", "c")
SIGNS = ("=", "<>", "<", "<=", ">", ">=")

_texts = st.text("abü€", max_size=3)
_numbers = st.integers(-20, 20).map(str)
_bytes = st.binary(max_size=2)
_starts = st.builds(lambda text: {"S": text}, _texts) | st.builds(lambda content: {"B": content}, _bytes)
_ordinals = _starts | st.builds(lambda text: {"N": text}, _numbers)
scalars = st.one_of(
    _ordinals,
    st.sampled_from([{"BOOL": True}, {"BOOL": False}, {"NULL": True}]),
)
sets = st.one_of(
    st.builds(lambda each: {"SS": each}, st.lists(_texts, min_size=1, max_size=3, unique=True)),
    st.builds(lambda each: {"NS": each}, st.lists(_numbers, min_size=1, max_size=3, unique=True)),
    st.builds(lambda each: {"BS": each}, st.lists(_bytes, min_size=1, max_size=2, unique=True)),
)
values = st.recursive(
    scalars | sets,
    lambda inner: st.one_of(
        st.builds(lambda each: {"L": each}, st.lists(inner, max_size=3)),
        st.builds(lambda each: {"M": each}, st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)),
    ),
    max_leaves=6,
)
items = st.dictionaries(st.sampled_from(NAMES), values, max_size=3)
steps = st.builds(
    lambda first, rest: (first, *rest),
    st.sampled_from(NAMES),
    st.lists(st.sampled_from(NAMES) | st.integers(0, 3), max_size=2),
)

_paths = st.tuples(st.just("path"), steps)
_values = st.tuples(st.just("value"), values)
_sizes = st.tuples(st.just("size"), _paths)
_operands = st.one_of(_paths, _values, _sizes)
_ordered = st.one_of(_paths, st.tuples(st.just("value"), _ordinals), _sizes)
_simple = st.one_of(
    st.tuples(st.sampled_from(["=", "<>"]), _operands, _operands),
    st.tuples(st.sampled_from(["<", "<=", ">", ">="]), _ordered, _ordered),
    st.tuples(st.just("between"), _paths, _ordered, _ordered),
    st.tuples(st.just("in"), _operands, st.lists(_operands, min_size=1, max_size=3).map(tuple)),
    st.tuples(st.sampled_from(["attribute_exists", "attribute_not_exists"]), _paths),
    st.tuples(st.just("begins_with"), _paths, st.tuples(st.just("value"), _starts)),
    st.tuples(st.just("contains"), _paths, _operands),
    st.tuples(
        st.just("attribute_type"),
        _paths,
        st.builds(lambda kind: ("value", {"S": kind}), st.sampled_from(["S", "N", "L", "M", "SS", "BOOL"])),
    ),
)
conditions = st.recursive(
    _simple,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3)),
        st.tuples(st.just("not"), inner),
    ),
    max_leaves=6,
)

# Updates, most of which can be applied

_number_values = st.builds(lambda text: {"N": text}, _numbers)
_rich = {
    "a": st.builds(lambda each: {"L": each}, st.lists(values | _number_values, max_size=4)),
    "b": st.fixed_dictionaries(
        {
            "M": st.fixed_dictionaries(
                {"a": _number_values, "b": st.builds(lambda each: {"L": each}, st.lists(values, max_size=4))},
                optional={"c": values},
            )
        }
    ),
    "c": _number_values | sets,
}
rich_items = st.fixed_dictionaries(_rich) | st.fixed_dictionaries({}, optional=_rich)
_numbered = st.sampled_from([("c",), ("b", "a"), ("a", 0)])
_listed = st.sampled_from([("a",), ("b", "b")])
_changed = st.sampled_from(
    [("a",), ("b",), ("c",), ("b", "a"), ("b", "b"), ("b", "c"), ("fresh",), ("a", 0, "x"), ("b", "c", "x")]
    + [("a", place) for place in (0, 1, 2, 5, 7)]
    + [("b", "b", place) for place in (0, 1, 2, 6, 9)]
)
_read = st.tuples(st.just("path"), _changed)
_present = st.one_of(_values, st.tuples(st.just("if_not_exists"), _read, _values))
_lists = st.one_of(
    st.tuples(st.just("value"), st.builds(lambda each: {"L": each}, st.lists(values, max_size=3))),
    st.tuples(st.just("path"), _listed),
)
_summands = st.tuples(st.just("path"), _numbered) | st.tuples(st.just("value"), _number_values)
_assigned = st.one_of(
    _present,
    _present,
    _read,
    st.tuples(st.just("list_append"), _lists, _lists),
    st.tuples(st.sampled_from("+-"), _summands, _summands),
)
_added = st.tuples(st.just("value"), _number_values | sets)
_actions = st.lists(
    st.one_of(
        st.tuples(st.just("SET"), _changed, _assigned),
        st.tuples(st.just("REMOVE"), _changed, st.none()),
        st.tuples(st.just("ADD"), _numbered | _changed, _added),
        st.tuples(st.just("DELETE"), _changed, st.tuples(st.just("value"), sets)),
    ),
    min_size=1,
    max_size=6,
)


def apart(actions: list[tuple]) -> list[tuple]:
    """Those that have nothing to do with one before."""
    kept: list[tuple] = []
    for action in actions:
        if not any(meet(action[1], other[1]) for other in kept):
            kept.append(action)
    return kept


def meet(one: tuple, two: tuple) -> bool:
    """Whether a path is part of the other, or they see different things in one place."""
    for first, second in zip(one, two, strict=False):
        if first != second:
            return type(first) is not type(second)
    return True


actions = _actions | _actions.map(apart)


class Writer:
    """Writes trees, and gathers the values that they hold."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def condition(self, tree: tuple, above: int = 0) -> str:
        """`above` is how strongly the place binds: OR 1, AND 2, NOT 3."""
        form, *rest = tree
        if form in ("and", "or"):
            strength = 2 if form == "and" else 1
            text = f" {form.upper()} ".join(self.condition(part, strength) for part in rest[0])
            return f"({text})" if strength < above else text
        if form == "not":
            return f"NOT {self.condition(rest[0], 3)}"
        if form == "in":
            return f"{self.operand(rest[0])} IN ({', '.join(map(self.operand, rest[1]))})"
        written = [self.operand(each) for each in rest]
        if form == "between":
            return f"{written[0]} BETWEEN {written[1]} AND {written[2]}"
        return f"{written[0]}{form}{written[1]}" if form in SIGNS else f"{form}({', '.join(written)})"

    def operand(self, tree: tuple) -> str:
        form, *rest = tree
        if form == "path":
            return path(rest[0])
        if form == "value":
            name = f":{len(self.values)}"
            self.values[name] = rest[0]
            return name
        if form in ("+", "-"):
            return f"{self.operand(rest[0])} {form} {self.operand(rest[1])}"
        return f"{form}({', '.join(map(self.operand, rest))})"

    def update(self, actions: list[tuple]) -> str:
        sections = []
        for section in ("SET", "REMOVE", "ADD", "DELETE"):
            each = [self._action(*action) for action in actions if action[0] == section]
            if each:
                sections.append(f"{section} {', '.join(each)}")
        return " ".join(sections)

    def _action(self, section: str, steps: tuple, value: tuple | None) -> str:
        if value is None:
            return path(steps)
        return f"{path(steps)}{' = ' if section == 'SET' else ' '}{self.operand(value)}"


def path(steps: tuple) -> str:
    first, *rest = steps
    return first + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in rest)
