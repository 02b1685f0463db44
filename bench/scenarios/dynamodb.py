"""DynamoDB: items of 400 bytes read, written, changed and queried over 16 connections, beside every peer."""

from __future__ import annotations

from bench.item_work import PARTITION
from bench.outcome import Bench, Outcome
from bench.scenarios import rates
from bench.servers import Server
from bench.work import Refused

NAME = "dynamodb"
TABLE = "bench"
FILLED = 2_000
_FIRST = 10_000_000  # the numbers of new items begin here, beyond those that are read
_NEW = {"PutItem": "PutItems", "BatchWriteItem (25)": "BatchWrites", "TransactWriteItems (4)": "TransactWrites"}
_OLD = {"GetItem": "GetItems", "UpdateItem with a condition": "UpdateItems", f"Query of {PARTITION}": "Queries"}
KINDS = {"GetItem": "GetItems", "PutItem": "PutItems", **_OLD, **_NEW}


def run(bench: Bench) -> Outcome:
    outcome = Outcome("DynamoDB, items of 400 bytes")
    pace = rates.Pace(bench.seconds / 2)
    made: set[str] = set()
    lacking: set[tuple[str, str]] = set()

    def turn(server: Server, number: int) -> None:
        if server.name not in made and server.name != "hello":
            make_table(server)
            rates.sample(server, "BatchWrites", pace, count=FILLED // 25, table=TABLE)
        made.add(server.name)
        for place, (what, kind) in enumerate(KINDS.items()):
            first = _FIRST * (1 + number) + place * 1_000_000
            if (server.name, kind) in lacking:
                continue
            try:
                result, _ = rates.sample(server, kind, pace, first=first, table=TABLE, present=FILLED)
            except Refused as refusal:
                if server.name == bench.subject:
                    raise
                lacking.add((server.name, kind))
                outcome.note(f"{server.name} has no {what}: {str(refusal)[:120]}")
                continue
            if number:
                outcome.record(what, "requests/s", server.name, result.per_second)
                if server.name == bench.subject:
                    (operation,) = result.p99
                    outcome.record(f"{what}: p50", "ms", server.name, result.p50[operation] * 1000)
                    outcome.record(f"{what}: p99", "ms", server.name, result.p99[operation] * 1000)
                rates.note_client(outcome, result)

    with bench.servers(outcome, bench.subject, "MiniStack", "dynalite", "moto", "hello") as running:
        rates.take_turns(bench, outcome, running, turn)
    for what in KINDS:
        for peer, wanted in (("MiniStack", 3), ("dynalite", 3), ("moto", 10)):
            outcome.at_least(f"{what} over {peer}", outcome.ratio((what, bench.subject), (what, peer)), wanted)
    for what in ("GetItem", "PutItem"):
        outcome.at_least(f"{what} over hello", outcome.ratio((what, bench.subject), (what, "hello")), 0.25)
        slow, usual = (f"{what}: p99", bench.subject), (f"{what}: p50", bench.subject)
        outcome.at_most(f"{what}, p99 over p50", outcome.ratio(slow, usual), 10)
    return outcome


def make_table(server: Server) -> None:
    server.client("dynamodb").create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "N"},
        ],
    )
    server.client("dynamodb").get_waiter("table_exists").wait(TableName=TABLE, WaiterConfig={"Delay": 1})
