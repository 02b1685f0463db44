"""From the command to the first signed request answered with success, and the memory a server then holds."""

from __future__ import annotations

import time

from bench.outcome import SERVERS, Bench, Outcome
from bench.servers import Unavailable

NAME = "start"
TIMES = 5
START, IDLE = "start to first answer", "idle memory"


def run(bench: Bench) -> Outcome:
    outcome = Outcome("Start and idle memory")
    left = [name for name in dict.fromkeys((bench.subject, "MiniStack", "moto")) if name in bench.only]
    for number in range(TIMES + 1):  # the first warms the disk's cache
        for name in list(left):
            bench.say(f"{outcome.title}: {name}, {number} of {TIMES}")
            server = SERVERS[name]()
            try:
                seconds = server.launch()
                time.sleep(1)
                memory = server.rss()
            except Unavailable as reason:
                outcome.note(f"{name} is not measured: {reason}")
                left.remove(name)
                continue
            finally:
                server.stop()
            if number:
                outcome.record(START, "ms", name, seconds * 1000)
                outcome.record(IDLE, "MB", name, memory / 1e6)
    for what in (START, IDLE):
        outcome.at_most(f"{what} over MiniStack", outcome.ratio((what, bench.subject), (what, "MiniStack")), 1)
    outcome.at_most(START, outcome.value(START, bench.subject), 300, "ms")
    outcome.at_most(IDLE, outcome.value(IDLE, bench.subject), 80, "MB")
    return outcome
