"""Ten thousand long polls that wait for nothing: what they cost in memory and processor, and how fast one wakes."""

from __future__ import annotations

import select
import socket
import time

from bench import servers
from bench.outcome import Bench, Outcome
from bench.parked import Parked
from bench.servers import Server
from bench.work import LongPolls, Refused, SendMessages

NAME = "sqs-polls"
POLLS, QUEUES = 10_000, 100
WINDOW_SECONDS = 10  # for the processor; the polls wait for 20 s
QUIET = 0.05  # a server that uses less of its core than this has taken in all the polls
WAKES = 20
MEMORY, CPU, WAKE = "memory added", "processor, idle", "wake-up after a send"


def run(bench: Bench) -> Outcome:
    outcome = Outcome(f"SQS, {POLLS:,} idle long polls")
    needed = POLLS + 1000
    if (limit := servers.raise_file_limit()) < needed:
        outcome.note(f"skipped: {needed} open files are needed, and the system allows {limit}")
        return outcome
    with bench.servers(outcome, bench.subject) as running:
        for server in running:
            bench.attempt(outcome, server, lambda: measure(bench, outcome, server))  # noqa: B023 - called at once
    outcome.at_most(MEMORY, outcome.value(MEMORY, bench.subject), 100, "MB")
    outcome.at_most(CPU, outcome.value(CPU, bench.subject), 2, "%")
    outcome.at_most(WAKE, outcome.value(WAKE, bench.subject), 5, "ms")
    return outcome


def measure(bench: Bench, outcome: Outcome, server: Server) -> None:
    client = server.client("sqs")
    queues = [client.create_queue(QueueName=f"idle-{number}")["QueueUrl"] for number in range(QUEUES)]
    # What was received stays hidden for the whole measurement, so each wake-up is by the message just sent.
    waking = client.create_queue(QueueName="waking", Attributes={"VisibilityTimeout": "43200"})["QueueUrl"]
    wake(server, waking)  # the operations' code and models are loaded before memory is read
    before = server.rss()
    bench.say(f"parking {POLLS:,} long polls")
    with Parked(server, queues, POLLS) as parked:
        parked.send()
        sent = time.monotonic()
        settle(server)
        outcome.record(MEMORY, "MB", server.name, (server.rss() - before) / 1e6)
        seconds = min(WINDOW_SECONDS, 18 - (time.monotonic() - sent))
        if seconds < 2:
            raise Refused(f"the server needed {time.monotonic() - sent:.0f} s to take in the polls, which last 20 s")
        cpu = server.cpu_seconds()
        time.sleep(seconds)
        outcome.record(CPU, "% of a core", server.name, 100 * (server.cpu_seconds() - cpu) / seconds)
        if answered := parked.answers():
            raise Refused(f"polls did not wait: {answered}")
    # With fresh polls, since the first are about to end.
    with Parked(server, queues, POLLS) as parked:
        parked.send()
        settle(server)
        for _ in range(WAKES):
            outcome.record(WAKE, "ms, median", server.name, 1000 * wake(server, waking))


def settle(server: Server) -> None:
    """Wait until the server is quiet, or 15 s have passed."""
    give_up = time.monotonic() + 15
    while time.monotonic() < give_up:
        cpu = server.cpu_seconds()
        time.sleep(0.5)
        if server.cpu_seconds() - cpu < QUIET * 0.5:
            return


def wake(server: Server, queue_url: str) -> float:
    """Seconds from the first byte of a SendMessage to the answer of the ReceiveMessage that waited for it."""
    poll = LongPolls(server.url, server.keys, queue_url).ask(0).wire
    send = SendMessages(server.url, server.keys, queue_url).ask(0).wire
    address = ("127.0.0.1", server.port)
    with socket.create_connection(address) as waiter, socket.create_connection(address) as sender:
        waiter.sendall(poll)
        time.sleep(0.1)
        began = time.perf_counter()
        sender.sendall(send)
        if not select.select([waiter], [], [], 30)[0]:
            raise Refused("a waiting ReceiveMessage was not woken within 30 s")
        seconds = time.perf_counter() - began
        answer = b""
        while b"ReceiptHandle" not in answer:
            more = waiter.recv(65536)
            answer += more
            if not more or answer.endswith(b"{}"):
                raise Refused(f"a waiting ReceiveMessage came back without the message: {answer[:200]!r}")
    return seconds
