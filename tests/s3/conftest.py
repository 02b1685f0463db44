"""What the tests of S3 share: a bucket of one's own, and bytes worth storing."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def bucket(s3: Any, account: str) -> str:
    """A fresh bucket of this test's account."""
    name = f"bucket-{account}"
    s3.create_bucket(Bucket=name)
    return name
