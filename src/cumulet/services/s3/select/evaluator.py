"""Expressions compiled into closures: each takes a record and answers a value.

NULL and MISSING run through operators and functions as PartiQL has it: MISSING wins over NULL, and a condition
that is neither true nor false keeps no record.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import errors, functions, values
from .scopes import Scope
from .syntax import Aggregate, Call, Case, Chain, Expression, Items, Literal, Path
from .timestamps import Timestamp
from .values import MISSING, is_unknown

Closure = Callable[[Any], Any]


class Accumulator:
    """One aggregate of the query, fed record by record."""

    def __init__(self, function: str, argument: Closure | None) -> None:
        self._function, self._argument = function, argument
        self._count = 0
        self._value: Any = None

    def feed(self, record: Any) -> None:
        value = self._argument(record) if self._argument else True
        if is_unknown(value):
            return
        self._count += 1
        if self._function != "count":
            self._value = self._take(value)

    def _take(self, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, values.ORDERED):
            raise errors.IncorrectSqlFunctionArgumentType(
                f"{self._function.upper()} takes numbers, not {values.name(value)}. CAST the column."
            )
        if self._count == 1:
            first = value if self._function in ("min", "max") else values.calculate("+", value, 0)
            return first
        if self._function in ("min", "max"):
            wins = values.less(value, self._value) == (self._function == "min")
            return value if wins else self._value
        return values.calculate("+", self._value, value)

    def result(self) -> Any:
        """COUNT of nothing is 0, any other aggregate of nothing is NULL."""
        if self._function == "count":
            return self._count
        if self._function == "avg" and self._count:
            # The average of integers is a decimal.
            total = values.cast(self._value, "decimal") if isinstance(self._value, int) else self._value
            return values.calculate("/", total, self._count)
        return self._value


class Compiler:
    """Turns expressions into closures over one kind of record, collecting the aggregates it meets."""

    def __init__(self, scope: Scope, now: Timestamp) -> None:
        self._scope, self._now = scope, now
        self.accumulators: list[Accumulator] = []

    def condition(self, expression: Expression) -> Closure:
        """WHERE, which holds for records and so takes no aggregates."""
        _refuse(expression, (Aggregate,), "WHERE takes no aggregate functions.")
        return self.value(expression)

    def columns(self, expressions: list[Expression]) -> list[Closure]:
        """The SELECT list: all of it over records or, with `accumulators`, all of it over aggregates."""
        if any(contains(expression, (Aggregate,)) for expression in expressions):
            for expression in expressions:
                message = "A SELECT list with aggregate functions names columns only inside of them."
                _refuse(expression, (Path,), message, below_aggregates=False)
        return [self.value(expression) for expression in expressions]

    def value(self, expression: Expression) -> Closure:
        return _COMPILE[type(expression)](self, expression)

    def _literal(self, literal: Literal) -> Closure:
        value = literal.value
        return lambda record: value

    def _path(self, path: Path) -> Closure:
        return self._scope.getter(path)

    def _items(self, items: Items) -> Closure:
        parts = [self.value(item) for item in items.items]

        def make(record: Any) -> list[Any]:
            made = (part(record) for part in parts)
            return [None if value is MISSING else value for value in made]

        return make

    def _chain(self, chain: Chain) -> Closure:
        first = self.value(chain.first)
        rest = [(symbol, self.value(operand)) for symbol, operand in chain.rest]
        symbol = rest[0][0]
        if symbol in ("and", "or"):
            return _logic(symbol == "or", [first, *(operand for _, operand in rest)])
        if symbol in _COMPARE:
            return _comparison(_COMPARE[symbol], first, rest[0][1])
        return _calculation(first, rest)

    def _call(self, call: Call) -> Closure:
        if call.function in _SPECIAL:
            return _SPECIAL[call.function](self, call)
        arguments = [self.value(argument) for argument in call.arguments]
        if call.function in functions.DETAILED:
            function = _with_detail(functions.DETAILED[call.function], call.detail)
        else:
            function = functions.PLAIN[call.function]
        if len(arguments) == 1:
            only = arguments[0]
            return lambda record: function(only(record))
        return lambda record: function(*[argument(record) for argument in arguments])

    def _missing(self, call: Call) -> Closure:
        return lambda record: MISSING

    def _utcnow(self, call: Call) -> Closure:
        return lambda record: self._now

    def _cast(self, call: Call) -> Closure:
        operand, kind = self.value(call.arguments[0]), call.detail
        return lambda record: values.cast(operand(record), kind)

    def _plus(self, call: Call) -> Closure:
        operand = self.value(call.arguments[0])

        def get(record: Any) -> Any:
            value = operand(record)
            return value if is_unknown(value) else values.calculate("+", 0, value)

        return get

    def _not(self, call: Call) -> Closure:
        operand = self.value(call.arguments[0])

        def negated(record: Any) -> Any:
            value = operand(record)
            return value if is_unknown(value) else not _truth(value)

        return negated

    def _is(self, call: Call) -> Closure:
        operand, kind = self.value(call.arguments[0]), call.detail
        if kind == "missing":
            return lambda record: operand(record) is MISSING
        if kind == "null":
            return lambda record: is_unknown(operand(record))
        wanted = kind == "true"
        return lambda record: operand(record) is wanted

    def _between(self, call: Call) -> Closure:
        value, low, high = (self.value(argument) for argument in call.arguments)
        above = _comparison(_COMPARE[">="], value, low)
        below = _comparison(_COMPARE["<="], value, high)
        return _logic(False, [above, below])

    def _in(self, call: Call) -> Closure:
        needle, haystack = call.arguments
        value, candidates = self.value(needle), self.value(haystack)
        words = _all_strings(haystack)

        def contained(record: Any) -> Any:
            wanted = value(record)
            if is_unknown(wanted):
                return wanted
            if words is not None:
                return isinstance(wanted, str) and wanted in words
            return _among(wanted, candidates(record))

        return contained

    def _case(self, case: Case) -> Closure:
        operand = self.value(case.operand) if case.operand else None
        branches = [(self.value(when), self.value(then)) for when, then in case.branches]
        otherwise = self.value(case.otherwise) if case.otherwise else lambda record: None

        def chosen(record: Any) -> Any:
            subject = operand(record) if operand else True
            for when, then in branches:
                if not is_unknown(subject) and not is_unknown(met := when(record)) and values.equal(met, subject):
                    return then(record)
            return otherwise(record)

        return chosen

    def _aggregate(self, aggregate: Aggregate) -> Closure:
        argument = aggregate.argument
        if argument is not None:
            _refuse(argument, (Aggregate,), "Aggregate functions do not nest.")
        accumulator = Accumulator(aggregate.function, self.value(argument) if argument is not None else None)
        self.accumulators.append(accumulator)
        return lambda record: accumulator.result()


_COMPILE: dict[type, Callable[[Compiler, Any], Closure]] = {
    Literal: Compiler._literal,
    Path: Compiler._path,
    Items: Compiler._items,
    Chain: Compiler._chain,
    Call: Compiler._call,
    Case: Compiler._case,
    Aggregate: Compiler._aggregate,
}
_SPECIAL: dict[str, Callable[[Compiler, Call], Closure]] = {
    "between": Compiler._between,
    "cast": Compiler._cast,
    "in": Compiler._in,
    "is": Compiler._is,
    "missing": Compiler._missing,
    "not": Compiler._not,
    "plus": Compiler._plus,
    "utcnow": Compiler._utcnow,
}
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": values.equal,
    "<>": lambda left, right: not values.equal(left, right),
    "!=": lambda left, right: not values.equal(left, right),
    "<": values.less,
    ">": lambda left, right: values.less(right, left),
    "<=": lambda left, right: not values.less(right, left),
    ">=": lambda left, right: not values.less(left, right),
}


def contains(expression: Expression, kinds: tuple[type, ...], *, below_aggregates: bool = True) -> bool:
    """Whether a node of these kinds is anywhere in the expression."""
    waiting: list[Expression] = [expression]
    while waiting:
        node = waiting.pop()
        if isinstance(node, kinds):
            return True
        if below_aggregates or not isinstance(node, Aggregate):
            waiting += _parts(node)
    return False


def _parts(node: Expression) -> list[Expression]:
    if isinstance(node, Chain):
        return [node.first, *(operand for _, operand in node.rest)]
    if isinstance(node, Call):
        return list(node.arguments)
    if isinstance(node, Items):
        return list(node.items)
    if isinstance(node, Case):
        pairs = [part for branch in node.branches for part in branch]
        return pairs + [part for part in (node.operand, node.otherwise) if part is not None]
    return [node.argument] if isinstance(node, Aggregate) and node.argument is not None else []


def _refuse(expression: Expression, kinds: tuple[type, ...], message: str, *, below_aggregates: bool = True) -> None:
    if contains(expression, kinds, below_aggregates=below_aggregates):
        raise errors.UnsupportedSqlStructure(message)


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise errors.EvaluatorInvalidArguments(f"Expected a condition, not a value of type {values.name(value)}.")
    return value


def _logic(deciding: bool, operands: list[Closure]) -> Closure:
    """AND and OR: the deciding value (False, True) settles it; else one unknown makes the whole unknown."""

    def decide(record: Any) -> Any:
        unknown = False
        for operand in operands:
            value = operand(record)
            if is_unknown(value):
                unknown = True
            elif _truth(value) is deciding:
                return deciding
        return None if unknown else not deciding

    return decide


def _comparison(compare: Callable[[Any, Any], bool], left: Closure, right: Closure) -> Closure:
    def compared(record: Any) -> Any:
        first, second = left(record), right(record)
        if is_unknown(first) or is_unknown(second):
            return MISSING if first is MISSING or second is MISSING else None
        return compare(first, second)

    return compared


def _calculation(first: Closure, rest: list[tuple[str, Closure]]) -> Closure:
    def calculated(record: Any) -> Any:
        result = first(record)
        for symbol, operand in rest:
            value = operand(record)
            if is_unknown(result) or is_unknown(value):
                result = MISSING if result is MISSING or value is MISSING else None
            else:
                result = values.calculate(symbol, result, value)
        return result

    return calculated


def _with_detail(function: Callable[..., Any], detail: str) -> Callable[..., Any]:
    return functions.propagating(lambda *arguments: function(detail, *arguments))


def _all_strings(haystack: Expression) -> frozenset[str] | None:
    """The words of `IN ('a', 'b')`, where every candidate is one."""
    if not isinstance(haystack, Items):
        return None
    found = [item.value for item in haystack.items if isinstance(item, Literal) and isinstance(item.value, str)]
    return frozenset(found) if len(found) == len(haystack.items) else None


def _among(wanted: Any, candidates: Any) -> Any:
    if not isinstance(candidates, list):
        raise errors.EvaluatorInvalidArguments("IN takes a list of values.")
    known = [candidate for candidate in candidates if not is_unknown(candidate)]
    if any(values.equal(wanted, candidate) for candidate in known):
        return True
    return False if len(known) == len(candidates) else None
