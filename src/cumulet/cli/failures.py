"""How a command fails: one line that says what is wrong, one that says what mends it, and an exit code."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path
from typing import IO, Any

import click

NOT_RUNNING = 3
"""The exit code of a command that needs a running cloud, or asks for one (as service scripts have it)."""


class Failure(click.ClickException):
    """Printed on standard error; the process ends with `code`."""

    def __init__(self, message: str, mend: str = "", code: int = 1) -> None:
        super().__init__(message)
        self.mend = mend
        self.exit_code = code

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"cumulet: {self.message}", err=True)
        if self.mend:
            click.echo(f"         {self.mend}", err=True)


def of_data_directory(error: BaseException, home: Path) -> Failure:
    """What to tell somebody whose data directory cannot be used. Nothing in it was changed."""
    number = getattr(error, "errno", None)
    full = number in (errno.ENOSPC, errno.EDQUOT) or "full" in str(error)
    if full:
        return Failure(f"the disk of {home} is full.", "Free some space, or choose another place: --data-dir DIR")
    if isinstance(error, sqlite3.DatabaseError) and "not a database" in str(error):
        return Failure(
            f"{home / 'store.db'} is damaged.", "Restore it: cumulet snapshot list, cumulet snapshot load NAME"
        )
    if isinstance(error, NotADirectoryError | FileExistsError):
        return Failure(f"{home} is not a directory.", "Choose another place: --data-dir DIR")
    words = getattr(error, "strerror", None) or str(error)
    return Failure(
        f"cannot use the data directory {home}: {words}.",
        f"Make it yours: sudo chown -R $(id -un) {home}, or choose another place: --data-dir DIR",
    )
