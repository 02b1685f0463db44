"""Outcomes as tables for people and as JSON for machines."""

from __future__ import annotations

import json
import os
import platform
import time
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import environment, servers
from bench.outcome import SERVERS, Aim, Outcome

RESULTS = Path(__file__).parent / "results"  # not kept in git


def conditions() -> list[str]:
    """What a reader must know of the machine to believe the ratios."""
    pair = servers.cores()
    pinned = f"servers on core {pair[0]}, load generator on core {pair[1]}" if pair else "not pinned: one core only"
    load = os.getloadavg()[0]
    busy = " (busy: other work on this machine blurs the ratios)" if load > 0.5 else ""
    return [
        f"{_processor()}, {os.cpu_count()} cores; {pinned}",
        f"Python {platform.python_version()}; {', '.join(environment.versions())}",
        f"load average at the start {load:.1f}{busy}",
    ]


def show(console: Console, outcome: Outcome) -> None:
    console.print()
    console.print(f"[bold]{outcome.title}[/bold]")
    if outcome.samples:
        console.print(_measurements(outcome))
    if outcome.aims:
        console.print(_aims(outcome.aims))
    for note in outcome.notes:
        console.print(f"  note: {note}", style="dim", markup=False)


def save(outcomes: dict[str, Outcome], facts: list[str], *, quick: bool) -> Path:
    """Write everything measured, sample by sample, and return the file."""
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{time.strftime('%Y%m%d-%H%M%S')}.json"
    scenarios = {
        name: asdict(outcome) | {"aims": [asdict(aim) | {"met": aim.met} for aim in outcome.aims]}
        for name, outcome in outcomes.items()
    }
    file.write_text(json.dumps({"conditions": facts, "quick": quick, "scenarios": scenarios}, indent=1))
    return file


def _measurements(outcome: Outcome) -> Table:
    present = [name for name in [*SERVERS, "disk"] if any(name in found for found in outcome.samples.values())]
    table = Table("measured", "unit", *present, show_edge=False, pad_edge=False)
    for column in table.columns[2:]:
        column.justify = "right"
    for what in outcome.samples:
        values = (outcome.value(what, name) for name in present)
        table.add_row(what, outcome.units[what], *("" if value is None else _number(value) for value in values))
    return table


def _aims(aims: list[Aim]) -> Table:
    table = Table("compared", "is", "aim", "", show_edge=False, pad_edge=False)
    for aim in aims:
        verdict = {True: "[green]met[/green]", False: "[red]not met[/red]", None: "[yellow]not measured[/yellow]"}
        value = "" if aim.value is None else f"{_number(aim.value)} {aim.unit}"
        table.add_row(aim.what, value, f"{'>=' if aim.at_least else '<='} {aim.wanted:g} {aim.unit}", verdict[aim.met])
    return table


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
