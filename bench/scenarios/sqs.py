"""SQS in its JSON protocol: SendMessage, then ReceiveMessage and DeleteMessage of what was sent, 16 connections."""

from __future__ import annotations

from bench.outcome import Bench, Outcome
from bench.scenarios import rates
from bench.servers import Server

NAME = "sqs"
SEND, CONSUME = "SendMessage", "ReceiveMessage + DeleteMessage"


def run(bench: Bench) -> Outcome:
    outcome = Outcome("SQS, small messages")
    pace = rates.Pace(bench.seconds)
    queues: dict[str, str] = {"hello": "http://127.0.0.1/000000000000/bench"}

    def turn(server: Server, number: int) -> None:
        if server.name not in queues:
            queues[server.name] = server.client("sqs").create_queue(QueueName="bench")["QueueUrl"]
        queue = queues[server.name]
        sent, stories = rates.sample(server, "SendMessages", pace, queue_url=queue)
        taken, _ = rates.sample(server, "ReceiveAndDelete", pace, queue_url=queue, count=stories)
        if number:
            outcome.record(SEND, "requests/s", server.name, sent.per_second)
            outcome.record(CONSUME, "requests/s", server.name, taken.per_second)
            rates.note_client(outcome, sent)

    with bench.servers(outcome, bench.subject, "MiniStack", "moto", "hello") as running:
        rates.take_turns(bench, outcome, running, turn)
    for what in (SEND, CONSUME):
        for peer, wanted in (("MiniStack", 3), ("moto", 10), ("hello", 0.25)):
            outcome.at_least(f"{what} over {peer}", outcome.ratio((what, bench.subject), (what, peer)), wanted)
    return outcome
