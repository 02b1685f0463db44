"""Filters: which objects a rule is for, by prefix, tags and size. Lifecycle, replication and tiering share the form."""

from __future__ import annotations

from typing import Any, NamedTuple

from cumulet.services.s3.errors import InvalidRequest, MalformedXML
from cumulet.services.s3.objects import Object

_PREDICATES = ("Prefix", "Tag", "And", "ObjectSizeGreaterThan", "ObjectSizeLessThan")
_LONGEST_PREFIX = 1024


class Filter(NamedTuple):
    """Everything given has to hold. Sizes are in bytes, exclusive."""

    prefix: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    larger_than: int | None = None
    smaller_than: int | None = None

    @property
    def has_size(self) -> bool:
        return self.larger_than is not None or self.smaller_than is not None

    def matches(self, found: Object) -> bool:
        return (
            found.key.startswith(self.prefix)
            and all(found.tags.get(name) == value for name, value in self.tags)
            and (self.larger_than is None or found.size > self.larger_than)
            and (self.smaller_than is None or found.size < self.smaller_than)
        )


def of_rule(rule: dict[str, Any]) -> Filter:
    """The filter of a rule, in either form: `Filter`, or a `Prefix` of the rule itself (the first form of the API)."""
    given = rule.get("Filter") or {}
    inner = given.get("And") or given
    tags = inner.get("Tags") or ([given["Tag"]] if given.get("Tag") else [])
    return Filter(
        prefix=inner.get("Prefix") or rule.get("Prefix") or "",
        tags=tuple((tag["Key"], tag["Value"]) for tag in tags),
        larger_than=inner.get("ObjectSizeGreaterThan"),
        smaller_than=inner.get("ObjectSizeLessThan"),
    )


def check(rule: dict[str, Any]) -> None:
    """Raises MalformedXML for a filter of several predicates without And, InvalidRequest for what And must not hold."""
    given = rule.get("Filter")
    if given is None:
        return
    if sum(given.get(name) is not None for name in _PREDICATES) > 1 or "Prefix" in rule:
        raise MalformedXML
    if given.get("And") == {}:
        raise MalformedXML
    parsed = of_rule(rule)
    if len({name for name, _ in parsed.tags}) != len(parsed.tags):
        raise InvalidRequest("Duplicate Tag Keys are not allowed.")
    if len(parsed.prefix.encode()) > _LONGEST_PREFIX:
        raise InvalidRequest("The maximum size of a prefix is 1024.")
    _check_sizes(parsed)


def _check_sizes(parsed: Filter) -> None:
    if any(size is not None and size < 0 for size in (parsed.larger_than, parsed.smaller_than)):
        raise InvalidRequest("Filter size values must not be negative.")
    if parsed.larger_than is None or parsed.smaller_than is None:
        return
    if parsed.smaller_than <= parsed.larger_than:
        raise InvalidRequest("ObjectSizeLessThan must be greater than ObjectSizeGreaterThan.")
