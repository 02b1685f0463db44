"""One page of a listing, a GET and a PUT with a thousand keys in the bucket against a million."""

from __future__ import annotations

from bench.load import run as load
from bench.outcome import Bench, Outcome
from bench.servers import Server

NAME = "s3-many"
FEW, QUICK, FULL = 1_000, 50_000, 1_000_000
BUCKET = "bench-many"
STORIES = 200


def run(bench: Bench) -> Outcome:
    many = QUICK if bench.quick else FULL
    outcome = Outcome(f"S3, {many:,} keys against {FEW:,}")

    def latencies(server: Server, present: int) -> None:
        """Alone on one connection, so that latency is the cost of one request and not of a queue of them."""
        for number in range(bench.rounds + 1):
            for what, kind, options in (
                ("LIST", "ListObjects", {"prefix": "key-", "present": present}),
                ("GET", "GetObjects", {"prefix": "key-", "present": present}),
                ("PUT", "PutObjects", {"prefix": f"new-{present}-{number}-"}),
            ):
                result = load(server, kind, STORIES, connections=1, bucket=BUCKET, **options)
                if number:
                    outcome.record(f"{what}, {present:,} keys", "ms, median", server.name, result.p50[what] * 1000)

    def measure(server: Server) -> None:
        server.client("s3").create_bucket(Bucket=BUCKET)
        filled = 0
        for present in (FEW, many):
            bench.say(f"filling the bucket to {present:,} keys")
            load(server, "PutObjects", present - filled, depth=8, first=filled, bucket=BUCKET, prefix="key-")
            filled = present
            latencies(server, present)

    with bench.servers(outcome, bench.subject) as running:
        for server in running:
            bench.attempt(outcome, server, lambda: measure(server))  # noqa: B023 - called at once
    for what in ("LIST", "GET", "PUT"):
        over, under = (f"{what}, {many:,} keys", bench.subject), (f"{what}, {FEW:,} keys", bench.subject)
        outcome.at_most(f"{what}, many keys over few", outcome.ratio(over, under), 2)
    return outcome
