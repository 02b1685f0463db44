"""`cumulet up`: start a cloud, here or in the background."""

from __future__ import annotations

import gc
from pathlib import Path

import click

from cumulet.cli import options
from cumulet.cli.environment import Wishes, from_localstack


@click.command()
@click.option("--detach", "-d", is_flag=True, help="Go on in the background; the log is in the data directory.")
@click.option(
    "--port", type=click.IntRange(0, 65535), envvar="CUMULET_PORT", help="0 takes a free one. [default: 4566]"
)
@click.option(
    "--listen", metavar="ADDRESS", envvar="CUMULET_LISTEN", help="The address to listen on. [default: 127.0.0.1]"
)
@options.data_dir
@click.option(
    "--ephemeral", is_flag=True, envvar="CUMULET_EPHEMERAL", help="Keep everything in memory, nothing after the end."
)
@click.option(
    "--durability",
    type=click.Choice(["process", "power"]),
    envvar="CUMULET_DURABILITY",
    default="process",
    help="What an acknowledged write survives: the end of the process, or the loss of power too.",
)
@click.option("--domain", "domains", multiple=True, envvar="CUMULET_DOMAIN", help="A host name that means this cloud.")
@click.option(
    "--allow-origin", "origins", multiple=True, envvar="CUMULET_ALLOW_ORIGIN", help="A web page that may call it."
)
@click.option(
    "--enforce-throughput", "throughput", is_flag=True, envvar="CUMULET_ENFORCE_THROUGHPUT",
    help="Hold callers to the throughput of their DynamoDB tables.",
)  # fmt: skip
@click.option("--verbose", "-v", is_flag=True, envvar="CUMULET_VERBOSE", help="Log every request.")
@click.option("--hand-over", is_flag=True, hidden=True)
@options.as_json
def up(
    detach: bool,
    port: int | None,
    listen: str | None,
    data_dir: Path,
    ephemeral: bool,
    durability: str,
    domains: tuple[str, ...],
    origins: tuple[str, ...],
    throughput: bool,
    verbose: bool,
    hand_over: bool,
    as_json: bool,
) -> None:
    """Start the cloud. Ctrl-C stops it."""
    asked = Wishes(listen, port, ephemeral, domains, origins, verbose, throughput)
    wishes, notes = from_localstack(asked)
    for note in notes:
        click.echo(f"note: {note}", err=True)
    if detach:
        from cumulet.cli.background import start  # a cloud in the foreground starts faster without

        start(wishes, data_dir, durability, as_json)
    else:
        gc.disable()  # nothing that imports make is garbage, and looking for it is a tenth of the time to start
        from cumulet.cli.foreground import serve  # the parent of a detached cloud needs no server

        serve(wishes, data_dir, durability, as_json, hand_over=hand_over)
