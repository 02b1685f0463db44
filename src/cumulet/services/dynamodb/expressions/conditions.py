"""Conditions compiled to functions of an item and the request's values.

An attribute that is missing, or of another type than asked for, makes a comparison false, never an error: errors come
only of what the expression says itself. So all errors are raised before any item is looked at.

Source: DynamoDB Developer Guide, "Condition and filter expressions, operators, and functions"."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

from cumulet.services.dynamodb import values as attribute
from cumulet.services.dynamodb.expressions import checks, comparisons, paths, syntax
from cumulet.services.dynamodb.expressions.checks import Check
from cumulet.services.dynamodb.expressions.comparisons import Test
from cumulet.services.dynamodb.expressions.paths import Names, Read, Values
from cumulet.services.dynamodb.expressions.tokens import refuse
from cumulet.services.dynamodb.values import Item

_CONTAINERS = frozenset(("S", "B", "SS", "NS", "BS", "L"))
_OPERANDS = {
    "attribute_exists": 1,
    "attribute_not_exists": 1,
    "attribute_type": 2,
    "begins_with": 2,
    "contains": 2,
    "size": 1,
}
_UPDATE_FUNCTIONS = ("if_not_exists", "list_append")
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
NO_ITEM: Item = {}


class Compiled(NamedTuple):
    """A condition without the values of a request. `used` are their names, `names` those of ExpressionAttributeNames,
    `attributes` the top-level attributes it looks at."""

    test: Test
    checks: tuple[Check, ...]
    used: frozenset[str]
    names: frozenset[str]
    attributes: frozenset[str]


class Condition:
    """A condition with its values."""

    __slots__ = ("_test", "_values", "attributes")

    def __init__(self, compiled: Compiled, values: Values) -> None:
        for check in compiled.checks:
            check(values)
        self._test, self._values = compiled.test, values
        self.attributes = compiled.attributes

    def holds(self, item: Item | None) -> bool:
        """None stands for an item that is not there."""
        return self._test(NO_ITEM if item is None else item, self._values)


def compiled(condition: syntax.Condition, names: Names) -> Compiled:
    """Raises ValidationException."""
    compiler = _Compiler(names)
    test = compiler.test(condition)
    return Compiled(
        test,
        tuple(compiler.checks),
        frozenset(compiler.used),
        frozenset(names.used),
        frozenset(compiler.attributes),
    )


class Operands:
    """Compiles operands, and gathers what they need."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.checks: list[Check] = []
        self.used: set[str] = set()
        self.attributes: set[str] = set()

    def refuse(self, why: str) -> NoReturn:
        refuse(self.names.kind, why)

    def steps(self, path: syntax.Path) -> syntax.Steps:
        steps = self.names.steps(path)
        self.attributes.add(str(steps[0]))
        return steps

    def value(self, given: syntax.Given) -> Read:
        name = given.name
        self.used.add(name)
        return lambda item, values: values[name]

    def document_path(self, operand: syntax.Operand, function: str) -> Read:
        if not isinstance(operand, syntax.Path):
            self.refuse(f"Operator or function requires a document path; operator or function: {function}")
        return paths.reader(self.steps(operand))

    def check_type(self, operand: syntax.Node | None, function: str, allowed: frozenset[str]) -> None:
        """Values must be of these types; what lies at a path may be anything until it is looked at."""
        if isinstance(operand, syntax.Given):
            self.checks.append(checks.type_check(self.names.kind, operand.name, function, allowed))
        elif isinstance(operand, syntax.Call) and operand.function == "size" and "N" not in allowed:
            self.refuse(checks.wrong_type(function, "N"))

    def check_count(self, call: syntax.Call, count: int) -> None:
        if len(call.operands) != count:
            self.refuse(
                "Incorrect number of operands for operator or function; "
                f"operator or function: {call.function}, number of operands: {len(call.operands)}"
            )


