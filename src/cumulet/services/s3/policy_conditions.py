"""The Condition blocks of a policy: what a request must be like for a statement to count.

Source: IAM User Guide, "Condition operators" and "Global condition context keys"; Service Authorization Reference,
"Condition keys for Amazon S3"."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from cumulet.services.s3 import globs

Context = Mapping[str, Sequence[str]]
"""What is known of a request: condition keys in lower case, and their values. What is not there, the request lacks."""

Conditions = dict[str, dict[str, list[str]]]

_GLOBAL = """
calledvia calledviafirst calledvialast currenttime epochtime federatedprovider multifactorauthage multifactorauthpresent
principalaccount principalarn principalisawsservice principalorgid principalorgpaths principalservicename
principalservicenameslist principaltype referer requestedregion resourceaccount resourceorgid resourceorgpaths
securetransport sourceaccount sourcearn sourceidentity sourceip sourceorgid sourceorgpaths sourcevpc sourcevpce
tagkeys tokenissuetime useragent userid username viaawsservice vpcsourceip
"""
_OF_S3 = """
accessgrantsinstancearn accesspointnetworkorigin authtype dataaccesspointaccount dataaccesspointarn delimiter
if-match if-none-match locationconstraint max-keys object-lock-legal-hold object-lock-mode
object-lock-remaining-retention-days object-lock-retain-until-date objectcreationoperation objectownership prefix
requestobjecttagkeys resourceaccount signatureage signatureversion tlsversion versionid x-amz-acl
x-amz-content-sha256 x-amz-copy-source x-amz-grant-full-control x-amz-grant-read x-amz-grant-read-acp
x-amz-grant-write x-amz-grant-write-acp x-amz-metadata-directive x-amz-object-ownership
x-amz-server-side-encryption x-amz-server-side-encryption-aws-kms-key-id
x-amz-server-side-encryption-customer-algorithm x-amz-storage-class x-amz-website-redirect-location
"""
_KNOWN = frozenset([*("aws:" + name for name in _GLOBAL.split()), *("s3:" + name for name in _OF_S3.split())])
_KNOWN_STARTS = ("s3:existingobjecttag/", "s3:requestobjecttag/", "aws:principaltag/", "aws:requesttag/")


def is_known(key: str) -> bool:
    """Whether a key is one that we can tell of a request, if only that it lacks it."""
    return key.lower() in _KNOWN or key.lower().startswith(_KNOWN_STARTS)


def hold(conditions: Conditions, context: Context) -> bool | None:
    """Whether all conditions hold; None if one is of a kind that is not known here, and no other fails."""
    unknown = False
    for operator, entries in conditions.items():
        for key, wanted in entries.items():
            result = _holds(operator, key, wanted, context)
            if result is False:
                return False
            unknown = unknown or result is None
    return None if unknown else True


def is_operator(name: str) -> bool:
    """Whether this is an operator of the policy language that we know."""
    plain = name.rpartition(":")[2].removesuffix("IfExists")
    return plain == "Null" or plain in _TESTS or plain in _NEGATIONS


def _holds(operator: str, key: str, wanted: list[str], context: Context) -> bool | None:
    quantifier, _, name = operator.rpartition(":")
    given = context.get(key.lower())
    if not is_operator(name) or not is_known(key):
        return None
    if name == "Null":
        return (given is None) == (wanted[:1] == ["true"])
    plain = name.removesuffix("IfExists")
    negated = plain in _NEGATIONS
    if given is None:
        return negated or plain != name or quantifier == "ForAllValues"
    test = _TESTS[_NEGATIONS.get(plain, plain)]
    found = [any(test(value, each, context) for each in wanted) for value in given]
    if quantifier == "ForAllValues":
        return all(each != negated for each in found)
    if quantifier == "ForAnyValue":
        return any(each != negated for each in found)
    return any(found) != negated


def _same(value: str, wanted: str, context: Context) -> bool:
    return globs.matches_filled(wanted, value, context) if "${" in wanted else value == wanted


def _like(value: str, wanted: str, context: Context) -> bool:
    return globs.matches_filled(wanted, value, context)


def _arn_like(value: str, wanted: str, context: Context) -> bool:
    """Each of the six parts matches on its own: a `*` does not reach over a colon."""
    values, patterns = value.split(":", 5), wanted.split(":", 5)
    return len(values) == len(patterns) and all(
        globs.matches_filled(pattern, part, context) for part, pattern in zip(values, patterns, strict=True)
    )


@lru_cache(maxsize=4096)
def _address_in(value: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _number(compare: Callable[[float, float], bool]) -> Test:
    def test(value: str, wanted: str, context: Context) -> bool:
        try:
            return compare(float(value), float(wanted))
        except ValueError:
            return False

    return test


def _date(compare: Callable[[float, float], bool]) -> Test:
    def test(value: str, wanted: str, context: Context) -> bool:
        first, second = _instant(value), _instant(wanted)
        return first is not None and second is not None and compare(first, second)

    return test


@lru_cache(maxsize=4096)
def _instant(text: str) -> float | None:
    """An ISO 8601 date or seconds since 1970, as seconds."""
    try:
        moment = datetime.fromisoformat(text)
        return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).timestamp()
    except (ValueError, OverflowError):
        pass
    try:
        return float(text)
    except ValueError:
        return None


Test = Callable[[str, str, Context], bool]
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "Equals": lambda a, b: a == b,
    "LessThan": lambda a, b: a < b,
    "LessThanEquals": lambda a, b: a <= b,
    "GreaterThan": lambda a, b: a > b,
    "GreaterThanEquals": lambda a, b: a >= b,
}
_TESTS: dict[str, Test] = {
    "StringEquals": _same,
    "StringEqualsIgnoreCase": lambda value, wanted, context: _same(value.lower(), wanted.lower(), context),
    "StringLike": _like,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": lambda value, wanted, context: value.lower() == wanted.lower(),
    "BinaryEquals": lambda value, wanted, context: value == wanted,
    "IpAddress": lambda value, wanted, context: _address_in(value, wanted),
    **{"Numeric" + name: _number(compare) for name, compare in _COMPARISONS.items()},
    **{"Date" + name: _date(compare) for name, compare in _COMPARISONS.items()},
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
