"""`cumulet coverage`: what is real, what is only stored, what is missing. Counted from the code, so no cloud has to
run."""

from __future__ import annotations

from typing import Any

import click

from cumulet import coverage as counted
from cumulet.cli import options
from cumulet.cli.display import show, table
from cumulet.cli.failures import Failure
from cumulet.kernel.registry import Registry

_COLUMNS = (counted.REAL, counted.STORED, counted.MISSING)


@click.command()
@click.argument("service", required=False)
@options.as_json
def coverage(service: str | None, as_json: bool) -> None:
    """Print which operations of SERVICE, or how many of each service, are real, stored or missing."""
    registry = Registry("cumulet.services")
    if service is None:
        _print_all(counted.as_plain(registry), as_json)
        return
    try:
        facts = counted.operations_as_plain(counted.of(registry, service))
    except counted.UnknownService as error:
        raise Failure(f"{error}.", "Its names: cumulet coverage --json") from None
    _print_one(facts, as_json)


def _print_all(facts: dict[str, Any], as_json: bool) -> None:
    if as_json:
        show(facts, as_json, "")
        return
    rows = [(name, *(counts[c] for c in _COLUMNS)) for name, counts in facts["services"].items()]
    table(("service", *_COLUMNS), [*rows, ("all of these", *(facts["totals"][c] for c in _COLUMNS))], right=_COLUMNS)
    click.echo(f"{len(facts['missing_services'])} services of AWS are missing altogether.")


def _print_one(facts: dict[str, Any], as_json: bool) -> None:
    if as_json:
        show(facts, as_json, "")
        return
    table(("operation", "fidelity"), sorted(facts["operations"].items(), key=lambda pair: (pair[1], pair[0])))
    click.echo(", ".join(f"{facts[column]} {column}" for column in _COLUMNS))
