"""Scripts that people run when a cloud starts and stops, laid out as LocalStack has them: the folders boot.d, start.d,
ready.d and shutdown.d hold *.sh and *.py, which run one after the other, by name, those of subfolders last.

Each runs in a process of its own, with the environment of an AWS client of this cloud. One that fails is logged and
marked, and the next one runs (docs.localstack.cloud, initialization hooks)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cumulet.cloud import Cloud

log = logging.getLogger("cumulet.startup")

STAGES = ("boot", "start", "ready", "shutdown")
_UNKNOWN, _RUNNING, _SUCCESSFUL, _ERROR = "UNKNOWN", "RUNNING", "SUCCESSFUL", "ERROR"
_SHUTDOWN_SECONDS = 30.0


@dataclass
class Script:
    """One file, and how it went."""

    stage: str
    path: Path
    state: str = _UNKNOWN


class Scripts:
    """The scripts in some folders; those of the first folder run first."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = [folder for folder in folders if folder.is_dir()]
        self._scripts = {stage: [Script(stage, path) for path in self._paths(stage)] for stage in STAGES}
        self._completed: set[str] = set()
        self._begun: asyncio.Task[None] | None = None

    def all(self) -> list[Script]:
        return [script for stage in STAGES for script in self._scripts[stage]]

    def of(self, stage: str) -> list[Script]:
        return self._scripts[stage]

    def is_completed(self, stage: str) -> bool:
        return stage in self._completed

    async def run(self, stage: str, cloud: Cloud) -> None:
        """Run a stage to its end. The last one begins by cutting off what is still under way, and has 30 seconds."""
        if stage == "shutdown":
            await self._cut_off()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SHUTDOWN_SECONDS if stage == "shutdown" else None):
                for script in self._scripts[stage]:
                    await _run(script, _environment(cloud, stage))
        self._completed.add(stage)

    def begin(self, stage: str, cloud: Cloud) -> None:
        """Run a stage beside what comes next."""
        self._begun = asyncio.create_task(self.run(stage, cloud))

    async def _cut_off(self) -> None:
        if self._begun is not None:
            self._begun.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._begun

    def _paths(self, stage: str) -> list[Path]:
        return [path for folder in self._folders for path in _ordered(folder / f"{stage}.d")]


def _ordered(folder: Path) -> list[Path]:
    """Files first, then subfolders, each by name."""
    if not folder.is_dir():
        return []
    children = sorted(folder.iterdir())
    files = [child for child in children if child.is_file() and child.suffix in (".sh", ".py")]
    return files + [path for child in children if child.is_dir() for path in _ordered(child)]


async def _run(script: Script, environment: dict[str, str]) -> None:
    script.state = _RUNNING
    try:
        process = await asyncio.create_subprocess_exec(*_command(script.path), env=environment, start_new_session=True)
    except OSError as error:
        script.state = _ERROR
        log.error("%s cannot be run: %s", script.path, error)
        return
    try:
        code = await process.wait()
    except asyncio.CancelledError:
        script.state = _ERROR
        await _end(process)
        raise
    script.state = _SUCCESSFUL if code == 0 else _ERROR
    if code:
        log.error("%s ended with exit code %d", script.path, code)


async def _end(process: asyncio.subprocess.Process) -> None:
    """The script and what it started: it leads a process group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, 9)
    await process.wait()


def _command(path: Path) -> list[str]:
    """A shell script that may be executed says itself by which shell."""
    if path.suffix == ".py":
        return [sys.executable, str(path)]
    return [str(path)] if os.access(path, os.X_OK) else ["sh", str(path)]


def _environment(cloud: Cloud, stage: str) -> dict[str, str]:
    """What is set already stays: people set their own account and Region."""
    defaults = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    endpoint = {} if stage == "boot" else {"AWS_ENDPOINT_URL": cloud.local_url}
    return {**defaults, **os.environ, **endpoint}
