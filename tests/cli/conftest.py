"""The `cumulet` command on a data directory of the test's own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cumulet.cli import pidfile

_BROUGHT = ("AWS_", "CUMULET_", "LOCALSTACK_")
_ALONE = ("GATEWAY_LISTEN", "PERSISTENCE", "SERVICES", "DEBUG", "SHELL", "EDGE_PORT", "DATA_DIR")


@dataclass
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Cumulet:
    """Runs commands. Clouds in the background that a test leaves running are ended with it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        kept = {n: v for n, v in os.environ.items() if not n.startswith(_BROUGHT) and n not in _ALONE}
        self.environment = {**kept, "CUMULET_DATA_DIR": str(home), "PYTHONWARNINGS": "error::ResourceWarning"}

    def __call__(self, *arguments: str, **variables: str) -> Said:
        done = subprocess.run(
            [sys.executable, "-m", "cumulet.cli", *arguments],
            env={**self.environment, **variables},
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=60,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """`up` in the foreground, once it is ready."""
        process = subprocess.Popen(
            [sys.executable, "-m", "cumulet.cli", "up", "--port", "0", *arguments],
            env={**self.environment, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        for line in process.stdout:
            if line == "Ready.\n":
                return process
        raise AssertionError(process.communicate()[1])

    def up(self, *arguments: str, **variables: str) -> dict[str, Any]:
        """`up` in the background."""
        said = self("up", "-d", "--port", "0", "--json", *arguments, **variables)
        assert said.code == 0, said.err
        facts: dict[str, Any] = said.json
        return facts

    def end_all(self) -> None:
        for place in self.home.parent.rglob("cumulet.pid"):
            running = pidfile.read(place.parent)
            if running is not None:
                os.kill(running.pid, signal.SIGKILL)


@pytest.fixture
def cumulet(tmp_path) -> Iterator[Cumulet]:
    command = Cumulet(tmp_path / "data")
    yield command
    command.end_all()


@pytest.fixture
def foreground(cumulet):
    """Starts a cloud in the foreground, and ends it with the test."""
    started = []

    def start(*arguments: str, **variables: str) -> subprocess.Popen[str]:
        started.append(cumulet.start(*arguments, **variables))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()
