"""A cloud in a process of its own, which a test may kill at any moment and start again on the same directory."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

_OURS = ("AWS_", "CUMULET_", "LOCALSTACK_")
_CONFIG = Config(
    retries={"max_attempts": 0}, s3={"addressing_style": "path"}, parameter_validation=False,
    connect_timeout=5, max_pool_connections=50, read_timeout=20,
)  # fmt: skip


class CloudProcess:
    """`cumulet up` on `home`. Use it as a context; what still runs at its end is killed."""

    def __init__(self, home: Path, *options: str) -> None:
        self.home = home
        self.url = ""
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._options = options
        self._process: subprocess.Popen[str] | None = None
        self._log = home.with_name(home.name + ".log")

    def start(self) -> CloudProcess:
        """Return when it serves. Raises AssertionError, with its log, when it does not start."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        command = [sys.executable, "-m", "cumulet.cli", "up", "--port", "0", "--data-dir", str(self.home), "--json"]
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                [*command, *self._options], env=kept, stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"it did not start:\n{self.log}"
        self.url = json.loads(line)["url"]
        return self

    def kill(self) -> None:
        """End it as `kill -9` does, at once and without a word."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        self._end(signal.SIGINT)

    def restart(self) -> None:
        """Kill it, and start it again on the same directory."""
        self.kill()
        self.start()

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    @property
    def resident_bytes(self) -> int:
        """How much memory it holds now (Linux)."""
        assert self._process is not None
        return int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def client(self, service: str, *, account: str = "000000000000") -> Any:
        """A boto3 client, the same one for all who ask: to make one takes longer than most of what they do."""
        wanted = (self.url, service, account)
        if wanted not in self._clients:
            self._clients[wanted] = self._new_client(service, account)
        return self._clients[wanted]

    def _new_client(self, service: str, account: str) -> Any:
        session = boto3.session.Session(
            aws_access_key_id=account, aws_secret_access_key="test", region_name="us-east-1"
        )
        return session.client(service, endpoint_url=self.url, config=_CONFIG)

    def wait_for(self, condition: Any, seconds: float = 10) -> Any:
        """The first true answer of `condition()`. Raises AssertionError when there is none in time."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if answer := condition():
                return answer
            time.sleep(0.02)
        raise AssertionError("it did not happen in time")

    def _end(self, number: int) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(number)
        process.wait(20)
        if process.stdout is not None:
            process.stdout.close()

    def __enter__(self) -> CloudProcess:
        return self if self.is_alive else self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()
