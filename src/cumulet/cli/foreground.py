"""A cloud in this process, until a signal or `cumulet down` ends it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import json
import logging
import os
import resource
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import click

from cumulet.cli import announcement, pidfile
from cumulet.cli.environment import DEFAULT_HOST, DEFAULT_PORT, Wishes
from cumulet.cli.failures import Failure, of_data_directory
from cumulet.cloud import Cloud, DirectoryInUse, Settings
from cumulet.kernel.store import Durability


def serve(wishes: Wishes, home: Path, durability: str, as_json: bool, *, hand_over: bool = False) -> None:
    """Return when the cloud has stopped. Raises Failure when it cannot start.

    With `hand_over`, standard output is a parent's, who waits for the announcement; from then on it goes to the log."""
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
        throughput=wishes.throughput,
        scripts=(Path("/etc/localstack/init"), home / "init"),
    )
    _allow_many_connections()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(settings, home, as_json, hand_over))


async def _serve(settings: Settings, home: Path, as_json: bool, hand_over: bool) -> None:
    cloud = await _started(settings, home)
    place = pidfile.place(home, settings.home is None)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, _stop, cloud, loop, number)
    try:
        pidfile.write(place, cloud.local_url, cloud.token)
    except OSError as error:
        await cloud.stop()
        raise of_data_directory(error, home) from None
    try:
        _announce(cloud, as_json)
        gc.freeze()  # what is here now stays: it need not be looked through again and again
        gc.set_threshold(20_000, 20, 20)  # requests leave few cycles behind
        gc.enable()
        if hand_over:
            os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
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
    facts = announcement.facts(cloud)
    click.echo(json.dumps(facts) if as_json else announcement.words(facts))
    sys.stdout.flush()


def _allow_many_connections() -> None:
    """As many open files as the system lets this user have: shells begin with few, and clients keep connections."""
    try:
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    except (OSError, ValueError):  # then it stays as it was; `cumulet doctor` tells
        return


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # faster where there is one; there is none on Windows
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
