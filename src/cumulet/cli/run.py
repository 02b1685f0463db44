"""`cumulet run -- CMD`: one command, with its AWS clients pointed to the cloud."""

from __future__ import annotations

import os
from pathlib import Path

import click

from cumulet.cli import options
from cumulet.cli.connection import client_variables
from cumulet.cli.failures import Failure


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--account", default="test", help="Act as the root of this account: twelve digits.")
@click.option("--region", default="us-east-1", show_default=True)
@options.data_dir
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def run(account: str, region: str, data_dir: Path, command: tuple[str, ...]) -> None:
    """Run COMMAND against the cloud; its exit code is the command's."""
    settings = client_variables(data_dir, account, region)
    left = {name: value for name, value in os.environ.items() if name not in ("AWS_PROFILE", "AWS_SESSION_TOKEN")}
    try:
        os.execvpe(command[0], command, {**left, **settings})  # noqa: S606 - it is what the user asked for
    except FileNotFoundError:
        raise Failure(f"there is no command {command[0]}.", code=127) from None
    except OSError as error:
        raise Failure(f"cannot run {command[0]}: {error.strerror}.", code=126) from None
