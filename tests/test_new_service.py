"""`make service NAME=...`: what it writes is a service that loads, says what is missing, and passes its tests."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import cumulet.services
from cumulet.kernel.registry import Registry

SCRIPT = Path(__file__).parents[1] / "scripts" / "new_service.py"
NAME = "sns" if "sns" not in Registry("cumulet.services").names else "mturk"
"""A service that Cumulet does not have."""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True, timeout=60)


@pytest.fixture
def begun(tmp_path, monkeypatch, own_cloud) -> Path:
    """A project folder with a new service, which the running cloud finds too."""
    done = run(NAME, "--into", str(tmp_path))
    assert done.returncode == 0, done.stderr
    home = tmp_path / "src/cumulet/services"
    monkeypatch.setattr(cumulet.services, "__path__", [*cumulet.services.__path__, str(home)])
    yield tmp_path
    for module in [name for name in sys.modules if name.startswith(f"cumulet.services.{NAME}")]:
        del sys.modules[module]


def test_the_new_package_is_a_service(begun):
    assert NAME in Registry("cumulet.services").names
    assert Registry("cumulet.services").load(NAME).name == NAME


def test_the_new_tests_pass(begun, own_cloud):
    def client(service: str) -> Any:
        return own_cloud.client(service)

    _import(begun / "tests" / NAME / "test_service.py").test_what_is_missing_says_so(client)


def test_the_new_files_have_our_style(begun):
    rules = ["--isolated", "--select", "E,F,I,UP,W", "--line-length", "120"]
    command = [sys.executable, "-m", "ruff", "check", *rules, str(begun)]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert checked.returncode == 0, checked.stdout


def test_nothing_is_overwritten(begun):
    again = run(NAME, "--into", str(begun))
    assert again.returncode == 1
    assert "has been begun" in again.stderr


def test_it_prints_how_methods_begin(tmp_path):
    printed = run("sqs", "DeleteMessage", "ListQueues").stdout.splitlines()
    assert printed == [
        "    async def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> dict[str, Any]:",
        "    async def list_queues(self, *, QueueNamePrefix: str | None = None, NextToken: str | None = None, "
        "MaxResults: int | None = None) -> dict[str, Any]:",
    ]
    for wrong in (("nonsense",), ("sqs", "FlyAway")):
        refused = run(*wrong, "--into", str(tmp_path))
        assert (refused.returncode, refused.stdout) == (1, "")
        assert wrong[-1] in refused.stderr


def _import(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("begun", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
