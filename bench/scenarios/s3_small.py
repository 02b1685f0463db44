"""S3 objects of 1 KiB, written under distinct keys and read back in random order, over 16 connections."""

from __future__ import annotations

from bench.outcome import Bench, Outcome
from bench.scenarios import rates
from bench.servers import Server

NAME = "s3-small"
BUCKET = "bench-small"


def run(bench: Bench) -> Outcome:
    outcome = Outcome("S3, 1 KiB objects")
    pace = rates.Pace(bench.seconds)

    def turn(server: Server, number: int) -> None:
        if number == 0 and server.name != "hello":
            server.client("s3").create_bucket(Bucket=BUCKET)
        for what, kind, options in (
            ("PUT", "PutObjects", {"prefix": f"round-{number}/"}),
            ("GET", "GetObjects", {"prefix": "round-0/", "present": rates.WARM_UP}),
        ):
            result, _ = rates.sample(server, kind, pace, bucket=BUCKET, **options)
            if number:
                outcome.record(what, "requests/s", server.name, result.per_second)
                rates.note_client(outcome, result)

    with bench.servers(outcome, bench.subject, "MiniStack", "moto", "hello") as running:
        rates.take_turns(bench, outcome, running, turn)
    for what in ("PUT", "GET"):
        for peer, wanted in (("MiniStack", 3), ("moto", 10), ("hello", 0.25)):
            outcome.at_least(f"{what} over {peer}", outcome.ratio((what, bench.subject), (what, peer)), wanted)
    return outcome
