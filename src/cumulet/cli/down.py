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
    while running.is_alive:
        if time.monotonic() > end:
            raise Failure(
                f"process {running.pid} has not stopped within {_PATIENCE_SECONDS:.0f} seconds.",
                f"End it; nothing is lost by that: kill -9 {running.pid}",
            )
        time.sleep(_LOOK_SECONDS)
    show({"status": "stopped", "pid": running.pid}, as_json, f"Stopped {running.url} (process {running.pid}).")


def _ask_to_stop(running: Running) -> None:
    """In words; by a signal where it does not listen, if it is our process indeed and not a later one of its number."""
    try:
        status = ask_running(running, "GET", "/_cumulet/status", seconds=_ANSWER_SECONDS)
    except Failure as failure:
        if not _is_cumulet(running.pid):
            raise Failure(
                failure.message, f"If its data directory is free, forget it: rm {running.place}/cumulet.pid"
            ) from None
        os.kill(running.pid, signal.SIGTERM)
        return
    if status.get("pid") != running.pid:
        raise Failure(f"at {running.url} answers another process than {running.pid}, which the pid file names.")
    ask_running(running, "POST", "/_cumulet/shutdown")


def _is_cumulet(pid: int) -> bool:
    try:
        return b"cumulet" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
