"""Names of clusters and groups, and how they are kept and paged through."""

from __future__ import annotations

import re
from typing import Any

from cumulet.kernel.keys import Key
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction
from cumulet.services.dax.errors import InvalidParameterValueException

CLUSTERS, PARAMETER_GROUPS, SUBNET_GROUPS, EVENTS = "clusters", "parameter-groups", "subnet-groups", "events"
_NAME = re.compile(r"[a-zA-Z](?:-?[a-zA-Z0-9])*")
_LONGEST_CLUSTER, _LONGEST = 20, 255
_SMALLEST_PAGE, _LARGEST_PAGE = 20, 100


def key(scope: Scope, kind: str, *rest: object) -> Key:
    return scope.key("dax", kind, *rest)


def checked(name: str, kind: str) -> str:
    """The name in lower case, as it is kept. Raises InvalidParameterValueException."""
    if not _NAME.fullmatch(name) or len(name) > (_LONGEST_CLUSTER if kind == CLUSTERS else _LONGEST):
        what = {CLUSTERS: "Cluster ID", PARAMETER_GROUPS: "ParameterGroupName"}.get(kind, "SubnetGroupName")
        raise InvalidParameterValueException(
            f"{what} specified is not a valid identifier. Identifiers must begin with a letter; must contain only "
            "ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens."
        )
    return name.lower()


def page(
    tx: ReadTransaction, scope: Scope, kind: str, wanted: int | None, after: str | None
) -> tuple[list[Any], str | None]:
    """A page of all of a kind by name, and where the next begins. Raises InvalidParameterValueException."""
    limit = page_size(wanted)
    found = list(tx.range(key(scope, kind), after=after, limit=limit + 1))
    return found[:limit], found[limit - 1].name if len(found) > limit else None


def page_size(wanted: int | None) -> int:
    """Raises InvalidParameterValueException."""
    if wanted is None:
        return _LARGEST_PAGE
    if not _SMALLEST_PAGE <= wanted <= _LARGEST_PAGE:
        raise InvalidParameterValueException(f"MaxResults must be between {_SMALLEST_PAGE} and {_LARGEST_PAGE}")
    return wanted
