"""Users and roles to assume them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.sts.people import Account


@pytest.fixture
def here(shared_cloud, account) -> Account:
    """The test's own account, on the shared cloud."""
    return Account(shared_cloud, account)


@pytest.fixture
def elsewhere(shared_cloud, account) -> Account:
    """Another account."""
    return Account(shared_cloud, "9" + account[1:])


@pytest.fixture
def sts(client) -> Any:
    return client("sts")


@pytest.fixture
def own(own_cloud) -> Callable[[str], Account]:
    """Makes accounts of a cloud whose clock may be moved."""
    return lambda number="111122223333": Account(own_cloud, number)
