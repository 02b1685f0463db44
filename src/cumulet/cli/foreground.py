"""A cloud in this process, until a signal or `cumulet down` ends it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import click

from cumulet import __version__
from cumulet.cli import pidfile
from cumulet.cli.environment import DEFAULT_HOST, DEFAULT_PORT, Wishes
from cumulet.cli.exports import variables
from cumulet.cli.failures import Failure, of_data_directory
from cumulet.cloud import Cloud, DirectoryInUse, Settings
from cumulet.kernel.store import Durability


def serve(wishes: Wishes, home: Path, durability: str, as_json: bool) -> None:
    """Return when the cloud has stopped. Raises Failure when it cannot start."""
    logging.basicConfig(
        level=logging.INFO if wishes.verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    settings = Settings(
        home=None if wishes.ephemeral else home,
        host=wishes.host or DEFAULT_HOST,
        port=DEFAULT_PORT if wishes.port is None else wishes.port,
        durability=Durability(durability),
        domains=wishes.domains,
        origins=wishes.origins,
        scripts=(Path("/etc/localstack/init"), home / "init"),
    )
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(settings, home, as_json))


async def _serve(settings: Settings, home: Path, as_json: bool) -> None:
    cloud = await _started(settings, home)
    place = pidfile.place(home, settings.home is None)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, _stop, cloud, loop, number)
    try:
        pidfile.write(place, cloud.url, cloud.token)
        _announce(cloud, as_json)
        await cloud.serve()
    finally:
        with contextlib.suppress(OSError):
            pidfile.remove(place)


async def _started(settings: Settings, home: Path) -> Cloud:
    try:
        cloud = Cloud(settings)
    except DirectoryInUse:
        raise Failure(*_in_use(home)) from None
    except (OSError, sqlite3.Error) as error:
        raise of_data_directory(error, home) from None
    try:
        await cloud.start()
    except sqlite3.Error as error:
        raise of_data_directory(error, home) from None
    except OSError as error:
        raise _of_address(error, settings, home) from None
    return cloud


def _in_use(home: Path) -> tuple[str, str]:
    running = pidfile.read(home)
    where = f" at {running.url} (process {running.pid})" if running else ""
    return (
        f"a cloud runs on {home} already{where}.",
        "Stop it: cumulet down, or start a second one: --data-dir DIR --port 0",
    )


def _of_address(error: OSError, settings: Settings, home: Path) -> Failure:
    address = f"{settings.host} port {settings.port}"
    if error.errno == errno.EADDRINUSE:
        return Failure(f"{address} is in use.", "Stop the cloud that uses it: cumulet down, or take another: --port 0")
    if error.errno == errno.EACCES and settings.port < 1024:
        return Failure(f"{address} is reserved for root.", "Choose a port above 1023: --port 4566")
    if error.errno == errno.EADDRNOTAVAIL or error.errno is None or error.errno < 0:
        return Failure(
            f"this machine has no address {settings.host}.", "Listen on this machine alone: --listen 127.0.0.1"
        )
    return of_data_directory(error, home)


def _stop(cloud: Cloud, loop: asyncio.AbstractEventLoop, number: int) -> None:
    """The second signal of a kind finds no handler any more, and ends the process at once: nothing is lost by that."""
    loop.remove_signal_handler(number)
    cloud.ask_to_stop()


def _announce(cloud: Cloud, as_json: bool) -> None:
    key = cloud.new_root_key
    exports = variables(cloud.url, *((key.id, key.secret) if key else ()))
    if as_json:
        import msgspec  # loaded by the kernel anyway

        click.echo(msgspec.json.encode({"status": "ready", "url": cloud.url, "environment": exports}))
    else:
        _announce_in_words(cloud, exports)
    sys.stdout.flush()


def _announce_in_words(cloud: Cloud, exports: dict[str, str]) -> None:
    home = cloud.settings.home
    click.echo(f"Cumulet {__version__} at {cloud.url}, {'in memory' if home is None else f'data in {home}'}")
    if cloud.new_root_key is not None:
        click.echo(
            "Others can reach this address, so only keys that Cumulet issued are accepted. This is the root key of"
        )
        click.echo("the first account; its secret is shown this once (a new one: cumulet key create).")
    if cloud.is_private or cloud.new_root_key is not None:
        for name, value in exports.items():
            click.echo(f"export {name}={value}")
    click.echo("Ready.")


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # faster where there is one; there is none on Windows
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
