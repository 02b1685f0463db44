"""A cloud on a thread of its own, driven from ordinary (blocking) code."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from cumulet.cloud import Cloud, Settings

T = TypeVar("T")


class LocalCloud:
    """A running cloud at `url`. Use it as a context, or `start` and `stop` it."""

    def __init__(self, home: Path | None = None, **settings: Any) -> None:
        self._settings = Settings(home=home, port=0, **settings)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="cumulet", daemon=True)
        self.cloud: Cloud

    def start(self) -> LocalCloud:
        self._thread.start()
        self.cloud = Cloud(self._settings)
        self.run(self.cloud.start())
        return self

    def stop(self) -> None:
        """Stop the cloud. Raises AssertionError if what it stored does not agree with itself: a bug of Cumulet's."""
        if self._loop.is_closed():
            return
        findings = self.check() if self.cloud.is_serving else []
        self.run(self.cloud.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        assert not findings, "the store does not agree with itself:\n" + "\n".join(findings[:20])

    def check(self) -> list[str]:
        """What is wrong with what the cloud stored, a sentence each. A file may go between two looks, so only what is
        found twice counts."""

        async def look() -> list[str]:
            return self.cloud.kernel.check()

        first = self.run(look())
        return [finding for finding in self.run(look()) if finding in first] if first else []

    def __enter__(self) -> LocalCloud:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return self.cloud.url

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the cloud's own loop and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def client(self, service: str, *, account: str = "000000000000", region: str = "us-east-1", **options: Any) -> Any:
        """A boto3 client of the root of `account`."""
        import boto3  # only those who test need it

        settings = {"aws_access_key_id": account, "aws_secret_access_key": "test", **options}
        return boto3.client(service, endpoint_url=self.url, region_name=region, **settings)

    def advance(self, **duration: float) -> None:
        """Move the clock, `advance(days=30)`, and return when what fell due has happened."""
        self.run(self._advance(timedelta(**duration)))

    def settle(self) -> None:
        """Return when nothing is due: events are delivered, jobs are done."""
        self.run(self.cloud.kernel.settle())

    def now(self) -> datetime:
        return self.cloud.kernel.clock.now()

    async def _advance(self, duration: timedelta) -> None:
        self.cloud.kernel.clock.advance(duration)
        await self.cloud.kernel.settle()
