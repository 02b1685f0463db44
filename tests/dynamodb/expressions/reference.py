"""Conditions and updates done the obvious, slow way, on trees of tuples.

Conditions: ("and" | "or", parts), ("not", part), (sign, left, right), ("between", what, low, high),
("in", what, options), (function, operands...). Operands: ("path", steps), ("value", value), ("size", operand).
Updates: (section, steps, value), where a value is an operand, ("+" | "-", left, right), ("if_not_exists", path, value)
or ("list_append", left, right)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

SIZED = ("S", "B", "L", "M", "SS", "NS", "BS")


class Refused(Exception):
    """The item has not what an update needs."""


# Items


def at(item: Any, steps: tuple) -> Any:
    """What lies at a path; None for nothing."""
    found: Any = {"M": item}
    for step in steps:
        form = "L" if isinstance(step, int) else "M"
        if form not in found:
            return None
        try:
            found = found[form][step]
        except (KeyError, IndexError):
            return None
    return found


def plain(value: Any) -> Any:
    """Something that is equal when values are."""
    ((kind, content),) = value.items()
    if kind == "N":
        return kind, Decimal(content)
    if kind == "NS":
        return kind, frozenset(map(Decimal, content))
    if kind in ("SS", "BS"):
        return kind, frozenset(content)
    if kind == "L":
        return kind, tuple(map(plain, content))
    if kind == "M":
        return kind, frozenset((name, plain(each)) for name, each in content.items())
    return kind, content


# Conditions


def holds(tree: tuple, item: Any) -> bool:
    form, *rest = tree
    if form == "and":
        return all(holds(part, item) for part in rest[0])
    if form == "or":
        return any(holds(part, item) for part in rest[0])
    if form == "not":
        return not holds(rest[0], item)
    if form == "in":
        return any(compared("=", operand(rest[0], item), operand(each, item)) for each in rest[1])
    found = [operand(each, item) for each in rest]
    if form == "between":
        return compared(">=", found[0], found[1]) and compared("<=", found[0], found[2])
    if form in ("attribute_exists", "attribute_not_exists"):
        return (found[0] is not None) == (form == "attribute_exists")
    if form in ("begins_with", "contains", "attribute_type"):
        return None not in found and function(form, *found)
    return compared(form, *found)


def operand(tree: tuple, item: Any) -> Any:
    form, what = tree
    if form == "path":
        return at(item, what)
    if form == "value":
        return what
    ((kind, content),) = (operand(what, item) or {"": None}).items()
    return {"N": str(len(content))} if kind in SIZED else None


def compared(sign: str, left: Any, right: Any) -> bool:
    if left is None or right is None:
        return sign == "<>"
    if sign in ("=", "<>"):
        return (plain(left) == plain(right)) == (sign == "=")
    (kind, first), (other, second) = plain(left), plain(right)
    if kind != other or kind not in ("S", "N", "B"):
        return False
    if kind == "S":
        first, second = first.encode(), second.encode()
    return {"<": first < second, "<=": first <= second, ">": first > second, ">=": first >= second}[sign]


def function(name: str, whole: Any, part: Any) -> bool:
    ((kind, content),) = whole.items()
    ((other, wanted),) = part.items()
    if name == "attribute_type":
        return kind == wanted
    if name == "begins_with":
        return kind == other and kind in ("S", "B") and content[: len(wanted)] == wanted
    if kind in ("S", "B"):
        return kind == other and wanted in content
    if kind == "L":
        return plain(part) in map(plain, content)
    return kind in ("SS", "BS", "NS") and kind == other + "S" and wanted in content


# Updates


def updated(item: Any, actions: list[tuple]) -> Any:
    """Lists become maps from places to elements, so that no change moves another; they close up at the end."""
    became = [(steps, result(section, steps, value, item)) for section, steps, value in actions]
    root = opened({"M": item})
    for steps, value in became:
        holder = root
        for step in steps[:-1]:
            holder = entered(holder, step).get(step)
            if holder is None:
                raise Refused
        inside = entered(holder, steps[-1])
        if value is None:
            inside.pop(steps[-1], None)
        else:
            inside[steps[-1]] = opened(value)
    return closed(root)["M"]


def entered(holder: Any, step: Any) -> Any:
    form = "L" if isinstance(step, int) else "M"
    if form not in holder:
        raise Refused
    return holder[form]


def opened(value: Any) -> Any:
    ((kind, content),) = value.items()
    if kind == "L":
        return {"L": {place: opened(each) for place, each in enumerate(content)}}
    return {"M": {name: opened(each) for name, each in content.items()}} if kind == "M" else {kind: content}


def closed(value: Any) -> Any:
    ((kind, content),) = value.items()
    if kind == "L":
        return {"L": [closed(content[place]) for place in sorted(content)]}
    return {"M": {name: closed(each) for name, each in content.items()}} if kind == "M" else {kind: content}


def result(section: str, steps: tuple, value: Any, item: Any) -> Any:
    if section == "REMOVE":
        return None
    if section == "SET":
        return assigned(value, item)
    ((kind, content),) = value[1].items()
    present = at(item, steps)
    if present is None:
        return value[1] if section == "ADD" else None
    if kind not in present:
        raise Refused
    if kind == "N":
        return {"N": str(Decimal(present["N"]) + Decimal(content))}
    members = set(present[kind])
    members = members | set(content) if section == "ADD" else members - set(content)
    return {kind: sorted(members)} if members else None


def assigned(value: tuple, item: Any) -> Any:
    form, *rest = value
    if form == "value":
        return rest[0]
    if form == "path":
        found = at(item, rest[0])
        if found is None:
            raise Refused
        return found
    if form == "if_not_exists":
        found = at(item, rest[0][1])
        return assigned(rest[1], item) if found is None else found
    left, right = assigned(rest[0], item), assigned(rest[1], item)
    wanted = "L" if form == "list_append" else "N"
    if wanted not in left or wanted not in right:
        raise Refused
    if form == "list_append":
        return {"L": left["L"] + right["L"]}
    first, second = Decimal(left["N"]), Decimal(right["N"])
    return {"N": str(first + second if form == "+" else first - second)}
