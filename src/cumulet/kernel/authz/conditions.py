"""The Condition blocks of a policy: what a request must be like for a statement to count.

A block is compiled into one test per key. A test asks the context for its key only, and answers True, False, or None:
not met, though a policy variable had no value, so that we cannot be sure.

Source: IAM User Guide, "Condition operators", "Set operators for multivalued context keys"."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import operator as compare
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from cumulet.kernel.authz import globs
from cumulet.kernel.authz.globs import Context, Matcher

FOR_ALL, FOR_ANY = "ForAllValues", "ForAnyValue"
_IF_EXISTS = "IfExists"
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_LONGEST_NUMBER = 64


class Condition:
    """One operator on one key, with the values of which one has to fit."""

    __slots__ = ("holds", "key", "negated", "operator", "values")

    def __init__(self, operator: str, key: str, values: Sequence[str], *, variables: bool) -> None:
        self.operator, self.key, self.values = operator, key, tuple(values)
        self.negated = is_negated(operator)
        self.holds: Callable[[Context], bool | None] = _test(operator, key.lower(), self.values, variables)


def is_operator(name: str) -> bool:
    """Whether the policy language has this operator. Their names are the same in any case."""
    return _canonical(name) is not None


def is_negated(name: str) -> bool:
    found = _canonical(name)
    return found is not None and found[1] in _NEGATIONS


def _canonical(name: str) -> tuple[str, str, bool] | None:
    """Set operator, plain operator in the language's own spelling, and whether it ends in IfExists."""
    quantifier, colon, rest = name.rpartition(":")
    set_operator = _SET_OPERATORS.get(quantifier.lower())
    if set_operator is None or (colon and not quantifier):
        return None
    lower = rest.lower()
    if lower in _SPELLING:
        return set_operator, _SPELLING[lower], False
    plain = lower.removesuffix(_IF_EXISTS.lower())
    if plain == lower or plain == "null" or plain not in _SPELLING:
        return None
    return set_operator, _SPELLING[plain], True


def _test(operator: str, key: str, wanted: tuple[str, ...], variables: bool) -> Callable[[Context], bool | None]:
    canonical = _canonical(operator)
    assert canonical is not None, operator
    quantifier, plain, if_exists = canonical
    if plain == "Null":
        return _null(key, wanted)
    negated = plain in _NEGATIONS
    fits = _MATCHERS[_NEGATIONS.get(plain, plain)](wanted, variables)
    if quantifier:
        return _quantified(key, fits, quantifier, negated, if_exists)
    return _single(key, fits, negated, negated or if_exists)


def _null(key: str, wanted: tuple[str, ...]) -> Callable[[Context], bool]:
    """ "true": the request must lack the key; "false": it must have it, with a value."""
    answers = frozenset(value.lower() == "true" for value in wanted)

    def holds(context: Context) -> bool:
        found = context.get(key)
        return (found is None or (not isinstance(found, str) and len(found) == 0)) in answers

    return holds


def _single(key: str, fits: Matcher, negated: bool, if_missing: bool) -> Callable[[Context], bool | None]:
    def holds(context: Context) -> bool | None:
        found = context.get(key)
        if found is None or (not found and not isinstance(found, str)):
            return if_missing
        result = fits(found, context) if isinstance(found, str) else _some(fits, found, context)
        return result if not negated else None if result is None else not result

    return holds


def _some(fits: Matcher, values: Iterable[str], context: Context) -> bool | None:
    results = [fits(value, context) for value in values]
    return True if True in results else None if None in results else False


def _quantified(
    key: str, fits: Matcher, quantifier: str, negated: bool, if_exists: bool
) -> Callable[[Context], bool | None]:
    """ForAllValues holds for a key without values, ForAnyValue does not. An empty text is no value."""
    every = quantifier == FOR_ALL

    def holds(context: Context) -> bool | None:
        found = context.get(key)
        values = [] if found is None else [value for value in ([found] if isinstance(found, str) else found) if value]
        if not values:
            return every or (if_exists and found is None)
        results = [fits(value, context) for value in values]
        good, bad = not negated, negated
        if every:
            return False if bad in results else None if None in results else True
        return True if good in results else None if None in results else False

    return holds


# The plain operators: from the values of a policy to a matcher of a request's value


def _string_equals(wanted: tuple[str, ...], variables: bool) -> Matcher:
    plain = frozenset(value for value in wanted if not (variables and globs.has_variables(value)))
    if len(plain) == len(frozenset(wanted)):
        return lambda value, context: value in plain
    filled = [globs.text(value) for value in wanted if value not in plain]

    def matches(value: str, context: Context) -> bool | None:
        if value in plain:
            return True
        found = [fill(context) for fill in filled]
        return True if value in found else None if None in found else False

    return matches


