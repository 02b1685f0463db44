"""The pytest fixture for those who test their own programs against Cumulet."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cumulet.testing.cloud import LocalCloud


@pytest.fixture
def cloud() -> Iterator[LocalCloud]:
    """A cloud in memory, for one test."""
    with LocalCloud() as running:
        yield running
