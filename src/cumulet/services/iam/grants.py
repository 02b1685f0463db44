"""Which services a policy gives access to."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cumulet.kernel.authz.policies import parse


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


def _fits(pattern: str, namespace: str) -> bool:
    """Namespaces are short, and each run of stars counts once: nothing to go back over."""
    parts = re.split(r"(\*+|\?)", pattern)
    known = {"": "", "?": "."}
    form = "".join(".*" if part.startswith("*") else known.get(part) or re.escape(part) for part in parts)
    return re.fullmatch(form, namespace, re.IGNORECASE) is not None
