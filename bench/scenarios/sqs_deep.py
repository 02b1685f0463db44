"""Receiving from a queue of a million visible messages against one of a hundred: the cost must stay flat."""

from __future__ import annotations

from bench.load import run as load
from bench.outcome import Bench, Outcome
from bench.servers import Server

NAME = "sqs-deep"
SHALLOW, QUICK, FULL = 100, 50_000, 1_000_000
STORIES = 300  # send, receive, delete: the depth stays as it is


def run(bench: Bench) -> Outcome:
    deep = QUICK if bench.quick else FULL
    outcome = Outcome(f"SQS, receive with {deep:,} visible messages against {SHALLOW}")
    names = {SHALLOW: f"receive, {SHALLOW} visible", deep: f"receive, {deep:,} visible"}

    def measure(server: Server) -> None:
        queue = server.client("sqs").create_queue(QueueName="deep")["QueueUrl"]
        filled = 0
        for depth in (SHALLOW, deep):
            bench.say(f"filling the queue to {depth:,} messages")
            load(server, "SendBatches", (depth - filled) // 10, depth=4, first=filled, queue_url=queue)
            filled = depth
            for number in range(bench.rounds + 1):
                result = load(server, "KeepLevel", STORIES, connections=1, queue_url=queue)
                if number:
                    outcome.record(names[depth], "ms, median", server.name, result.p50["ReceiveMessage"] * 1000)

    with bench.servers(outcome, bench.subject) as running:
        for server in running:
            bench.attempt(outcome, server, lambda: measure(server))  # noqa: B023 - called at once
    subject = bench.subject
    outcome.at_most("receive, deep over shallow", outcome.ratio((names[deep], subject), (names[SHALLOW], subject)), 1.5)
    return outcome
