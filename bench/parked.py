"""Thousands of long polls, parked: a process that holds them, so that the server's memory and processor can be read.

Protocol with the process that started it, one line each: it prints `connected`, reads a line, prints `waiting` when
every poll is sent, reads a line, prints what came back meanwhile as JSON, and ends."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter
from types import TracebackType
from urllib.parse import urlsplit

import uvloop

from bench import servers
from bench.servers import Keys, Server
from bench.work import LongPolls

_AT_ONCE = 100  # connections opened together, below any listen backlog


class Parked:
    """`count` long polls waiting on the server's queues; as a context manager, which ends them."""

    def __init__(self, server: Server, queue_urls: list[str], count: int) -> None:
        keys = {"access": server.keys.access, "secret": server.keys.secret}
        self._job = {"url": server.url, "keys": keys, "queue_urls": queue_urls, "count": count}

    def __enter__(self) -> Parked:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.parked", json.dumps(self._job)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=servers.ROOT,
        )
        self._expect("connected")
        return self

    def send(self) -> None:
        """Send every poll; returns when all are on their way."""
        self._tell()
        self._expect("waiting")

    def answers(self) -> dict[str, int]:
        """How many polls were answered so far, by status."""
        self._tell()
        assert self._process.stdout
        return json.loads(self._process.stdout.readline())

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.kill()
        self._process.communicate()

    def _tell(self) -> None:
        assert self._process.stdin
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def _expect(self, word: str) -> None:
        assert self._process.stdout
        line = self._process.stdout.readline().strip()
        if line != word:
            raise RuntimeError(f"the process that parks polls said {line!r}, not {word!r}")


class _Poll(asyncio.Protocol):
    def __init__(self, answered: Counter[str]) -> None:
        self.answered = answered

    def connection_made(self, transport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if data.startswith(b"HTTP/1.1 "):
            self.answered[data[9:12].decode()] += 1

    def connection_lost(self, error: Exception | None) -> None:
        self.answered["closed"] += 1


async def _park(job: dict) -> None:
    address = urlsplit(job["url"])
    loop = asyncio.get_running_loop()
    answered: Counter[str] = Counter()
    polls: list[_Poll] = []
    while len(polls) < job["count"]:
        batch = min(_AT_ONCE, job["count"] - len(polls))
        opened = (loop.create_connection(lambda: _Poll(answered), address.hostname, address.port) for _ in range(batch))
        polls += [poll for _, poll in await asyncio.gather(*opened)]
    work = [LongPolls(job["url"], Keys(**job["keys"]), url).ask(0).wire for url in job["queue_urls"]]
    await _say("connected")
    for number, poll in enumerate(polls):
        poll.transport.write(work[number % len(work)])
    await _say("waiting")
    await _say(json.dumps(answered))


async def _say(text: str) -> None:
    """Print a line, and wait to be told to go on."""
    print(text, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)


if __name__ == "__main__":
    servers.pin(1)
    servers.raise_file_limit()
    uvloop.run(_park(json.loads(sys.argv[1])))
