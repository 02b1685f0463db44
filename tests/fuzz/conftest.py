"""A server to be hurt, with things on it that must stay as they are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.durability.process import CloudProcess
from tests.fuzz.raw import Wire
from tests.fuzz.target import Target


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with CloudProcess(tmp_path_factory.mktemp("fuzz") / "data") as process:
        target = Target(process)
        yield target
        target.check_log()


@pytest.fixture
def wire(target) -> Iterator[Wire]:
    wire = Wire(target.process.url)
    yield wire
    wire.close()
