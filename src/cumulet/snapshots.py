"""Snapshots: the whole state of a cloud under a name, in the folder `snapshots` of its data directory.

A snapshot is a data directory itself: a copy of the store, the files of the blobs that the copy names, and the keys.
Blob files never change, so they are linked, not copied, and a snapshot costs little more than its store. It is built
beside its place and renamed into it, so a crash leaves it whole or absent.

Loading prepares everything in `incoming` first. From the rename that makes that folder visible on, the load will
happen: `finish_load` moves part after part into place, and goes on where a crash cut it off."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from cumulet import __version__
from cumulet.kernel import blobs
from cumulet.kernel.clock import Clock, machine_time
from cumulet.kernel.ids import Ids
from cumulet.kernel.keyring import sync_folder
from cumulet.kernel.store import ReadTransaction, SqliteEngine

if TYPE_CHECKING:
    from cumulet.kernel.kernel import Kernel

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_STORE, _BLOBS, _KEYS, _ABOUT = "store.db", "blobs", "keys", "snapshot.json"
_PARTS = (_STORE, _BLOBS, _KEYS)
_LOGS = (f"{_STORE}-wal", f"{_STORE}-shm")
"""SQLite's files beside a store: meaningless, even harmful, beside another."""


class SnapshotError(Exception):
    """What was asked for cannot be done with snapshots; the words are for the user."""


class NoSuchSnapshot(SnapshotError):
    pass


class Snapshot(msgspec.Struct, frozen=True):
    """What is known of a snapshot. `created` is the machine's time, `clock` the cloud's; `bytes` counts the store and
    the blobs as if none were shared."""

    name: str
    created: datetime
    clock: datetime
    bytes: int
    version: str


def listed(home: Path) -> list[Snapshot]:
    """All snapshots, oldest first."""
    found = [_about(folder) for folder in (home / "snapshots").glob("*") if not folder.name.startswith(".")]
    return sorted((s for s in found if s is not None), key=lambda s: s.created)


async def save(kernel: Kernel, home: Path, name: str) -> Snapshot:
    """Keep the present state under `name`, while the kernel goes on. Raises SnapshotError when the name is taken."""
    _check_name(name)
    place = home / "snapshots" / name
    if place.exists():
        raise SnapshotError(f"there is a snapshot {name} already; delete it first, or choose another name")
    with _draft(place) as draft:
        clock = kernel.clock.now()
        with kernel.blobs.hold():
            await kernel.store.copy_to(str(draft / _STORE))
            size = await asyncio.to_thread(_gather, draft, home)
        created = datetime.fromtimestamp(machine_time(), UTC)
        about = Snapshot(name=name, created=created, clock=clock, bytes=size, version=__version__)
        (draft / _ABOUT).write_bytes(msgspec.json.encode(about))
        sync_folder(draft)
    return about


def prepare_load(home: Path, name: str) -> None:
    """Decide that `home` will hold what the snapshot holds; `finish_load` does it, once no kernel uses `home`."""
    source = find(home, name)
    with _draft(home / "incoming") as draft:
        _copy(source, draft)


def finish_load(home: Path) -> None:
    """Put what `prepare_load` prepared into place, if anything is; what was there before is gone afterwards.

    Safe to repeat after a crash at any point: a part lies in `incoming` until its rename has replaced the old one."""
    for left in (*home.glob(".*.draft"), *home.glob("snapshots/.*.draft")):
        shutil.rmtree(left, ignore_errors=True)
    incoming, outgoing = home / "incoming", home / "outgoing"
    if incoming.is_dir():
        for part in _PARTS:
            if (incoming / part).exists():
                _replace(home, part, outgoing)
        sync_folder(home)
        incoming.rmdir()
    shutil.rmtree(outgoing, ignore_errors=True)


def fork(home: Path, name: str, into: Path) -> None:
    """Make the data directory `into`, which must be empty or absent, from a snapshot."""
    source = find(home, name)
    if into.exists() and any(into.iterdir()):
        raise SnapshotError(f"{into} is not empty")
    with _draft(into) as draft:
        _copy(source, draft)
        if into.exists():
            into.rmdir()


def delete(home: Path, name: str) -> None:
    """Remove a snapshot. Raises NoSuchSnapshot."""
    gone = Path(tempfile.mkdtemp(prefix=f".{name}.", suffix=".draft", dir=home / "snapshots"))
    find(home, name).rename(gone)  # onto an empty folder, which rename replaces
    shutil.rmtree(gone)


def find(home: Path, name: str) -> Path:
    """The folder of a snapshot. Raises NoSuchSnapshot."""
    _check_name(name)
    folder = home / "snapshots" / name
    if _about(folder) is None:
        raise NoSuchSnapshot(f"there is no snapshot {name}")
    return folder


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise SnapshotError("a snapshot's name has up to 100 letters, digits, dots, hyphens and underscores")


def _about(folder: Path) -> Snapshot | None:
    try:
        return msgspec.json.decode((folder / _ABOUT).read_bytes(), type=Snapshot)
    except (OSError, msgspec.MsgspecError):
        return None


@contextmanager
def _draft(place: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `place` at the end, and vanishes if there was an error."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{place.name}.", suffix=".draft", dir=place.parent))
    try:
        yield draft
        draft.rename(place)
        sync_folder(place.parent)
    except BaseException as error:
        shutil.rmtree(draft, ignore_errors=True)
        if isinstance(error, OSError) and error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise SnapshotError(f"{place.name} has been made by another at the same time") from None
        raise


def _gather(draft: Path, home: Path) -> int:
    """Beside the copied store, the blobs that it names and the keys. Returns the bytes of all."""
    size = (draft / _STORE).stat().st_size
    (draft / _BLOBS).mkdir()
    for name in _named_blobs(draft / _STORE):
        size += _link(blobs.place(home / _BLOBS, name), blobs.place(draft / _BLOBS, name))
    if (home / _KEYS).is_dir():
        shutil.copytree(home / _KEYS, draft / _KEYS)
    with (draft / _STORE).open("rb") as store:
        os.fsync(store.fileno())
    return size


def _named_blobs(store: Path) -> list[str]:
    engine = SqliteEngine(store)
    try:
        return blobs.named(ReadTransaction(engine, Clock(), Ids()))
    finally:
        engine.close()


def _copy(source: Path, draft: Path) -> None:
    """The parts of a snapshot, as the parts of a data directory."""
    shutil.copyfile(source / _STORE, draft / _STORE)
    for file in (source / _BLOBS).rglob("*"):
        if file.is_file():
            _link(file, draft / file.relative_to(source))
    (draft / _BLOBS).mkdir(exist_ok=True)
    if (source / _KEYS).is_dir():
        shutil.copytree(source / _KEYS, draft / _KEYS)
    with (draft / _STORE).open("rb") as store:
        os.fsync(store.fileno())


def _link(source: Path, target: Path) -> int:
    """A second name for a file, or a copy where the disk has no second names. Returns its size."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.hardlink_to(source)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP):
            raise
        shutil.copyfile(source, target)
    return target.stat().st_size


def _replace(home: Path, part: str, outgoing: Path) -> None:
    """Move the old part out of the way and the new one in. Between the two there is none, but `incoming` has it."""
    outgoing.mkdir(exist_ok=True)
    for old in (home / part, *(home / log for log in _LOGS if part == _STORE)):
        if old.exists():
            old.rename(Path(tempfile.mkdtemp(dir=outgoing)) / old.name)
    (home / "incoming" / part).rename(home / part)
