"""A cloud, put together: the data directory, the kernel, the gateway and the server before it."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from cumulet.admin import Admin
from cumulet.gateway.app import Gateway
from cumulet.gateway.authentication import Trust
from cumulet.gateway.origins import is_loopback
from cumulet.gateway.server import Server
from cumulet.kernel import identity
from cumulet.kernel.identity import AccessKey
from cumulet.kernel.kernel import Kernel
from cumulet.kernel.scope import DEFAULT_ACCOUNT
from cumulet.kernel.store import Durability, MemoryEngine, SqliteEngine, Transaction

DEFAULT_PORT = 4566


@dataclass(frozen=True)
class Settings:
    """How a cloud is run. `home` None keeps everything in memory (large bodies in a folder that goes with it)."""

    home: Path | None = field(default_factory=lambda: Path.home() / ".cumulet")
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    """0 takes a free one."""
    durability: Durability = Durability.PROCESS
    domains: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    seed: int | None = None
    run_rules_twice: bool = False


class DirectoryInUse(Exception):
    """Another cloud runs on the data directory."""


class Cloud:
    """One running cloud. `await start()`, then `url`; `await stop()` at the end."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.new_root_key: AccessKey | None = None
        """Made at the first start on a listener that others can reach: to be shown once."""
        self._temporary = tempfile.mkdtemp(prefix="cumulet-") if settings.home is None else None
        self._lock = None if settings.home is None else _lock(settings.home)
        self.kernel = self._kernel()
        trust = Trust(is_loopback(settings.host), settings.domains, settings.origins)
        self._server = Server(Gateway(self.kernel, trust, Admin(self).answer), settings.host, settings.port)

    @property
    def url(self) -> str:
        return self._server.url

    async def start(self) -> None:
        """Begin to serve. Raises OSError when the address cannot be had."""
        await self._server.start()
        await self.kernel.start()
        if not is_loopback(self.settings.host):
            self.new_root_key = await self.kernel.store.write(_first_root_key)

    async def stop(self) -> None:
        """Finish the requests under way, then close the store."""
        await self._server.stop()
        await self.kernel.stop()
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)

    async def serve(self) -> None:
        """Serve until the task is cancelled."""
        try:
            await asyncio.Event().wait()
        finally:
            await self.stop()

    def _kernel(self) -> Kernel:
        settings = self.settings
        home = settings.home
        engine = MemoryEngine() if home is None else SqliteEngine(home / "store.db")
        return Kernel(
            engine,
            Path(self._temporary) if home is None else home / "blobs",
            keys=None if home is None else home / "keys",
            durability=settings.durability,
            seed=settings.seed,
            run_rules_twice=settings.run_rules_twice,
        )


def _lock(home: Path) -> int:
    """Take the data directory for this process alone. Raises DirectoryInUse."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise DirectoryInUse(f"another Cumulet runs on {home}") from None
    return lock


def _first_root_key(tx: Transaction) -> AccessKey | None:
    if identity.has_root_key(tx, DEFAULT_ACCOUNT):
        return None
    return identity.issue_root_key(tx, DEFAULT_ACCOUNT)
