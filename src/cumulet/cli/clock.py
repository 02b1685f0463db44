"""`cumulet clock`: the cloud's time, which can be moved, stopped and run fast."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cumulet.cli import options
from cumulet.cli.connection import ask
from cumulet.cli.display import instant
from cumulet.cli.display import show as print_facts


@click.group(invoke_without_command=True)
@options.data_dir
@options.as_json
@click.pass_context
def clock(context: click.Context, data_dir: Path, as_json: bool) -> None:
    """Show or change the cloud's time. Schedules, expiries and bills follow it."""
    context.obj = data_dir, as_json
    if context.invoked_subcommand is None:
        _print(context, ask(data_dir, "GET", "/_cumulet/clock"))


@clock.command()
@click.pass_context
def show(context: click.Context) -> None:
    """Print the cloud's time."""
    _print(context, ask(context.obj[0], "GET", "/_cumulet/clock"))


@clock.command()
@click.argument("duration")
@click.pass_context
def advance(context: click.Context, duration: str) -> None:
    """Jump forward by DURATION: 90s, 15m, 1h30m, 3d, 2w, 1y. What falls due meanwhile happens."""
    _change(context, advance=duration)


@clock.command(name="set")
@click.argument("instant")
@click.pass_context
def set_to(context: click.Context, instant: str) -> None:
    """Make it INSTANT: 2030-01-31, or 2030-01-31T12:00:00Z."""
    _change(context, set=instant)


@clock.command()
@click.pass_context
def freeze(context: click.Context) -> None:
    """Stop the clock where it is."""
    _change(context, rate=0.0)


@clock.command()
@click.pass_context
def resume(context: click.Context) -> None:
    """Let it run on from where it is, at the normal pace."""
    _change(context, rate=1.0)


@clock.command()
@click.argument("factor", type=float)
@click.pass_context
def rate(context: click.Context, factor: float) -> None:
    """Run FACTOR times as fast as real time."""
    _change(context, rate=factor)


@clock.command()
@click.pass_context
def real(context: click.Context) -> None:
    """Show the machine's time again."""
    _change(context, real=True)


def _change(context: click.Context, **wanted: Any) -> None:
    _print(context, ask(context.obj[0], "POST", "/_cumulet/clock", **wanted))


def _print(context: click.Context, facts: dict[str, Any]) -> None:
    pace = "real time" if facts["real"] else "frozen" if facts["rate"] == 0 else f"rate {facts['rate']:g}"
    print_facts(facts, context.obj[1], f"{instant(facts['now'])}, {pace}")
