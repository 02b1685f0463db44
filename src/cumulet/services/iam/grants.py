"""Which services a policy gives access to."""

from __future__ import annotations

from collections.abc import Iterable

from cumulet.kernel.authz import parse


def access(text: str, namespace: str) -> bool:
    """Whether a statement of the policy allows any action of the service, whatever else denies it."""
    return any(
        not _all(statement.actions, namespace) if statement.not_action else _some(statement.actions, namespace)
        for statement in parse(text).statements
        if statement.allow
    )


def _some(patterns: Iterable[str], namespace: str) -> bool:
    """Whether a pattern speaks of the service."""
    return any(_fits(pattern.partition(":")[0], namespace) for pattern in patterns)


def _all(patterns: Iterable[str], namespace: str) -> bool:
    """Whether the patterns leave out no action of the service, as far as can be seen."""
    whole = (pattern for pattern in patterns if pattern == "*" or pattern.endswith(":*"))
    return _some(whole, namespace)


def _fits(vendor: str, namespace: str) -> bool:
    """The language has no wildcard in the name of a service, other than for all of them."""
    return vendor == "*" or vendor.lower() == namespace.lower()
