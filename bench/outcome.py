"""What a scenario measured, and how it compares with what we aim for."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from bench.servers import Cumulet, Dynalite, Hello, MiniStack, Moto, Server, Unavailable
from bench.work import Refused

SERVERS: dict[str, type[Server]] = {kind.name: kind for kind in (Cumulet, MiniStack, Dynalite, Moto, Hello)}


@dataclass
class Aim:
    what: str
    value: float | None  # None: it could not be measured
    wanted: float
    at_least: bool
    unit: str = "x"

    @property
    def met(self) -> bool | None:
        if self.value is None:
            return None
        return self.value >= self.wanted if self.at_least else self.value <= self.wanted


@dataclass
class Outcome:
    """The measurements of one scenario: by what was measured, then by server."""

    title: str
    samples: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    aims: list[Aim] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def record(self, what: str, unit: str, server: str, sample: float) -> None:
        self.units[what] = unit
        self.samples.setdefault(what, {}).setdefault(server, []).append(sample)

    def value(self, what: str, server: str) -> float | None:
        """The median of the samples."""
        found = self.samples.get(what, {}).get(server)
        return statistics.median(found) if found else None

    def ratio(self, over: tuple[str, str], under: tuple[str, str]) -> float | None:
        """One measurement (what, server) over another; None where either is missing."""
        a, b = self.value(*over), self.value(*under)
        return a / b if a is not None and b else None

    def at_least(self, what: str, value: float | None, wanted: float, unit: str = "x") -> None:
        self.aims.append(Aim(what, value, wanted, True, unit))

    def at_most(self, what: str, value: float | None, wanted: float, unit: str = "x") -> None:
        self.aims.append(Aim(what, value, wanted, False, unit))

    def note(self, text: str) -> None:
        if text and text not in self.notes:
            self.notes.append(text)


@dataclass
class Bench:
    """How a run is to be made: quick or thorough, and which server stands in Cumulet's place."""

    quick: bool = False
    subject: str = "Cumulet"
    only: frozenset[str] = frozenset(SERVERS)
    say: Callable[[str], None] = lambda text: None

    @property
    def rounds(self) -> int:
        return 3 if self.quick else 5

    @property
    def seconds(self) -> float:
        """How long one sample of a rate should take."""
        return 2.0 if self.quick else 5.0

    @contextmanager
    def servers(self, outcome: Outcome, *names: str) -> Iterator[list[Server]]:
        """The servers of these names, started; those that cannot be are noted and left out."""
        with ExitStack() as stack:
            running = []
            for name in dict.fromkeys(names):
                if name not in self.only:
                    continue
                self.say(f"starting {name}")
                try:
                    server = SERVERS[name]()
                    stack.callback(server.stop)
                    server.start()
                except Unavailable as reason:
                    outcome.note(f"{name} is not measured: {reason}")
                    continue
                if server.note:
                    outcome.note(f"{name}: {server.note}")
                running.append(server)
            yield running

    def attempt(self, outcome: Outcome, server: Server, step: Callable[[], None]) -> bool:
        """Do one step with a server; when it answers wrongly, note that and return False."""
        try:
            step()
        except Exception as failure:  # whatever a server or its client library does wrong is a result, not a crash
            what = str(failure) if isinstance(failure, Refused) else f"{type(failure).__name__}: {failure}"
            outcome.note(f"{server.name} failed: {what[:300]}")
            return False
        return True
