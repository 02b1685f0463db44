"""GetItem, PutItem and Query with a thousand items in the table against a million; the room they take on disk, and how
fast a parallel Scan reads them all."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.load import run as load
from bench.outcome import Bench, Outcome
from bench.scenarios.dynamodb import TABLE, make_table
from bench.servers import Server

NAME = "dynamodb-many"
FEW, QUICK, FULL = 1_000, 50_000, 1_000_000
STORIES = 300
SEGMENTS = 4
_ITEM_BYTES = 400
_KINDS = {"GetItem": "GetItems", "Query": "Queries", "PutItem": "PutItems"}


def run(bench: Bench) -> Outcome:
    many = QUICK if bench.quick else FULL
    outcome = Outcome(f"DynamoDB, {many:,} items against {FEW:,}")

    def latencies(server: Server, present: int) -> None:
        """Alone on one connection, so that latency is the cost of one request and not of a queue of them."""
        for number in range(bench.rounds + 1):
            for what, kind in _KINDS.items():
                first = 1_000_000_000 + present * 100 + number * STORIES
                options = {"table": TABLE, "present": present}
                result = load(server, kind, STORIES, connections=1, first=first, **options)
                if number:
                    outcome.record(f"{what}, {present:,} items", "ms, median", server.name, result.p50[what] * 1000)

    def measure(server: Server) -> None:
        make_table(server)
        filled = 0
        empty = _on_disk(server)
        for present in (FEW, many):
            bench.say(f"filling the table to {present:,} items")
            load(server, "BatchWrites", (present - filled) // 25, depth=2, first=filled // 25, table=TABLE)
            filled = present
            latencies(server, present)
        size = server.client("dynamodb").describe_table(TableName=TABLE)["Table"]
        grown = (_on_disk(server) - empty) / max(size["TableSizeBytes"], 1)
        outcome.record("room on disk, over the items' own size", "x", server.name, grown)
        bench.say("scanning it all")
        outcome.record(f"Scan in {SEGMENTS} segments", "items/s", server.name, _scan(server))

    with bench.servers(outcome, bench.subject) as running:
        for server in running:
            bench.attempt(outcome, server, lambda: measure(server))  # noqa: B023 - called at once
    for what in _KINDS:
        over, under = (f"{what}, {many:,} items", bench.subject), (f"{what}, {FEW:,} items", bench.subject)
        outcome.at_most(f"{what}, many items over few", outcome.ratio(over, under), 1.5)
    outcome.at_most("room on disk", outcome.value("room on disk, over the items' own size", bench.subject), 2)
    return outcome


def _on_disk(server: Server) -> int:
    """Without the write-ahead log: it is as large as the writing was fast, whatever the number of items, and shrinks
    when the server stops."""
    files = (path for path in Path(server.folder).rglob("*") if path.is_file() and not path.name.endswith("-wal"))
    return sum(path.stat().st_size for path in files)


def _scan(server: Server) -> float:
    """Items a second, of a parallel Scan by as many clients as there are segments."""

    def segment(number: int) -> int:
        pages = (
            server.client("dynamodb")
            .get_paginator("scan")
            .paginate(TableName=TABLE, Segment=number, TotalSegments=SEGMENTS)
        )
        return sum(page["Count"] for page in pages)

    began = time.perf_counter()
    with ThreadPoolExecutor(SEGMENTS) as pool:
        found = sum(pool.map(segment, range(SEGMENTS)))
    return found / (time.perf_counter() - began)