def _string_equals_ignore_case(wanted: tuple[str, ...], variables: bool) -> Matcher:
    fill = [globs.text(value) if variables else (lambda context, value=value: value) for value in wanted]

    def matches(value: str, context: Context) -> bool | None:
        found = [each(context) for each in fill]
        lowered = value.lower()
        return True if any(t is not None and t.lower() == lowered for t in found) else None if None in found else False

    return matches


def _string_like(wanted: tuple[str, ...], variables: bool) -> Matcher:
    return globs.any_of(wanted, variables=variables) or (lambda value, context: True)


def _arn_like(wanted: tuple[str, ...], variables: bool) -> Matcher:
    """Each of the six parts matches on its own, so that a `*` does not reach over the first five colons."""
    patterns = [_arn_parts(value, variables) for value in wanted]

    def matches(value: str, context: Context) -> bool | None:
        parts = value.split(":", 5)
        unsure = False
        for pattern in patterns:
            found = _parts_match(pattern, parts, context)
            if found:
                return True
            unsure = unsure or found is None
        return None if unsure else False

    return matches


def _arn_parts(value: str, variables: bool) -> list[Matcher] | None:
    """None: any ARN."""
    if value == "*":
        return None
    return [globs.compiled(part, variables=variables) for part in _split(value)]


def _split(value: str) -> list[str]:
    """The six parts of an ARN. A colon within `${...}` is none of the ARN's."""
    if "${" not in value:
        return value.split(":", 5)
    parts, depth = [""], 0
    for index, character in enumerate(value):
        depth += 1 if value.startswith("${", index) else -1 if character == "}" and depth else 0
        if character == ":" and not depth and len(parts) < 6:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _parts_match(pattern: list[Matcher] | None, parts: list[str], context: Context) -> bool | None:
    if pattern is None:
        return len(parts) == 6
    if len(pattern) != len(parts):
        return False
    results = [match(part, context) for match, part in zip(pattern, parts, strict=True)]
    return False if False in results else None if None in results else True


def _bool(wanted: tuple[str, ...], variables: bool) -> Matcher:
    answers = frozenset(value.lower() for value in wanted)
    return lambda value, context: value.lower() in answers


def _binary(wanted: tuple[str, ...], variables: bool) -> Matcher:
    answers = frozenset(_decoded(value) for value in wanted) - {None}
    return lambda value, context: _decoded(value) in answers


def _decoded(value: str) -> bytes | None:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None


def _address(wanted: tuple[str, ...], variables: bool) -> Matcher:
    networks = [network for network in map(_network, wanted) if network is not None]

    @lru_cache(maxsize=64)
    def within(value: str) -> bool:
        address = _ip(value)
        return address is not None and any(address in network for network in networks)

    return lambda value, context: within(value)


_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _network(value: str) -> _Network | None:
    try:
        return ipaddress.ip_network(value.strip(), strict=False)
    except ValueError:
        return None


def _ip(value: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(value.strip())
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _ordered(
    parse: Callable[[str], float | None], holds: Callable[[float, float], bool]
) -> Callable[[tuple[str, ...], bool], Matcher]:
    """An operator on numbers or dates. What is neither fits nothing."""

    def matcher(wanted: tuple[str, ...], variables: bool) -> Matcher:
        limits = [limit for limit in map(parse, wanted) if limit is not None]

        def matches(value: str, context: Context) -> bool:
            given = parse(value)
            return given is not None and any(holds(given, limit) for limit in limits)

        return matches

    return matcher


def number(value: str) -> float | None:
    """A decimal number; whole ones exactly, however large."""
    if len(value) > _LONGEST_NUMBER or not _NUMBER.fullmatch(value):
        return None
    return int(value) if value.lstrip("+-").isdecimal() else float(value)


@lru_cache(maxsize=4096)
def instant(value: str) -> float | None:
    """A date of ISO 8601, or seconds since 1970, as seconds."""
    try:
        moment = datetime.fromisoformat(value)
        return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).timestamp()
    except (ValueError, OverflowError):
        return number(value)


_ORDERS: dict[str, Callable[[float, float], bool]] = {
    "Equals": compare.eq,
    "LessThan": compare.lt,
    "LessThanEquals": compare.le,
    "GreaterThan": compare.gt,
    "GreaterThanEquals": compare.ge,
}
_MATCHERS: dict[str, Callable[[tuple[str, ...], bool], Matcher]] = {
    "StringEquals": _string_equals,
    "StringEqualsIgnoreCase": _string_equals_ignore_case,
    "StringLike": _string_like,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": _bool,
    "BinaryEquals": _binary,
    "IpAddress": _address,
    **{"Numeric" + name: _ordered(number, holds) for name, holds in _ORDERS.items()},
    **{"Date" + name: _ordered(instant, holds) for name, holds in _ORDERS.items()},
}
_NEGATIONS = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NotIpAddress": "IpAddress",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
}
_SPELLING = {name.lower(): name for name in (*_MATCHERS, *_NEGATIONS, "Null")}
_SET_OPERATORS = {"": "", "forallvalues": FOR_ALL, "foranyvalue": FOR_ANY}
