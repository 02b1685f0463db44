"""The file by which commands find the cloud that serves a data directory: `cumulet.pid`, readable by its owner alone.

Its lines are the process id, the URL, and the token that looks after a cloud on a public address. An ephemeral cloud
has no data, but a log and this file all the same, in the folder `ephemeral` of the data directory."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_NAME = "cumulet.pid"


@dataclass(frozen=True)
class Running:
    """A cloud that runs, or did until something killed it."""

    pid: int
    url: str
    token: str
    place: Path
    """The folder of the pid file and the log."""

    @property
    def is_alive(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return not _is_zombie(self.pid)


def place(home: Path, ephemeral: bool) -> Path:
    return home / "ephemeral" if ephemeral else home


def find(home: Path) -> Running | None:
    """The live cloud of a data directory; one with data before one without."""
    for folder in (home, home / "ephemeral"):
        found = read(folder)
        if found is not None and found.is_alive:
            return found
    return None


def read(folder: Path) -> Running | None:
    try:
        pid, url, token = (folder / _NAME).read_text().split("\n")[:3]
        return Running(int(pid), url, token, folder)
    except (OSError, ValueError):
        return None


def write(folder: Path, url: str, token: str) -> None:
    """Whole or not at all, for those who wait for it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder / f"{_NAME}.{os.getpid()}"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(f"{os.getpid()}\n{url}\n{token}\n")
    draft.rename(folder / _NAME)


def remove(folder: Path) -> None:
    """Only our own: another cloud may have come since."""
    found = read(folder)
    if found is not None and found.pid == os.getpid():
        (folder / _NAME).unlink(missing_ok=True)


def _is_zombie(pid: int) -> bool:
    """Ended, but its parent has not asked how. Linux only; elsewhere it counts as alive."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False
