"""The keys under which data lies encrypted, kept apart from the data.

Every blob has a data key of its own, which is stored beside it only encrypted by a master key. Master keys lie in a
folder of their own, readable by their owner alone, and a new one is begun every 30 days by the clock; the old ones
stay, for what they encrypted."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from cumulet.kernel import ciphers
from cumulet.kernel.ciphers import NONCE_BYTES
from cumulet.kernel.ids import Ids

DATA_KEY_BYTES = ciphers.KEY_BYTES
_ROTATION = timedelta(days=30)


class _MasterKey(msgspec.Struct):
    id: int
    created: datetime
    key: bytes


class Keyring:
    """Master keys in the folder `home`, or in memory without one."""

    def __init__(self, home: Path | None, ids: Ids) -> None:
        self._home = home
        self._ids = ids
        self._masters: dict[int, bytes] = {}
        self._newest: _MasterKey | None = None
        if home is not None:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            for path in sorted(home.glob("master-*.json")):
                self._hold(msgspec.json.decode(path.read_bytes(), type=_MasterKey))

    def new_data_key(self, now: datetime) -> tuple[bytes, bytes]:
        """A fresh data key, and the same encrypted, to be kept."""
        key = os.urandom(DATA_KEY_BYTES)
        return key, self.wrap(key, now)

    def wrap(self, key: bytes, now: datetime) -> bytes:
        master = self._current(now)
        nonce = os.urandom(NONCE_BYTES)
        return master.id.to_bytes(4, "big") + nonce + ciphers.seal(master.key, nonce, key)

    def unwrap(self, wrapped: bytes) -> bytes:
        """The data key in `wrapped`. Raises ValueError if it is damaged or its master key is gone."""
        master = self._masters.get(int.from_bytes(wrapped[:4], "big"))
        if master is None:
            raise ValueError("the master key of this data is not in the key folder")
        return ciphers.unseal(master, wrapped[4 : 4 + NONCE_BYTES], wrapped[4 + NONCE_BYTES :])

    def _current(self, now: datetime) -> _MasterKey:
        newest = self._newest
        if newest is None or now - newest.created >= _ROTATION:
            newest = _MasterKey(id=newest.id + 1 if newest else 1, created=now, key=os.urandom(DATA_KEY_BYTES))
            self._keep(newest)
            self._hold(newest)
        return newest

    def _hold(self, master: _MasterKey) -> None:
        self._masters[master.id] = master.key
        self._newest = master

    def _keep(self, master: _MasterKey) -> None:
        """On disk, and flushed, before anything is encrypted by it."""
        if self._home is None:
            return
        path = self._home / f"master-{master.id:08}.json"
        draft = path.with_suffix(".draft")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(master))
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
        sync_folder(self._home)


def sync_folder(folder: Path) -> None:
    """Flush a folder's list of names to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
