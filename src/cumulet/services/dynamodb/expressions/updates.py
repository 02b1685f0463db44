"""Update expressions compiled to functions of an item and the request's values.

Every value is computed from the item as it was. Then maps change, then elements leave lists (from the back, so that
places keep their meaning), then new elements join their ends in the order of the places that were named. The old item
stays as it is: only what is on the way to a change is copied.

Source: DynamoDB Developer Guide, "Update expressions"."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any, NamedTuple

from cumulet.services.dynamodb import values as attribute
from cumulet.services.dynamodb.errors import ValidationException
from cumulet.services.dynamodb.expressions import paths, syntax
from cumulet.services.dynamodb.expressions.checks import Check
from cumulet.services.dynamodb.expressions.conditions import NO_ITEM, Operands
from cumulet.services.dynamodb.expressions.paths import Names, Read, Tree, Values
from cumulet.services.dynamodb.expressions.syntax import Steps
from cumulet.services.dynamodb.expressions.tokens import refuse
from cumulet.services.dynamodb.values import Item, Value

WRONG_TYPE = "An operand in the update expression has an incorrect data type"
_MISSING = "The provided expression refers to an attribute that does not exist in the item"
_NO_SUCH_PATH = "The document path provided in the update expression is invalid for update"
_TOO_LARGE = "Item size to update has exceeded the maximum allowed size"
_MOST_ELEMENTS = attribute.LARGEST_ITEM_BYTES // 2
"""An element takes two bytes at least."""
_SETS = frozenset(("SS", "NS", "BS"))
_ADDABLE = _SETS | {"N"}
_LONG_NAMES = {
    "S": "STRING",
    "N": "NUMBER",
    "B": "BINARY",
    "BOOL": "BOOLEAN",
    "NULL": "NULL",
    "L": "LIST",
    "M": "MAP",
    "SS": "STRING_SET",
    "NS": "NUMBER_SET",
    "BS": "BINARY_SET",
}
_CONDITION_FUNCTIONS = (
    "attribute_exists",
    "attribute_not_exists",
    "attribute_type",
    "begins_with",
    "contains",
    "size",
)


class Compiled(NamedTuple):
    """An update without the values of a request; members as of a compiled condition."""

    changes: tuple[tuple[str, Steps, Read], ...]
    """Attributes, the whole paths, and what is there afterwards; None takes away."""
    tree: Tree
    checks: tuple[Check, ...]
    used: frozenset[str]
    names: frozenset[str]
    attributes: frozenset[str]


class Update:
    """An update with its values."""

    __slots__ = ("_compiled", "_values")

    def __init__(self, compiled: Compiled, values: Values) -> None:
        for check in compiled.checks:
            check(values)
        self._compiled, self._values = compiled, values

    def apply(self, item: Item | None) -> Item:
        """The item as it will be; the given one is not touched.

        Raises ValidationException where the item has not what the expression needs."""
        before = NO_ITEM if item is None else item
        after, values = before.copy(), self._values
        elements = 0
        inside: list[tuple[Steps, Value | None]] = []
        for name, steps, read in self._compiled.changes:
            value = read(before, values)
            if value is not None and "L" in value:
                elements = _counted(elements + len(value["L"]))
            if len(steps) > 1:
                inside.append((steps, value))
            elif value is None:
                after.pop(name, None)
            else:
                after[name] = value
        if inside:
            _change_parts(after, inside)
        return after

    @property
    def attributes(self) -> frozenset[str]:
        """The top-level attributes that it reads or changes (for permissions by attribute)."""
        return self._compiled.attributes

    @property
    def given(self) -> frozenset[int]:
        """The ids of the values that came with the request, which an item holds as they are."""
        return frozenset(map(id, self._values.values()))

    @property
    def changed_paths(self) -> Tree:
        return self._compiled.tree

    def changed_of(self, item: Item | None) -> Item:
        """What an item has where the update changes it (UPDATED_OLD of the old one, UPDATED_NEW of the new)."""
        return {} if item is None else paths.cut(item, self._compiled.tree)

    def touches(self, names: Iterable[str]) -> str | None:
        """The first of these attributes that is changed, wholly or in part."""
        return next((name for name in names if name in self._compiled.tree), None)


def _counted(elements: int) -> int:
    """Refuses more elements than any item has room for, before lists are joined to lists again and again."""
    if elements > _MOST_ELEMENTS:
        raise ValidationException(_TOO_LARGE)
    return elements


# Inside of attributes


class _Ways:
    """The way to places inside of an item, copied as it is walked, each container once."""

    def __init__(self, item: Item) -> None:
        self._item = item
        self._copied: dict[int, Any] = {}

    def holder(self, steps: Steps) -> Any:
        """The dict or list that holds the last step. Raises ValidationException where there is none."""
        holder: Any = self._item
        for step, following in pairwise(steps):
            value = _held(holder, step)
            form = "L" if isinstance(following, int) else "M"
            if value is None or form not in value:
                raise ValidationException(_NO_SUCH_PATH)
            content = value[form]
            if id(content) not in self._copied:
                content = content.copy()
                self._copied[id(content)] = content  # kept, so that the id stays its own
                holder[step] = {form: content}
            holder = content
        return holder


def _held(holder: Any, step: str | int) -> Any:
    if isinstance(step, str):
        return holder.get(step)
    return holder[step] if step < len(holder) else None


def _change_parts(item: Item, changes: list[tuple[Steps, Value | None]]) -> None:
    ways = _Ways(item)
    leaving: list[tuple[int, list[Value]]] = []
    joining: list[tuple[int, list[Value], Value]] = []
    for steps, value in changes:
        holder, last = ways.holder(steps), steps[-1]
        if value is not None and len(steps) + _levels(value) > attribute.DEEPEST:
            raise ValidationException(attribute.TOO_DEEP)
        if isinstance(last, str):
            _put(holder, last, value)
        elif value is None:
            leaving.append((last, holder))
        elif last < len(holder):
            holder[last] = value
        else:
            joining.append((last, holder, value))
    _rearrange(leaving, joining)


def _put(holder: Item, name: str, value: Value | None) -> None:
    if value is None:
        holder.pop(name, None)
    else:
        holder[name] = value


def _rearrange(leaving: list[tuple[int, list[Value]]], joining: list[tuple[int, list[Value], Value]]) -> None:
    for place, elements in sorted(leaving, key=lambda each: -each[0]):
        if place < len(elements):
            del elements[place]
    for _, elements, value in sorted(joining, key=lambda each: each[0]):
        elements.append(value)


def _levels(value: Value) -> int:
    """How many lists and maps lie in one another."""
    ((kind, content),) = value.items()
    if kind == "M":
        return 1 + max(map(_levels, content.values()), default=0)
    return 1 + max(map(_levels, content), default=0) if kind == "L" else 0


# Compiling


def compiled(actions: list[syntax.Action], names: Names, wrong_type: str = WRONG_TYPE) -> Compiled:
    """`wrong_type` is what to say of an item whose attribute cannot be added to. Raises ValidationException."""
    compiler = _Compiler(names, wrong_type)
    changes = [compiler.change(action) for action in actions]
    return Compiled(
        tuple((str(steps[0]), steps, read) for steps, read in changes),
        paths.tree((steps for steps, _ in changes), names.kind),
        tuple(compiler.checks),
        frozenset(compiler.used),
        frozenset(names.used),
        frozenset(compiler.attributes),
    )


class _Compiler(Operands):
    def __init__(self, names: Names, wrong_type: str) -> None:
        super().__init__(names)
        self._wrong_type = wrong_type

    def change(self, action: syntax.Action) -> tuple[Steps, Read]:
        steps = self.steps(action.path)
        match action.section:
            case "SET":
                assert action.value is not None
                return steps, self._assigned(action.value)
            case "REMOVE":
                return steps, _nothing
        assert isinstance(action.value, syntax.Given)
        read, present = self.value(action.value), paths.reader(steps)
        allowed = _ADDABLE if action.section == "ADD" else _SETS
        self.checks.append(_operand_check(self.names.kind, action.value.name, action.section, allowed))
        change = _added if action.section == "ADD" else _deleted
        return steps, change(present, read, self._wrong_type)

    def _assigned(self, value: syntax.Operand | syntax.Arithmetic) -> Read:
        if not isinstance(value, syntax.Arithmetic):
            return self.operand(value)
        reads = self.operand(value.left), self.operand(value.right)
        for operand in (value.left, value.right):
            self._check_result(operand, value.sign, "N")
        return _sum(*reads, subtract=value.sign == "-")

    def operand(self, operand: syntax.Operand) -> Read:
        """Gives a value always, or raises ValidationException."""
        if isinstance(operand, syntax.Given):
            return self.value(operand)
        if isinstance(operand, syntax.Path):
            return _required(paths.reader(self.steps(operand)))
        if operand.function in _CONDITION_FUNCTIONS:
            self.refuse(f"The function is not allowed in an update expression; function: {operand.function}")
        if operand.function not in ("if_not_exists", "list_append"):
            self.refuse(f"Invalid function name; function: {operand.function}")
        self.check_count(operand, 2)
        return self._if_not_exists(operand) if operand.function == "if_not_exists" else self._list_append(operand)

    def _if_not_exists(self, call: syntax.Call) -> Read:
        present = self.document_path(call.operands[0], call.function)
        otherwise = self.operand(call.operands[1])

        def read(item: Item, values: Values) -> Value | None:
            found = present(item, values)
            return otherwise(item, values) if found is None else found

        return read

    def _list_append(self, call: syntax.Call) -> Read:
        first, second = self.operand(call.operands[0]), self.operand(call.operands[1])
        for operand in call.operands:
            self._check_result(operand, call.function, "L")

        def read(item: Item, values: Values) -> Value:
            left, right = first(item, values), second(item, values)
            assert left is not None and right is not None
            if "L" not in left or "L" not in right:
                raise ValidationException(self._wrong_type)
            _counted(len(left["L"]) + len(right["L"]))
            return {"L": left["L"] + right["L"]}

        return read

    def _check_result(self, operand: syntax.Operand, function: str, wanted: str) -> None:
        self.check_type(operand, function, frozenset((wanted,)))
        if isinstance(operand, syntax.Call) and operand.function == "list_append" and wanted != "L":
            self.refuse(
                f"Incorrect operand type for operator or function; operator or function: {function}, operand type: L"
            )


def _nothing(item: Item, values: Values) -> None:
    return None


def _required(read: Read) -> Read:
    def required(item: Item, values: Values) -> Value:
        found = read(item, values)
        if found is None:
            raise ValidationException(_MISSING)
        return found

    return required


def _sum(first: Read, second: Read, *, subtract: bool) -> Read:
    def read(item: Item, values: Values) -> Value:
        left, right = first(item, values), second(item, values)
        assert left is not None and right is not None
        if "N" not in left or "N" not in right:
            raise ValidationException(WRONG_TYPE)
        return {"N": attribute.add(left["N"], right["N"], subtract=subtract)}

    return read


def _added(present: Read, more: Read, wrong_type: str) -> Read:
    """Numbers add up, sets grow; what is missing begins as what is added."""

    def read(item: Item, values: Values) -> Value:
        found, given = present(item, values), more(item, values)
        assert given is not None
        if found is None:
            return given
        ((kind, content),) = given.items()
        if kind not in found:
            raise ValidationException(wrong_type)
        if kind == "N":
            return {"N": attribute.add(found["N"], content)}
        return {kind: [*found[kind], *_without(content, found[kind])]}

    return read


def _deleted(present: Read, less: Read, wrong_type: str) -> Read:
    """Takes members out of a set; a set without members is no value, so it leaves too."""

    def read(item: Item, values: Values) -> Value | None:
        found, given = present(item, values), less(item, values)
        if found is None:
            return None
        assert given is not None
        ((kind, content),) = given.items()
        if kind not in found:
            raise ValidationException(wrong_type)
        left = _without(found[kind], content)
        return {kind: left} if left else None

    return read


def _without(members: list[Any], others: list[Any]) -> list[Any]:
    taken = set(others)
    return [member for member in members if member not in taken]


def _operand_check(kind: str, name: str, section: str, allowed: frozenset[str]) -> Callable[[Values], None]:
    def check(values: Values) -> None:
        actual = next(iter(values[name]))
        if actual not in allowed:
            refuse(
                kind,
                f"Incorrect operand type for operator or function; operator: {section}, "
                f"operand type: {_LONG_NAMES[actual]}, typeSet: ALLOWED_FOR_{section}_OPERAND",
            )

    return check
