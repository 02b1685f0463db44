"""How a command asks a cloud: over HTTP while it runs, in this process while it is down. The answers are the same."""

from __future__ import annotations

import asyncio
import http.client
import json
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import click

from cumulet.cli import pidfile
from cumulet.cli.exports import variables
from cumulet.cli.failures import NOT_RUNNING, Failure, of_data_directory
from cumulet.cli.pidfile import Running

_SECONDS = 120.0
"""Saving a large cloud takes long; a cloud that hangs longer is told apart by `cumulet status`."""


def part(name: str) -> str:
    """`name` as one part of a path."""
    return quote(name, safe="")


def ask(home: Path, method: str, path: str, **arguments: Any) -> Any:
    """What the cloud of a data directory answers, whether it runs or not. Raises Failure with its words."""
    running = pidfile.find(home)
    if running is not None:
        return ask_running(running, method, path, **arguments)
    return _checked(*_ask_here(home, method, path, arguments))


def ask_running(running: Running, method: str, path: str, *, seconds: float = _SECONDS, **arguments: Any) -> Any:
    """What a running cloud answers. Raises Failure."""
    address = urlsplit(running.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=seconds)
    try:
        headers = {"x-cumulet-token": running.token, "content-type": "application/json"}
        connection.request(method, path, json.dumps(arguments) if arguments else None, headers)
        answer = connection.getresponse()
        return _checked(answer.status, json.loads(answer.read() or b"null"))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Failure(
            f"process {running.pid} does not answer at {running.url}: {error or type(error).__name__}.",
            f"Look into its log: cumulet logs, or end it: kill {running.pid}",
        ) from None
    finally:
        connection.close()


def must_run(home: Path) -> Running:
    """The running cloud of a data directory. Raises Failure with exit code 3."""
    running = pidfile.find(home)
    if running is None:
        raise Failure(f"no cloud runs on {home}.", "Start one: cumulet up", NOT_RUNNING)
    return running


def _ask_here(home: Path, method: str, path: str, arguments: dict[str, Any]) -> tuple[int, Any]:
    from cumulet.cloud import Cloud, DirectoryInUse, Settings  # most commands find a running cloud, and need no kernel

    async def perform() -> tuple[int, Any]:
        cloud = Cloud(Settings(home=home))
        try:
            status, content = await cloud.admin.perform(method, path, json.dumps(arguments).encode())
            return status, _as_json(content)
        finally:
            await cloud.close()

    try:
        return asyncio.run(perform())
    except DirectoryInUse:
        raise Failure(
            f"a process holds {home}, but has left no word how to reach it.", "Wait a moment; it may be starting."
        ) from None
    except (OSError, sqlite3.Error) as error:
        raise of_data_directory(error, home) from None


def _as_json(content: Any) -> Any:
    import msgspec

    return json.loads(msgspec.json.encode(content))


def _checked(status: int, content: Any) -> Any:
    if status >= 400:
        said = content.get("error", content) if isinstance(content, dict) else content
        raise Failure(f"{said}.", "Free some space on its disk, and try again." if "full" in str(said) else "")
    return content


def client_variables(home: Path, account: str, region: str) -> dict[str, str]:
    """The environment of an AWS client of the running cloud; without keys where the cloud wants keys of its own."""
    running = must_run(home)
    settings = variables(running.url, key_id=account, region=region)
    if not ask_running(running, "GET", "/_cumulet/status")["private"]:
        del settings["AWS_ACCESS_KEY_ID"], settings["AWS_SECRET_ACCESS_KEY"]
        click.echo("note: this cloud accepts only keys that it issued: cumulet key create", err=True)
    return settings
