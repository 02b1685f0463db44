"""Services that are composed of several classes: no part hides what another one has."""

from __future__ import annotations

import pytest

from cumulet.kernel.registry import Registry
from cumulet.kernel.service import Service

REGISTRY = Registry("cumulet.services")
CHAINED = {"authorise", "denial", "needs", "reset"}
"""Methods of the base that parts extend and pass on to each other."""


@pytest.mark.parametrize("name", REGISTRY.names)
def test_no_part_of_a_service_hides_what_another_part_has(name):
    service = REGISTRY.load(name)
    parts = [part for part in service.__mro__ if part is not service and part not in Service.__mro__]
    hidden = [
        f"{above.__name__}.{member} hides {below.__name__}.{member}"
        for index, above in enumerate(parts)
        for below in parts[index + 1 :]
        if not issubclass(above, below)
        for member in vars(above).keys() & vars(below).keys()
        if not member.startswith("__") and member not in vars(Service) and member not in CHAINED
    ]
    assert not hidden


@pytest.mark.parametrize("name", REGISTRY.names)
def test_parts_that_extend_a_method_of_the_base_pass_the_call_on(name):
    service = REGISTRY.load(name)
    parts = [part for part in service.__mro__ if part not in Service.__mro__]
    for member in CHAINED:
        having = [vars(part)[member] for part in parts if member in vars(part)]
        for method in having[:-1]:
            code = getattr(method, "__func__", method).__code__
            assert "super" in code.co_names, f"{method.__qualname__} ends the chain"
