"""The load generator: keep-alive HTTP/1.1 on a few connections, requests signed before the clock starts.

It runs as its own process (`run` starts it), on the clients' core, reads one job as JSON and prints one result."""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from itertools import islice
from urllib.parse import urlsplit

import httptools
import uvloop

from bench import item_work, servers
from bench.servers import Server
from bench.work import KINDS, Answer, Ask, Refused, Work

CONNECTIONS = 16
LONGEST_SECONDS = 1200  # of one job; filling with a million keys at a thousand a second fits
_WORST = 3  # so many refusals end a job: what follows would be more of the same
_CHUNK = 2000  # so many requests are signed ahead while filling, where the total would not fit in memory


@dataclass
class Result:
    requests: int
    seconds: float
    client_cpu: float  # processor seconds that the load generator itself used
    p50: dict[str, float] = field(default_factory=dict)  # seconds by kind of request
    p99: dict[str, float] = field(default_factory=dict)
    refused: int = 0
    first_refusal: str = ""

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


def run(
    server: Server, kind: str, count: int, *, connections: int = CONNECTIONS, depth: int = 1, first: int = 0, **options
) -> Result:
    """Run `count` stories of one kind of work from index `first` on.

    `depth` is how many requests a connection has under way at once (HTTP pipelining). Raises Refused at wrong
    answers, or after LONGEST_SECONDS."""
    job = {
        "url": server.url,
        "keys": asdict(server.keys),
        "kind": kind,
        "count": count,
        "first": first,
        "connections": min(connections, count),
        "depth": depth,
        "options": options,
    }
    try:
        done = subprocess.run(
            [sys.executable, "-m", "bench.load"],
            input=json.dumps(job),
            capture_output=True,
            text=True,
            cwd=servers.ROOT,
            check=False,
            timeout=LONGEST_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise Refused(f"{count:,} x {kind} took more than {LONGEST_SECONDS} s") from None
    if done.returncode:
        raise RuntimeError(f"the load generator failed: {done.stderr[-2000:]}")
    result = Result(**json.loads(done.stdout))
    if result.refused:
        raise Refused(f"{result.refused} refused, first: {result.first_refusal}")
    return result


class _Run:
    """One job under way: hands out requests to connections and keeps the score."""

    def __init__(self, work: Work, first: int, count: int, depth: int) -> None:
        self.work = work
        self.indexes = iter(range(first, first + count))
        self.left = count
        self.depth = depth
        self.ready: deque[Ask] = deque()
        self.latencies: dict[str, list[float]] = {}
        self.refusals: list[str] = []
        self.done = asyncio.get_running_loop().create_future()

    def sign_ahead(self, count: int) -> None:
        for index in islice(self.indexes, count):
            self.ready.append(self.work.ask(index))

    def take(self) -> Ask | None:
        if not self.ready:
            self.sign_ahead(_CHUNK)
        return self.ready.popleft() if self.ready else None

    def answered(self, ask: Ask, answer: Answer, seconds: float) -> Ask | None:
        """Count an answer; the request that must follow on the same connection, if any."""
        self.latencies.setdefault(ask.what, []).append(seconds)
        try:
            after = self.work.settle(ask, answer)
        except Refused as refusal:
            self.refuse(str(refusal))
            after = None
        if after is None:
            self._one_done()
        return after

    def refuse(self, text: str) -> None:
        self.refusals.append(text)
        if len(self.refusals) >= _WORST:
            self._finish()

    def lost(self, error: str) -> None:
        """A connection broke with requests under way; the job cannot be whole any more."""
        self.refuse(error)
        self._finish()

    def _one_done(self) -> None:
        self.left -= 1
        if not self.left:
            self._finish()

    def _finish(self) -> None:
        if not self.done.done():
            self.done.set_result(None)


class _Connection(asyncio.Protocol):
    def __init__(self, run: _Run) -> None:
        self.run = run
        self.under_way: deque[tuple[Ask, float]] = deque()

    def connection_made(self, transport) -> None:
        self.transport = transport
        self.parser = httptools.HttpResponseParser(self)
        self._fill()

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def connection_lost(self, error: Exception | None) -> None:
        if self.under_way and not self.run.done.done():
            self.run.lost(f"the server closed a connection with {len(self.under_way)} requests under way: {error}")

    def on_message_begin(self) -> None:
        self.headers: dict[bytes, bytes] = {}
        self.body: list[bytes] = []

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.lower()] = value

    def on_body(self, data: bytes) -> None:
        self.body.append(data)

    def on_message_complete(self) -> None:
        ask, sent = self.under_way.popleft()
        answer = Answer(self.parser.get_status_code(), self.headers, b"".join(self.body))
        after = self.run.answered(ask, answer, time.perf_counter() - sent)
        if self.run.done.done():
            self.transport.close()
        elif self.parser.should_keep_alive():
            if after:
                self._send(after)
            self._fill()
        else:
            self._reconnect(after)

    def _fill(self) -> None:
        while len(self.under_way) < self.run.depth and (ask := self.run.take()):
            self._send(ask)

    def _send(self, ask: Ask) -> None:
        self.under_way.append((ask, time.perf_counter()))
        self.transport.write(ask.wire)

    def _reconnect(self, after: Ask | None) -> None:
        """A server that closes after each answer gets a new connection, which is part of its price."""
        host, port = self.transport.get_extra_info("peername")
        again = [*([after] if after else []), *(ask for ask, _ in self.under_way)]
        self.under_way.clear()
        self.transport.close()
        self.run.ready.extendleft(reversed(again))
        task = asyncio.ensure_future(
            asyncio.get_running_loop().create_connection(lambda: _Connection(self.run), host, port)
        )
        task.add_done_callback(lambda done: done.exception() and self.run.lost(str(done.exception())))


async def _perform(job: dict) -> Result:
    work = {**KINDS, **item_work.KINDS}[job["kind"]](job["url"], servers.Keys(**job["keys"]), **job["options"])
    run = _Run(work, job["first"], job["count"], job["depth"])
    run.sign_ahead(min(job["count"], 50_000))
    address = urlsplit(job["url"])
    loop = asyncio.get_running_loop()
    began, cpu = time.perf_counter(), time.process_time()
    for _ in range(job["connections"]):
        await loop.create_connection(lambda: _Connection(run), address.hostname, address.port)
    await run.done
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    return Result(
        requests=sum(map(len, run.latencies.values())),
        seconds=seconds,
        client_cpu=cpu,
        p50={what: statistics.median(found) for what, found in run.latencies.items()},
        p99={what: sorted(found)[int(len(found) * 0.99)] for what, found in run.latencies.items()},
        refused=len(run.refusals),
        first_refusal=run.refusals[0] if run.refusals else "",
    )


def main() -> None:
    servers.pin(1)
    result = uvloop.run(_perform(json.loads(sys.stdin.read())))
    json.dump(asdict(result), sys.stdout)


if __name__ == "__main__":
    main()
