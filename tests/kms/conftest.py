"""Keys to test with, and people to use them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sts.people import Account


@pytest.fixture
def kms(client) -> Any:
    return client("kms")


@pytest.fixture
def key(kms) -> dict[str, Any]:
    """The metadata of a symmetric key."""
    return kms.create_key()["KeyMetadata"]


@pytest.fixture
def here(shared_cloud, account) -> Account:
    """The test's own account, with users and roles."""
    return Account(shared_cloud, account)


@pytest.fixture
def elsewhere(shared_cloud, account) -> Account:
    """Another account."""
    return Account(shared_cloud, "9" + account[1:])


@pytest.fixture
def own_kms(own_cloud) -> Any:
    """A client of a cloud whose clock this test may move."""
    return own_cloud.client("kms", account="111122223333")
