"""`python -m bench [SCENARIO ...] [--quick]`: measure Cumulet beside its peers and print the ratios."""

from __future__ import annotations

import argparse
import signal
import sys

from rich.console import Console

from bench import report, servers, signing
from bench.outcome import SERVERS, Bench, Outcome
from bench.scenarios import ALL


def main() -> None:
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers end with us
    console = Console()
    signing.check()
    servers.raise_file_limit()
    facts = report.conditions()
    servers.pin(1)  # this process makes load too, so it stays off the servers' core
    for fact in facts:
        console.print(fact, style="dim", markup=False, highlight=False)
    with console.status("") as status:
        bench = Bench(
            quick=options.quick,
            subject=options.subject,
            only=frozenset(options.servers or SERVERS),
            say=status.update,
        )
        outcomes: dict[str, Outcome] = {}
        for name in options.scenarios or ALL:
            outcomes[name] = ALL[name].run(bench)
            report.show(console, outcomes[name])
    file = report.save(outcomes, facts, quick=options.quick)
    console.print(f"\nall samples are in {file}", markup=False, highlight=False)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"of: {', '.join(ALL)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="minutes instead of tens of minutes")
    parser.add_argument("--subject", choices=SERVERS, default="Cumulet", help="put another server in Cumulet's place")
    parser.add_argument("--servers", nargs="+", choices=SERVERS, metavar="SERVER", help="start only these")
    options = parser.parse_args()
    for name in options.scenarios:
        if name not in ALL:
            parser.error(f"no scenario {name!r}; there are {', '.join(ALL)}")
    return options


if __name__ == "__main__":
    main()
