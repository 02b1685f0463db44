"""One large object by single PUT, multipart and GET, against hashing and copying the same bytes on the same disk."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from bench import transfer
from bench.load import run as load
from bench.outcome import Bench, Outcome
from bench.scenarios import rates
from bench.servers import Server

NAME = "s3-large"
BUCKET = "bench-large"
DISK = "disk"  # the column of the plain hash-and-copy
COPY, PEAK = "hash and copy", "peak memory over idle"
TRANSFERS = {
    "PUT, boto3": "put",
    "PUT, bare socket": "socket put",
    "multipart, boto3": "multipart",
    "GET, boto3": "get",
}


def run(bench: Bench) -> Outcome:
    size = 2**27 if bench.quick else 2**30
    outcome = Outcome(f"S3, one object of {size >> 20:,} MiB")
    with tempfile.TemporaryDirectory(prefix="bench-large-") as folder:
        file = Path(folder) / "body"
        with file.open("wb") as body:
            for _ in range(size >> 20):
                body.write(os.urandom(2**20))

        def turn(server: Server, number: int) -> None:
            if number == 0:
                _warm_up(server)
            else:
                _turn(outcome, server, file)

        with bench.servers(outcome, bench.subject, "MiniStack") as running:
            rates.take_turns(bench, outcome, running, turn)
    for what in TRANSFERS:
        outcome.at_least(f"{what} over {COPY}", outcome.ratio((what, bench.subject), (COPY, DISK)), 0.5)
    outcome.at_most(PEAK, outcome.value(PEAK, bench.subject), 64, "MB")
    outcome.note(
        f"{COPY}: MD5, SHA-256 and CRC32 of the bytes, and a second file of them, on one core, not waiting for the disk"
    )
    outcome.note("boto3 hashes the whole body before it sends the first byte of a single PUT; the bare socket does not")
    return outcome


def _warm_up(server: Server) -> None:
    """Small requests first, so that memory over idle is the large body's and not the code's."""
    server.client("s3").create_bucket(Bucket=BUCKET)
    load(server, "PutObjects", 100, bucket=BUCKET, prefix="warm-")
    load(server, "GetObjects", 100, bucket=BUCKET, prefix="warm-", present=100)


def _turn(outcome: Outcome, server: Server, file: Path) -> None:
    megabytes = file.stat().st_size / 1e6
    copy = file.with_name("copy")
    outcome.record(COPY, "MB/s", DISK, megabytes / transfer.hash_and_copy(file, copy))
    copy.unlink()
    idle = server.rss()
    server.forget_peak()
    for what, way in TRANSFERS.items():
        seconds = transfer.run(server, way, file, BUCKET, "large")
        outcome.record(what, "MB/s", server.name, megabytes / seconds)
    outcome.record(PEAK, "MB", server.name, (server.peak_rss() - idle) / 1e6)
