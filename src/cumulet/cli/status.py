"""`cumulet status`: is it running, where, and with which data."""

from __future__ import annotations

from pathlib import Path

import click

from cumulet.cli import options, pidfile
from cumulet.cli.connection import ask_running
from cumulet.cli.display import instant, show
from cumulet.cli.failures import NOT_RUNNING


@click.command()
@options.data_dir
@options.as_json
@click.pass_context
def status(context: click.Context, data_dir: Path, as_json: bool) -> None:
    """Say whether the cloud runs. The exit code is 0 if it does, 3 if not."""
    running = pidfile.find(data_dir)
    if running is None:
        facts = {"status": "stopped", "data_dir": str(data_dir)}
        show(facts, as_json, f"Stopped. The data directory is {data_dir}. Start: cumulet up")
        context.exit(NOT_RUNNING)
    facts = ask_running(running, "GET", "/_cumulet/status", seconds=5)
    show(facts, as_json, _in_words(facts))


def _in_words(facts: dict) -> str:
    clock = facts["clock"]
    pace = "" if clock["real"] else ", frozen" if clock["rate"] == 0 else f", not the machine's, rate {clock['rate']:g}"
    return "\n".join(
        [
            f"Running at {facts['url']} (process {facts['pid']}), Cumulet {facts['version']}",
            f"Data:      {facts['data_dir'] or 'in memory'}, durability {facts['durability']}",
            f"Clock:     {instant(clock['now'])}{pace}",
            f"Services:  {', '.join(facts['services'])}",
        ]
    )
