"""The `cumulet` command. Each command is a module here, imported when it is called: `up` has to be quick."""

from __future__ import annotations

import importlib

import click

_COMMANDS = (
    "up", "down", "status", "logs", "run", "env", "reset", "clock", "snapshot", "account", "key", "explain",
    "policy-from", "coverage", "doctor",
)  # fmt: skip


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        command: click.Command = getattr(importlib.import_module(f"cumulet.cli.{name}"), name)
        return command


@click.group(cls=_Commands, invoke_without_command=True)
@click.version_option(package_name="cumulet", message="%(prog)s %(version)s")
@click.pass_context
def main(context: click.Context) -> None:
    """An AWS-compatible cloud of your own."""
    if context.invoked_subcommand is None:
        click.echo(_WELCOME)


_WELCOME = """\
Cumulet: an AWS-compatible cloud of your own.

  cumulet up              start it here; Ctrl-C stops it (-d: in the background)
  eval "$(cumulet env)"   point the AWS clients of this shell to it
  cumulet run -- CMD      run one command against it
  cumulet status          is it running, where, with which data
  cumulet down            stop it

All commands: cumulet --help. One command: cumulet COMMAND --help."""
