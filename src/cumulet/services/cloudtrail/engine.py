"""The SQL engine: DuckDB, in a process of its own for each query (sandbox.py)."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cumulet.kernel.errors import NotImplementedYet

_PROGRAM = Path(__file__).with_name("sandbox.py")
_SECONDS, _SECONDS_OF_CHECK = 300, 30
_MEMORY = "512MB"
_LONGEST_LINE = 8 << 20
_MOST_TOLD = 64 << 20
MOST_ROWS = 100_000
_PASSED_ON = ("PATH", "PYTHONPATH", "HOME", "LANG", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "SYSTEMROOT")


class Failed(Exception):
    """The engine says why. `refused` tells that the statement may not run at all."""

    def __init__(self, message: str, *, refused: bool = False) -> None:
        super().__init__(message)
        self.refused = refused


def require() -> None:
    """Raise unless DuckDB is installed."""
    if importlib.util.find_spec("duckdb") is None:
        raise NotImplementedYet("Queries need the DuckDB engine, which is not installed: pip install 'cumulet[sql]'.")


async def check(statement: str) -> dict[str, Any]:
    """What a statement reads: `tables`, `columns`, `since`, `until`. Raises Failed."""
    lines = await _converse({"mode": "check", "statement": statement}, _nothing(), _SECONDS_OF_CHECK)
    found: dict[str, Any] = lines[0]
    return found


async def run(asked: Mapping[str, Any], frames: AsyncIterator[bytes]) -> tuple[list[str], list[list[str]], int]:
    """The columns, the rows, and how many events were looked at. `frames` are the events of each table, as JSON
    arrays, and an empty one after each table. Raises Failed."""
    lines = await _converse({"mode": "run", "most_rows": MOST_ROWS, **asked}, frames, _SECONDS)
    return lines[0]["columns"], lines[1:-1], lines[0]["scanned"]


async def _nothing() -> AsyncIterator[bytes]:
    for frame in ():
        yield frame


async def _converse(asked: Mapping[str, Any], frames: AsyncIterator[bytes], seconds: int) -> Sequence[Any]:
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-B", str(_PROGRAM), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL, env=environment, limit=_LONGEST_LINE, start_new_session=True,
    )  # fmt: skip
    try:
        async with asyncio.timeout(seconds):
            request = json.dumps({**asked, "seconds": seconds, "memory": _MEMORY}).encode()
            await _tell(process, request, frames)
            return await _hear(process)
    except TimeoutError:
        raise Failed(f"The query took more than {seconds} seconds.") from None
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        _close(process)


async def _tell(process: asyncio.subprocess.Process, request: bytes, frames: AsyncIterator[bytes]) -> None:
    assert process.stdin is not None
    try:
        process.stdin.write(len(request).to_bytes(4) + request)
        async for frame in frames:
            process.stdin.write(len(frame).to_bytes(4) + frame)
            await process.stdin.drain()
        await process.stdin.drain()
    except ConnectionError:
        return  # it has said why, or is gone


async def _hear(process: asyncio.subprocess.Process) -> Sequence[Any]:
    assert process.stdout is not None
    lines: list[Any] = []
    size = 0
    try:
        async for line in process.stdout:
            size += len(line)
            if size > _MOST_TOLD:
                raise Failed("The query results are too large.")
            told = json.loads(line)
            if isinstance(told, dict) and "error" in told:
                raise Failed(told["message"], refused=told["error"] == "refused")
            lines.append(told)
            if isinstance(told, dict) and ("done" in told or "tables" in told):
                return lines
    except ValueError:
        raise Failed("The query results are too large.") from None
    raise Failed("The query used more resources than it may.")


def _close(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
