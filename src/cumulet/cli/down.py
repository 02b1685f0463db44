"""`cumulet down`: stop a cloud, after the requests under way."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import click

from cumulet.cli import options
from cumulet.cli.connection import ask_running, must_run
from cumulet.cli.display import show
from cumulet.cli.failures import Failure
from cumulet.cli.pidfile import Running

_PATIENCE_SECONDS = 30.0
_ANSWER_SECONDS = 5.0
_LOOK_SECONDS = 0.02


@click.command()
@options.data_dir
@options.as_json
def down(data_dir: Path, as_json: bool) -> None:
    """Stop the cloud. Its data stays."""
    running = must_run(data_dir)
    _ask_to_stop(running)
    end = time.monotonic() + _PATIENCE_SECONDS
    while not running.has_ended:
        if time.monotonic() > end:
            raise Failure(
                f"process {running.pid} has not stopped within {_PATIENCE_SECONDS:.0f} seconds.",
                f"End it; nothing is lost by that: kill -9 {running.pid}",
            )
        time.sleep(_LOOK_SECONDS)
    show({"status": "stopped", "pid": running.pid}, as_json, f"Stopped {running.url} (process {running.pid}).")


def _ask_to_stop(running: Running) -> None:
    """In words; by a signal where it does not listen. It holds its pid file, so the process is the right one."""
    try:
        ask_running(running, "POST", "/_cumulet/shutdown", seconds=_ANSWER_SECONDS)
    except Failure:
        os.kill(running.pid, signal.SIGTERM)
