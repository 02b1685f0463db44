"""The expressions of one request, with the names and values that came with them.

Expressions are parsed and compiled once for a text and its names: a program uses few, again and again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Generic, NoReturn, TypeVar

from cumulet.services.dynamodb import values as attribute
from cumulet.services.dynamodb.errors import ValidationException
from cumulet.services.dynamodb.expressions import conditions, key_conditions, parser, projections, updates
from cumulet.services.dynamodb.expressions.conditions import Condition
from cumulet.services.dynamodb.expressions.key_conditions import KeyCondition
from cumulet.services.dynamodb.expressions.paths import Substitutions
from cumulet.services.dynamodb.expressions.projections import Projection
from cumulet.services.dynamodb.expressions.tokens import refuse
from cumulet.services.dynamodb.expressions.updates import Update
from cumulet.services.dynamodb.schema import Schema
from cumulet.services.dynamodb.values import Value

Compiled = TypeVar("Compiled")
Names = tuple[tuple[str, str], ...]
"""ExpressionAttributeNames, so that it can be a part of a key."""
_PLACEHOLDER = re.compile(r"[#:][A-Za-z0-9_]+")
_LONGEST_NAME, _LONGEST_PLACEHOLDER = 65535, 255
_MOST_KEPT = 512
_LONGEST_KEPT, _FEW_VALUES = 4096, 64
"""What has more (characters in all names, values) is worked out anew, so that what is kept stays small."""
_NONE: frozenset[str] = frozenset()
_NO_VALUES: Mapping[str, Value] = MappingProxyType({})
_ORDER = ("UpdateExpression", "FilterExpression", "ConditionExpression", "KeyConditionExpression")


class Given:
    """ExpressionAttributeNames and ExpressionAttributeValues of a request, for its expressions."""

    __slots__ = ("_absent", "_names", "_used", "_values")

    def __init__(self, names: Mapping[str, str] | None, values: Mapping[str, Value] | None) -> None:
        """Raises ValidationException for values, and names of values, that cannot be. Names are checked when an
        expression needs them, as those of most requests have been before."""
        self._names: Names | None = None
        self._values: Mapping[str, Value] | None = None
        if names is not None:
            self._names = tuple(names.items()) or _refuse_empty("ExpressionAttributeNames")
        if values is not None:
            self._values = _checked_values(values)
        self._used: list[tuple[frozenset[str], frozenset[str]]] = []
        self._absent: tuple[str, ...] = ()

    def condition(self, text: str | None, kind: str) -> Condition | None:
        """`kind` is the parameter: ConditionExpression or FilterExpression. None for None."""
        if text is None:
            self._absent += (kind,)
            return None
        compiled = _condition(text, kind, self._names)
        return Condition(compiled, self._bindings(kind, compiled.used, compiled.names))

    def update(self, text: str | None) -> Update | None:
        if text is None:
            self._absent += ("UpdateExpression",)
            return None
        compiled = _update(text, "UpdateExpression", self._names)
        return Update(compiled, self._bindings("UpdateExpression", compiled.used, compiled.names))

    def projection(self, text: str | None) -> Projection | None:
        if text is None:
            return None
        projection = _projection(text, "ProjectionExpression", self._names)
        self._used.append((projection.used, _NONE))
        return projection

    def key_condition(self, text: str | None, schema: Schema) -> KeyCondition | None:
        """Checked against the keys of the table or index."""
        for_schema = self.open_key_condition(text)
        return None if for_schema is None else for_schema(schema)

    def open_key_condition(self, text: str | None) -> Callable[[Schema], KeyCondition] | None:
        """As `key_condition`, for a schema that is not known yet: all else is checked."""
        if text is None:
            self._absent += ("KeyConditionExpression",)
            return None
        parts, condition = _key_condition(text, "KeyConditionExpression", self._names)
        values = self._bindings("KeyConditionExpression", condition.used, condition.names)
        for check in condition.checks:
            check(values)
        return lambda schema: key_conditions.bound(parts, values, schema)

    def check_all_used(self) -> None:
        """Refuses names and values that no expression uses. To be called after all expressions were asked for, also
        those that the request has not."""
        if self._names is not None:
            if not self._used:
                raise ValidationException("ExpressionAttributeNames can only be specified when using expressions")
            _check_used("ExpressionAttributeNames", dict(self._names), [names for names, _ in self._used])
        if self._values is not None:
            if all(used is _NONE for _, used in self._used):
                self._refuse_values()
            _check_used("ExpressionAttributeValues", self._values, [used for _, used in self._used])

    def _bindings(self, kind: str, used: frozenset[str], names: frozenset[str]) -> Mapping[str, Value]:
        self._used.append((names, used))
        values = _NO_VALUES if self._values is None else self._values
        if not used <= values.keys():
            missing = min(used - values.keys())
            refuse(kind, f"An expression attribute value used in expression is not defined; attribute value: {missing}")
        return values

    def _refuse_values(self) -> NoReturn:
        absent = sorted(self._absent, key=_ORDER.index)
        what = f": {' and '.join(absent)} {'are' if len(absent) > 1 else 'is'} null" if absent else ""
        raise ValidationException("ExpressionAttributeValues can only be specified when using expressions" + what)


def _check_used(parameter: str, given: Mapping[str, object], used: list[frozenset[str]]) -> None:
    if len(used) == 1 and len(used[0]) == len(given):
        return
    unused = [name for name in given if not any(name in each for each in used)]
    if unused:
        raise ValidationException(f"Value provided in {parameter} unused in expressions: keys: {{{', '.join(unused)}}}")


# Names and values


def _refuse_empty(parameter: str) -> NoReturn:
    raise ValidationException(f"{parameter} must not be empty")


def _check_placeholders(placeholders: Iterable[str], sign: str, parameter: str) -> None:
    for each in placeholders:
        if each[:1] != sign or len(each) > _LONGEST_PLACEHOLDER or not _PLACEHOLDER.fullmatch(each):
            raise ValidationException(f'{parameter} contains invalid key: Syntax error; key: "{each}"')


@lru_cache(maxsize=_MOST_KEPT)
def _check_few_values(placeholders: tuple[str, ...]) -> None:
    _check_placeholders(placeholders, ":", "ExpressionAttributeValues")


def _checked_values(values: Mapping[str, Value]) -> Mapping[str, Value]:
    if not values:
        _refuse_empty("ExpressionAttributeValues")
    if len(values) < _FEW_VALUES:
        _check_few_values(tuple(values))
    else:
        _check_placeholders(values, ":", "ExpressionAttributeValues")
    checked = {}
    name = ""
    try:
        for name, value in values.items():
            checked[name] = attribute.checked(value)
    except ValidationException as error:
        raise ValidationException(
            f"ExpressionAttributeValues contains invalid value: {error.message} for key {name}"
        ) from None
    return checked


def _checked_names(names: Names) -> dict[str, str]:
    _check_placeholders((placeholder for placeholder, _ in names), "#", "ExpressionAttributeNames")
    for placeholder, name in names:
        if not name or len(name) > _LONGEST_NAME:
            raise ValidationException(
                "ExpressionAttributeNames contains invalid value: Attribute name must be at least 1 and at most "
                f"{_LONGEST_NAME} characters for key {placeholder}"
            )
    return dict(names)


# Compiling


class _Kept(Generic[Compiled]):
    """A pure function of a text and names that remembers what it gave. What is large it does not keep, which
    lru_cache could not leave out."""

    def __init__(self, compile_it: Callable[[str, str, Substitutions], Compiled]) -> None:
        self._compile = compile_it
        self._known: dict[tuple[str, str, Names | None], Compiled] = {}

    def __call__(self, text: str, kind: str, names: Names | None) -> Compiled:
        key = (text, kind, names)
        found = self._known.get(key)
        if found is None:
            found = self._compile(text, kind, Substitutions(kind, _checked_names(names or ())))
            self._keep(key, found)
        return found

    def _keep(self, key: tuple[str, str, Names | None], compiled: Compiled) -> None:
        if sum(len(placeholder) + len(name) for placeholder, name in key[2] or ()) > _LONGEST_KEPT:
            return
        if len(self._known) >= _MOST_KEPT:
            self._known.pop(next(iter(self._known)), None)
        self._known[key] = compiled


_condition = _Kept(lambda text, kind, names: conditions.compiled(parser.condition(text, kind), names))
_update = _Kept(lambda text, kind, names: updates.compiled(parser.update(text, kind), names))
_projection = _Kept(lambda text, kind, names: projections.compiled(parser.projection(text, kind), names))
_key_condition = _Kept(lambda text, kind, names: key_conditions.compiled(parser.condition(text, kind), names))
