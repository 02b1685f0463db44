"""A cloud, put together: the data directory, the kernel, the gateway and the server before it."""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
import shutil
import tempfile
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cumulet import snapshots
from cumulet.admin import Admin
from cumulet.door import Door
from cumulet.gateway.app import Gateway
from cumulet.gateway.authentication import Trust
from cumulet.gateway.origins import is_loopback
from cumulet.gateway.server import Server
from cumulet.kernel import identity
from cumulet.kernel.clock import machine_time
from cumulet.kernel.identity import AccessKey
from cumulet.kernel.kernel import Kernel
from cumulet.kernel.scope import DEFAULT_ACCOUNT
from cumulet.kernel.store import Durability, Engine, MemoryEngine, SqliteEngine, Transaction

if TYPE_CHECKING:
    from cumulet.startup import Scripts

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
    scripts: tuple[Path, ...] = ()
    """Folders with what is to run at boot, start, ready and shutdown; see `startup`."""
    seed: int | None = None
    run_rules_twice: bool = False
    quotas: bool = False
    """Hold callers to AWS's request rates, such as the 300 calls a second of a FIFO queue."""
    throughput: bool = False
    """Hold callers to the throughput that they configured: the capacity units of DynamoDB's tables."""


class DirectoryInUse(Exception):
    """Another cloud runs on the data directory."""


class Cloud:
    """One running cloud. `await start()`, then `url`; `await stop()` at the end.

    One that is not started can still be looked after, through its `admin`; `await close()` it then."""

    def __init__(self, settings: Settings) -> None:
        """Take the data directory. Raises DirectoryInUse, OSError, or sqlite3.Error for a store that cannot be read."""
        self.settings = settings
        self.new_root_key: AccessKey | None = None
        """Made at the first start on a listener that others can reach: to be shown once."""
        self.token = secrets.token_hex(32)
        """What proves, on such a listener, that a request to look after the cloud comes from its owner."""
        self.scripts = _scripts(settings)
        self.session = str(uuid.UUID(hex=secrets.token_hex(16), version=4))
        self._began = machine_time()
        self.is_serving = False
        self.admin = Admin(self)
        self._memory = MemoryEngine()
        self._door = Door()
        self._temporary = tempfile.mkdtemp(prefix="cumulet-") if settings.home is None else None
        self._lock = None if settings.home is None else _lock(settings.home)
        try:
            self._open()
        except BaseException:
            self._let_go()
            raise
        self._server = Server(self._door, settings.host, settings.port)
        self._stop_wanted = asyncio.Event()

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def local_url(self) -> str:
        """The URL for this machine's programs, whatever address the cloud listens on."""
        return self.url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")

    @property
    def uptime_seconds(self) -> int:
        """By the machine's clock."""
        return int(machine_time() - self._began)

    @property
    def is_private(self) -> bool:
        """Whether only this machine can reach the cloud."""
        return is_loopback(self.settings.host)

    async def start(self) -> None:
        """Begin to serve. Raises OSError when the address cannot be had; nothing is left running then."""
        if self.scripts is not None:
            await self.scripts.run("boot", self)
        await self.kernel.start()
        try:
            if not self.is_private:
                self.new_root_key = await self.kernel.store.write(_first_root_key)
            await self._server.start()
        except BaseException:
            await self.close()
            raise
        self.is_serving = True
        if self.scripts is not None:
            await self.scripts.run("start", self)
            self.scripts.begin("ready", self)

    async def stop(self) -> None:
        """Finish the requests under way, then close the store."""
        if self.scripts is not None:
            await self.scripts.run("shutdown", self)
        await self._server.stop()
        self.is_serving = False
        await self.close()

    async def close(self) -> None:
        """Give the store and the data directory back, of a cloud that does not serve."""
        await self.kernel.stop()
        self._let_go()

    async def serve(self) -> None:
        """Serve until somebody asks to stop, or the task is cancelled."""
        try:
            await self._stop_wanted.wait()
        finally:
            await self.stop()

    def ask_to_stop(self) -> None:
        """End `serve` as soon as the requests under way are answered."""
        self._stop_wanted.set()

    async def exchange(self) -> None:
        """Stop the kernel and go on with a new one, while the server stays: with the snapshot that is prepared, if one
        is. A cloud whose store cannot be opened again stops; what it raises comes through."""
        async with self._door.shut():
            await self.kernel.stop()
            try:
                await asyncio.to_thread(self._finish_load)
                self._open()
                if self.is_serving:
                    await self.kernel.start()
            except BaseException:
                self.ask_to_stop()
                raise

    def _open(self) -> None:
        self._finish_load()
        self.kernel = self._kernel()
        trust = Trust(self.is_private, self.settings.domains, self.settings.origins)
        gateway = Gateway(self.kernel, trust, self.admin.answer)
        self._door.app = gateway

    def _finish_load(self) -> None:
        if self.settings.home is not None:
            snapshots.finish_load(self.settings.home)

    def _kernel(self) -> Kernel:
        settings = self.settings
        home = settings.home
        return Kernel(
            self._engine(),
            Path(self._temporary) if home is None else home / "blobs",
            keys=None if home is None else home / "keys",
            durability=settings.durability,
            seed=settings.seed,
            run_rules_twice=settings.run_rules_twice,
            quotas=settings.quotas,
            throughput=settings.throughput,
        )

    def _engine(self) -> Engine:
        return self._memory if self.settings.home is None else SqliteEngine(self.settings.home / "store.db")

    def _let_go(self) -> None:
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


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


def _scripts(settings: Settings) -> Scripts | None:
    if not any(folder.is_dir() for folder in settings.scripts):
        return None
    from cumulet.startup import Scripts  # most clouds have none, and start faster so

    return Scripts(settings.scripts)


def _first_root_key(tx: Transaction) -> AccessKey | None:
    if identity.has_root_key(tx, DEFAULT_ACCOUNT):
        return None
    return identity.issue_root_key(tx, DEFAULT_ACCOUNT)
