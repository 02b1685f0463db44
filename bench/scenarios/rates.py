"""What the scenarios on rates share: rounds in which the servers take turns, so that a busy moment hits them all."""

from __future__ import annotations

from collections.abc import Callable

from bench.load import Result, run
from bench.outcome import Bench, Outcome
from bench.servers import Server

WARM_UP = 200  # requests; also what a server's speed is estimated from
MOST = 50_000  # requests of one sample; all of them are signed before the clock starts

Sample = Callable[[Server, str, int, bool], None]


def take_turns(bench: Bench, outcome: Outcome, running: list[Server], turn: Callable[[Server, int], None]) -> None:
    """`turn(server, round)` for every server in every round; round 0 warms up. One that fails drops out."""
    left = list(running)
    for number in range(bench.rounds + 1):
        for server in list(left):
            bench.say(f"{outcome.title}: {server.name}, round {number} of {bench.rounds}")
            if not bench.attempt(outcome, server, lambda s=server, n=number: turn(s, n)):
                left.remove(server)


class Pace:
    """How many requests fill a sample's time, per server and kind of work, from the last sample's rate."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._rates: dict[tuple[str, str], float] = {}

    def count(self, server: Server, kind: str) -> int:
        rate = self._rates.get((server.name, kind))
        return WARM_UP if rate is None else int(min(max(rate * self.seconds, 100), MOST))

    def learn(self, server: Server, kind: str, result: Result, stories: int) -> None:
        self._rates[server.name, kind] = stories / result.seconds


def sample(server: Server, kind: str, pace: Pace, *, count: int | None = None, **options) -> tuple[Result, int]:
    """One sample of a kind of work, and how many stories it told. `hello` gets the same bytes, its answers unread."""
    stories = count or pace.count(server, kind)
    result = run(server, kind, stories, lenient=server.name == "hello", **options)
    pace.learn(server, kind, result, stories)
    return result, stories


def note_client(outcome: Outcome, result: Result) -> None:
    """Say so when the load generator was so busy that it may have been what was measured."""
    if result.client_cpu > 0.8 * result.seconds:
        outcome.note("the load generator used more than 80 % of its core in a sample: that rate is a lower bound")
