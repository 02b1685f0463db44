"""What Cumulet has of each service, counted from the code and not from a list: an operation is real if the service
class has its method, stored if the method says that it only keeps what it was given, and else missing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from cumulet.kernel import models
from cumulet.kernel.registry import Registry
from cumulet.kernel.service import fidelity

REAL, STORED, MISSING = "real", "stored", "missing"


class UnknownService(Exception):
    """The words are for the user."""


@dataclass(frozen=True)
class Covered:
    """One service: the fidelity of every operation of its model, by the operation's API name."""

    service: str
    operations: dict[str, str]

    def count(self, what: str) -> int:
        return Counter(self.operations.values())[what]


def of(registry: Registry, service: str) -> Covered:
    """Raises UnknownService for a name that boto3 does not know."""
    try:
        model = models.load(service)
    except KeyError:
        raise UnknownService(f"AWS has no service {service}, as boto3 spells names") from None
    if service not in registry.names:
        return Covered(service, dict.fromkeys(model.operations, MISSING))
    loaded = registry.load(service)
    return Covered(service, {name: _label(loaded, op.method) for name, op in model.operations.items()})


def of_all(registry: Registry) -> list[Covered]:
    """The services that Cumulet has. Those it has not can be counted without their models: see `missing_services`."""
    return [of(registry, name) for name in registry.names]


def missing_services(registry: Registry) -> list[str]:
    return sorted(set(models.names()) - set(registry.names))


def as_plain(registry: Registry) -> dict[str, Any]:
    """All of it as JSON can say it, with totals."""
    covered = of_all(registry)
    totals = {what: sum(c.count(what) for c in covered) for what in (REAL, STORED, MISSING)}
    return {
        "services": {c.service: _counts(c) for c in covered},
        "totals": totals,
        "missing_services": missing_services(registry),
    }


def operations_as_plain(covered: Covered) -> dict[str, Any]:
    return {"service": covered.service, **_counts(covered), "operations": covered.operations}


def _counts(covered: Covered) -> dict[str, int]:
    return {what: covered.count(what) for what in (REAL, STORED, MISSING)}


def _label(service: type, method: str) -> str:
    operation = getattr(service, method, None)
    return MISSING if operation is None else str(fidelity(operation))
