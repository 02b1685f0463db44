"""The file by which commands find the cloud that serves a data directory: `cumulet.pid`, readable by its owner alone.

Its lines are the process id, the URL, and the token that looks after a cloud on a public address; the process holds a
lock on it for as long as it lives. An ephemeral cloud
has no data, but a log and this file all the same, in the folder `ephemeral` of the data directory."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

_NAME = "cumulet.pid"


@dataclass(frozen=True)
class Running:
    """A cloud that runs, or did a moment ago."""

    pid: int
    url: str
    token: str
    place: Path
    """The folder of the pid file and the log."""

    @property
    def has_ended(self) -> bool:
        """Whether the process is gone."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return _is_zombie(self.pid)


def place(home: Path, ephemeral: bool) -> Path:
    return home / "ephemeral" if ephemeral else home


def find(home: Path) -> Running | None:
    """The live cloud of a data directory; one with data before one without."""
    for folder in (home, home / "ephemeral"):
        if (found := read(folder)) is not None:
            return found
    return None


def read(folder: Path) -> Running | None:
    """What the file says, if the process that wrote it still holds it: a number alone may be a stranger's by now."""
    try:
        with (folder / _NAME).open() as file:
            pid, url, token = file.read(10_000).split("\n")[:3]
            return Running(int(pid), url, token, folder) if _is_held(file.fileno()) else None
    except (OSError, ValueError):
        return None


def write(folder: Path, url: str, token: str) -> int:
    """Whole or not at all, for those who wait for it. Returns a descriptor that holds it; keep it open."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder / f"{_NAME}.{os.getpid()}"
    held = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(held, f"{os.getpid()}\n{url}\n{token}\n".encode())
        draft.rename(folder / _NAME)
    except OSError:
        draft.unlink(missing_ok=True)
        os.close(held)
        raise
    return held


def remove(folder: Path) -> None:
    """Only our own: another cloud may have come since."""
    found = read(folder)
    if found is not None and found.pid == os.getpid():
        (folder / _NAME).unlink(missing_ok=True)


def _is_held(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _is_zombie(pid: int) -> bool:
    """Ended, but its parent has not asked how. Linux only; elsewhere it counts as alive."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False
