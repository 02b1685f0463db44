"""A cloud in the background: started here, its log and its pid file in the data directory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import click

from cumulet.cli import announcement, pidfile
from cumulet.cli.display import show
from cumulet.cli.environment import Wishes
from cumulet.cli.failures import of_data_directory

LOG = "cumulet.log"


def start(wishes: Wishes, home: Path, durability: str, as_json: bool) -> None:
    """Return when the cloud serves. Raises Failure with what it said when it does not."""
    facts = launch(wishes, home, durability)
    show(facts, as_json, announcement.words(facts))


def launch(wishes: Wishes, home: Path, durability: str) -> dict[str, Any]:
    """Start the cloud, and return what it announces when it serves. Ends as it ends when it does not."""
    path = pidfile.place(home, wishes.ephemeral) / LOG
    log = _open(path, home)
    with os.fdopen(log, "ab") as file:
        begin = file.seek(0, os.SEEK_END)
        process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "cumulet.cli", "up", "--json", "--hand-over", *_arguments(wishes, home, durability)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=file,
            start_new_session=True,
        )
    assert process.stdout is not None
    with process.stdout as announced:
        facts = announced.readline()
    if not facts:
        click.echo(_said(path, begin), err=True)
        raise click.exceptions.Exit(process.wait())
    return {**json.loads(facts), "log": str(path)}


def _open(path: Path, home: Path) -> int:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise of_data_directory(error, home) from None


def _arguments(wishes: Wishes, home: Path, durability: str) -> list[str]:
    """The options of `up` that say the same in the other process."""
    named = {"--listen": wishes.host, "--port": wishes.port, "--data-dir": home, "--durability": durability}
    options = [text for name, value in named.items() if value is not None for text in (name, str(value))]
    options += [text for domain in wishes.domains for text in ("--domain", domain)]
    options += [text for origin in wishes.origins for text in ("--allow-origin", origin)]
    flags = {"--ephemeral": wishes.ephemeral, "--verbose": wishes.verbose, "--enforce-throughput": wishes.throughput}
    return [*options, *(name for name, is_wished in flags.items() if is_wished)]


def _said(log: Path, begin: int) -> str:
    with log.open("rb") as file:
        file.seek(begin)
        return file.read(100_000).decode(errors="replace").rstrip()
