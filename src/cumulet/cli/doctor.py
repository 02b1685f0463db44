"""`cumulet doctor`: is everything here that a cloud needs, and what mends what is not."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from cumulet.cli import options
from cumulet.cli.checks import FAIL, OK, checks
from cumulet.cli.display import show, table
from cumulet.cli.environment import DEFAULT_HOST, DEFAULT_PORT

_SIGNS = {OK: "ok", FAIL: "FAILS"}


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=DEFAULT_PORT, show_default=True, envvar="CUMULET_PORT")
@options.data_dir
@options.as_json
@click.pass_context
def doctor(context: click.Context, port: int, data_dir: Path, as_json: bool) -> None:
    """Check this machine. The exit code is 1 if something that a cloud needs is missing."""
    found = checks(data_dir, DEFAULT_HOST, port)
    if as_json:
        show([asdict(check) for check in found], as_json, "")
    else:
        table(
            ("", "what", "finding", "what mends it"),
            [(_SIGNS.get(c.state, c.state), c.what, c.finding, c.mend) for c in found],
        )
    context.exit(1 if any(check.state == FAIL for check in found) else 0)
