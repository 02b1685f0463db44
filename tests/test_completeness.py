"""What every service owes: methods that mirror its model, and a list of what it lacks that only gets shorter.

python -m tests.test_completeness    # write tests/missing_operations.txt anew, after adding operations"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest

from cumulet.kernel import models
from cumulet.kernel.kernel import operations
from cumulet.kernel.models import Operation
from cumulet.kernel.registry import Registry

MISSING = Path(__file__).parent / "missing_operations.txt"
REGISTRY = Registry("cumulet.services")
OUTSIDE_THE_MODELS = {"s3": {"post_object", "preflight", "website"}}
"""What clients call though no model describes it: a browser's upload and its question before, a website's pages."""
HELPERS = {"s3": {"default_retention", "expiration"}}
"""Methods that a service's own parts call on each other. Those that take positional arguments need no mention."""


def missing() -> list[str]:
    """Every operation that a service we have lacks, as "service:Operation", sorted."""
    return sorted(
        f"{name}:{operation.name}"
        for name in REGISTRY.names
        for operation in models.load(name).operations.values()
        if not hasattr(REGISTRY.load(name), operation.method)
    )


def methods() -> list[Any]:
    """Each public method of each service that answers an operation."""
    return [
        pytest.param(name, method, id=f"{name}:{method}")
        for name in REGISTRY.names
        for method in operations(REGISTRY.load(name))
        if method not in OUTSIDE_THE_MODELS.get(name, set()) | HELPERS.get(name, set())
        if not any(p.kind is p.POSITIONAL_OR_KEYWORD for p in _parameters(name, method))
    ]


def _parameters(service: str, method: str) -> list[inspect.Parameter]:
    return list(inspect.signature(getattr(REGISTRY.load(service), method)).parameters.values())[1:]


def test_the_list_of_missing_operations_only_gets_shorter():
    listed = MISSING.read_text(encoding="utf-8").split()
    assert listed == sorted(listed), "the list is sorted"
    assert sorted(set(listed) - set(missing())) == [], "these exist, or are no operations: take them off the list"
    assert sorted(set(missing()) - set(listed)) == [], "these were there, or belong to a new service: see the list"


@pytest.mark.parametrize(("service", "method"), methods())
def test_a_method_mirrors_its_operation(service, method):
    operation = _operation(service, method)
    assert operation is not None, f"{service} has a public async method {method} that is neither operation nor job"
    parameters = [p for p in _parameters(service, method) if p.kind is not p.VAR_KEYWORD]
    known, required = _members(service, operation)
    assert {p.kind for p in parameters} <= {inspect.Parameter.KEYWORD_ONLY}
    assert {p.name for p in parameters} <= known
    without_default = {p.name for p in parameters if p.default is inspect.Parameter.empty}
    assert without_default == required


def _operation(service: str, method: str) -> Operation | None:
    return next((op for op in models.load(service).operations.values() if op.method == method), None)


def _members(service: str, operation: Operation) -> tuple[set[str], set[str]]:
    """The operation's input members, all and the required ones."""
    if operation.input is None:
        return set(), set()
    shape = models.load(service).shapes[operation.input]
    return set(shape.get("members", {})), set(shape.get("required", ()))


if __name__ == "__main__":
    MISSING.write_text("".join(f"{each}\n" for each in missing()), encoding="utf-8")
