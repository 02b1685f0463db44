"""`cumulet logs`: what a cloud in the background has said."""

from __future__ import annotations

import time
from collections import deque
from pathlib import Path
from typing import IO

import click

from cumulet.cli import options, pidfile
from cumulet.cli.background import LOG
from cumulet.cli.failures import Failure

_LOOK_SECONDS = 0.1


@click.command()
@click.option("--follow", "-f", is_flag=True, help="Go on as the log grows, until Ctrl-C.")
@click.option(
    "--lines", "-n", type=click.IntRange(0, 1_000_000), default=100, show_default=True, help="How many to begin with."
)
@options.data_dir
def logs(follow: bool, lines: int, data_dir: Path) -> None:
    """Print the log of a cloud in the background."""
    running = pidfile.find(data_dir)
    path = (running.place if running else data_dir) / LOG
    try:
        file = path.open(errors="replace")
    except FileNotFoundError:
        raise Failure(f"there is no log at {path}.", "A cloud in the foreground logs to its terminal.") from None
    with file:
        for line in deque(file, maxlen=lines):
            click.echo(line, nl=False)
        if follow:
            _follow(file)


def _follow(file: IO[str]) -> None:
    try:
        while True:
            if text := file.read():
                click.echo(text, nl=False)
            else:
                time.sleep(_LOOK_SECONDS)
    except KeyboardInterrupt:
        return
