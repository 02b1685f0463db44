"""The servers under test: how each is started, asked, measured and stopped. Only processes started here are touched."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path

import boto3
from botocore.config import Config

from bench import environment
from bench.environment import Unavailable
from bench.signing import REGION, Keys, Signer

START_SECONDS = 60  # a server that has not answered by then is given up
ROOT = Path(__file__).parents[1]


def cores() -> tuple[int, int] | None:
    """The core for servers and the core for clients, or None where there are not two to pin to."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    allowed = sorted(os.sched_getaffinity(0))
    return (allowed[0], allowed[1]) if len(allowed) > 1 else None


def pin(role: int) -> None:
    """Keep this process on the servers' (0) or the clients' (1) core, where there are two."""
    if pair := cores():
        os.sched_setaffinity(0, {pair[role]})


def raise_file_limit() -> int:
    """Allow as many open files as the system lets us, here and in the servers started from here."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def client(url: str, keys: Keys, service: str):
    """A boto3 client of the server at `url`, which neither retries nor waits longer than any scenario does."""
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=keys.access,
        aws_secret_access_key=keys.secret,
        config=Config(
            s3={"addressing_style": "path"}, retries={"max_attempts": 0}, connect_timeout=5, read_timeout=300
        ),
    )


class Server(ABC):
    name: str

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"bench-{self.name.lower()}-"))
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.keys = Keys()
        self.note = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._answer = b""

    @abstractmethod
    def command(self) -> list[str]:
        """The command line that serves on `self.port` in the foreground."""

    def environment(self) -> dict[str, str]:
        return {}

    def start(self) -> None:
        """Start, and get ready to be measured. Raises Unavailable."""
        self.launch()

    def launch(self) -> float:
        """Start, and return the seconds until the first signed request was answered with success.

        Raises Unavailable with the end of the server's own log."""
        command = self.command()
        log = (self.folder / "log").open("wb")
        began = time.perf_counter()
        self._process = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            cwd=self.folder,
            env={**os.environ, **self.environment()},
            start_new_session=True,
            preexec_fn=lambda: pin(0),  # before the server makes threads, which inherit it
        )
        while not self.answers():
            if self._process.poll() is not None or time.perf_counter() - began > START_SECONDS:
                raise Unavailable(f"{self.name} did not start: {self._last_words()}")
            time.sleep(0.002)
        return time.perf_counter() - began

    def answers(self) -> bool:
        """Whether one signed request is answered with success."""
        return self._is_answered(Signer(self.url, "s3", self.keys).request("GET", "/", {}))

    def _is_answered(self, request: bytes) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                connection.sendall(request)
                self._answer = connection.recv(64)
        except OSError:
            return False
        return self._answer.startswith(b"HTTP/1.1 200")

    def client(self, service: str):
        """A boto3 client of this server."""
        return client(self.url, self.keys, service)

    def stop(self) -> None:
        """End the server and everything it started, and remove its data. Safe to call twice."""
        if self._process:
            for number, patience in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
                try:
                    os.killpg(self._process.pid, number)
                    self._process.wait(patience)
                except (ProcessLookupError, subprocess.TimeoutExpired):
                    continue
            self._process = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def rss(self) -> int:
        """Resident bytes of the server and its children now."""
        return sum(_status(pid, "VmRSS") for pid in self._pids())

    def forget_peak(self) -> None:
        """Let `peak_rss` count from now."""
        for pid in self._pids():
            Path(f"/proc/{pid}/clear_refs").write_text("5")

    def peak_rss(self) -> int:
        return sum(_status(pid, "VmHWM") for pid in self._pids())

    def cpu_seconds(self) -> float:
        """Processor time that the server and its children have used so far."""
        return sum(_cpu(pid) for pid in self._pids())

    def _pids(self) -> list[int]:
        assert self._process
        found, new = [], [self._process.pid]
        while new:
            found += new
            new = [child for parent in new for child in _children(parent)]
        return found

    def _last_words(self) -> str:
        """Its last answer to ListBuckets, if it gave one, or else the end of its log."""
        if self._answer:
            return f"it answers {self._answer.splitlines()[0].decode(errors='replace')}"
        return " | ".join((self.folder / "log").read_text(errors="replace").splitlines()[-3:]) or "no output"


class Hello(Server):
    name = "hello"

    def command(self) -> list[str]:
        return [sys.executable, "-m", "bench.hello", str(self.port)]

    def environment(self) -> dict[str, str]:
        return {"PYTHONPATH": str(ROOT)}


class Moto(Server):
    name = "moto"

    def command(self) -> list[str]:
        return [str(environment.program("moto_server")), "-H", "127.0.0.1", "-p", str(self.port)]


class Dynalite(Server):
    """DynamoDB alone, on LevelDB; it is started through Node."""

    name = "dynalite"

    def command(self) -> list[str]:
        return [str(environment.node_program("dynalite")), "--port", str(self.port), "--host", "127.0.0.1",
                "--path", str(self.folder / "data"), "--createTableMs", "0", "--deleteTableMs", "0"]  # fmt: skip

    def answers(self) -> bool:
        request = Signer(self.url, "dynamodb", self.keys).request(
            "POST", "/", {"x-amz-target": "DynamoDB_20120810.ListTables", "content-type": "application/x-amz-json-1.0"},
            b"{}",
        )  # fmt: skip
        return self._is_answered(request)


class MiniStack(Server):
    name = "MiniStack"

    def command(self) -> list[str]:
        return [str(environment.program("ministack"))]

    def environment(self) -> dict[str, str]:
        return {"GATEWAY_PORT": str(self.port), "LOG_LEVEL": "ERROR"}


class Cumulet(Server):
    name = "Cumulet"

    def command(self) -> list[str]:
        program = Path(sys.executable).with_name("cumulet")
        if not program.exists():
            raise Unavailable("there is no `cumulet` command beside this Python")
        return [str(program), "up", "--port", str(self.port), "--data-dir", str(self.folder / "data")]

    def start(self) -> None:
        super().start()
        self._use_an_issued_key()

    def _use_an_issued_key(self) -> None:
        """Only what an issued key signs is verified; on the loopback every other key is trusted."""
        program = Path(sys.executable).with_name("cumulet")
        command = [str(program), "key", "create", "--json", "--data-dir", str(self.folder / "data")]
        made = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        self.keys = Keys(made["id"], made["secret"])
        self.note = "issued key: every signature verified"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _status(pid: int, field: str) -> int:
    """A memory field of /proc/PID/status in bytes; 0 when the process is gone. Linux only."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except FileNotFoundError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:")), 0)


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):  # each thread lists the children it made
        try:
            found += map(int, listing.read_text().split())
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found