class _Compiler(Operands):
    # Conditions

    def test(self, condition: syntax.Condition) -> Test:
        match condition:
            case syntax.Comparison():
                return self._comparison(condition)
            case syntax.Call():
                return self._function(condition)
            case syntax.Between():
                return self._between(condition)
            case syntax.In():
                return self._in(condition)
            case syntax.Not(inner):
                test = self.test(inner)
                return lambda item, values: not test(item, values)
            case syntax.All(parts):
                return comparisons.every(self._each(parts))
            case syntax.Either(parts):
                return comparisons.some(self._each(parts))
        raise AssertionError(f"the parser made a condition of {condition}")

    def _each(self, parts: tuple[syntax.Condition, ...]) -> tuple[Test, ...]:
        """Each once: a short text could ask for one long comparison a hundred times."""
        return tuple(map(self.test, dict.fromkeys(parts)))

    def _comparison(self, comparison: syntax.Comparison) -> Test:
        sign, left, right = comparison
        first, second = self.operand(left), self.operand(right)
        self._check_distinct(sign, left, right)
        if sign in _ORDERS:
            self.check_type(left, sign, comparisons.ORDERED)
            self.check_type(right, sign, comparisons.ORDERED)
            return comparisons.ordered(_ORDERS[sign], first, second)
        return comparisons.equal(first, second) if sign == "=" else comparisons.different(first, second)

    def _between(self, between: syntax.Between) -> Test:
        reads = [self.operand(each) for each in between]
        self._check_distinct("BETWEEN", *between)
        for operand in between:
            self.check_type(operand, "BETWEEN", comparisons.ORDERED)
        if isinstance(between.low, syntax.Given) and isinstance(between.high, syntax.Given):
            self.checks.append(checks.bounds_check(self.names.kind, between.low.name, between.high.name))
        from_low = comparisons.ordered(operator.ge, reads[0], reads[1])
        to_high = comparisons.ordered(operator.le, reads[0], reads[2])
        return lambda item, values: from_low(item, values) and to_high(item, values)

    def _in(self, condition: syntax.In) -> Test:
        read = self.operand(condition.operand)
        options = [self.operand(each) for each in dict.fromkeys(condition.options)]
        self._check_distinct("IN", condition.operand, *condition.options)

        def test(item: Item, values: Values) -> bool:
            found = read(item, values)
            if found is None:
                return False
            offered = (option(item, values) for option in options)
            return any(each is not None and attribute.same(found, each) for each in offered)

        return test

    def _check_distinct(self, sign: str, first: syntax.Operand, *rest: syntax.Operand) -> None:
        if not isinstance(first, syntax.Path):
            return
        steps = self.names.steps(first)
        if any(isinstance(each, syntax.Path) and self.names.steps(each) == steps for each in rest):
            self.refuse(
                "The first operand must be distinct from the remaining operands for this operator or function; "
                f"operator: {sign}, first operand: {paths.shown(steps)}"
            )

    # Functions

    def operand(self, operand: syntax.Operand) -> Read:
        if isinstance(operand, syntax.Given):
            return self.value(operand)
        if isinstance(operand, syntax.Path):
            return paths.reader(self.steps(operand))
        self._check_known(operand)
        if operand.function != "size":
            self._refuse_use(operand)
        measured = self.operand(operand.operands[0])
        self.check_type(operand.operands[0], "size", comparisons.SIZED)
        return comparisons.size(measured)

    def _function(self, call: syntax.Call) -> Test:
        self._check_known(call)
        if call.function == "size":
            self._refuse_use(call)
        compile_it: dict[str, Callable[[syntax.Call], Test]] = {
            "attribute_exists": self._exists,
            "attribute_not_exists": self._not_exists,
            "attribute_type": self._attribute_type,
            "begins_with": self._begins_with,
            "contains": self._contains,
        }
        return compile_it[call.function](call)

    def _check_known(self, call: syntax.Call) -> None:
        if call.function in _UPDATE_FUNCTIONS:
            self.refuse(f"The function is not allowed in a condition expression; function: {call.function}")
        if call.function not in _OPERANDS:
            self.refuse(f"Invalid function name; function: {call.function}")
        self.check_count(call, _OPERANDS[call.function])

    def _refuse_use(self, call: syntax.Call) -> NoReturn:
        self.refuse(f"The function is not allowed to be used this way in an expression; function: {call.function}")

    def _exists(self, call: syntax.Call) -> Test:
        read = self.document_path(call.operands[0], call.function)
        return lambda item, values: read(item, values) is not None

    def _not_exists(self, call: syntax.Call) -> Test:
        read = self.document_path(call.operands[0], call.function)
        return lambda item, values: read(item, values) is None

    def _attribute_type(self, call: syntax.Call) -> Test:
        read = self.document_path(call.operands[0], call.function)
        kind = call.operands[1]
        if not isinstance(kind, syntax.Given):
            self.operand(kind)
            self.refuse(checks.wrong_type(call.function, "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}"))
        self.value(kind)
        self.check_type(kind, call.function, frozenset("S"))
        self.checks.append(checks.type_name_check(self.names.kind, kind.name))
        return lambda item, values: values[kind.name]["S"] in (read(item, values) or ())

    def _begins_with(self, call: syntax.Call) -> Test:
        whole, start = self._two(call, frozenset("SB"), frozenset("SB"))

        def test(item: Item, values: Values) -> bool:
            found, wanted = whole(item, values), start(item, values)
            if found is None or wanted is None:
                return False
            ((kind, content),) = wanted.items()
            return kind in ("S", "B") and kind in found and found[kind].startswith(content)

        return test

    def _contains(self, call: syntax.Call) -> Test:
        whole, part = self._two(call, _CONTAINERS, frozenset(checks.TYPES))

        def test(item: Item, values: Values) -> bool:
            found, wanted = whole(item, values), part(item, values)
            return found is not None and wanted is not None and comparisons.contains(found, wanted)

        return test

    def _two(self, call: syntax.Call, first: frozenset[str], second: frozenset[str]) -> tuple[Read, Read]:
        reads = self.operand(call.operands[0]), self.operand(call.operands[1])
        self._check_distinct(call.function, *call.operands)
        self.check_type(call.operands[0], call.function, first)
        self.check_type(call.operands[1], call.function, second)
        return reads
