"""Metrics configurations: which requests are counted apart. They are kept until the cloud has metrics to filter."""

from __future__ import annotations

from typing import Any

from cumulet.services.s3.errors import MalformedXML

KIND = "metrics"
_PREDICATES = ("Prefix", "Tag", "AccessPointArn", "And")


def check(configuration: dict[str, Any]) -> None:
    """Raises MalformedXML: a filter has one predicate, or several in an And."""
    given = configuration.get("Filter")
    if given is None:
        return
    if sum(given.get(name) is not None for name in _PREDICATES) != 1:
        raise MalformedXML
    both = given.get("And")
    if both is not None:
        count = len(both.get("Tags") or []) + sum(both.get(name) is not None for name in ("Prefix", "AccessPointArn"))
        if count < 2:
            raise MalformedXML
