"""Snapshots of the cloud, by name. The work is in cumulet.snapshots."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cumulet import snapshots
from cumulet.admin.arguments import Arguments, Nothing
from cumulet.snapshots import Snapshot, SnapshotError

if TYPE_CHECKING:
    from cumulet.cloud import Cloud


class Name(Arguments, frozen=True):
    name: str


class Fork(Arguments, frozen=True):
    """`into` is the absolute path of a data directory that is absent or empty."""

    into: str


async def listed(cloud: Cloud, _: Nothing) -> dict[str, Any]:
    return {"snapshots": await asyncio.to_thread(snapshots.listed, _home(cloud))}


async def save(cloud: Cloud, what: Name) -> Snapshot:
    return await snapshots.save(cloud.kernel, _home(cloud), what.name)


async def load(cloud: Cloud, _: Nothing, *, name: str) -> dict[str, Any]:
    """Go on with what the snapshot holds. Whoever calls meanwhile waits, or is asked to try again."""
    home = _home(cloud)
    await asyncio.to_thread(snapshots.prepare_load, home, name)
    await cloud.exchange()
    return {"loaded": name}


async def fork(cloud: Cloud, where: Fork, *, name: str) -> dict[str, Any]:
    into = Path(where.into)
    if not into.is_absolute():
        raise SnapshotError("the new data directory is named by its whole path")
    await asyncio.to_thread(snapshots.fork, _home(cloud), name, into)
    return {"forked": name, "data_dir": str(into)}


async def delete(cloud: Cloud, _: Nothing, *, name: str) -> dict[str, Any]:
    await asyncio.to_thread(snapshots.delete, _home(cloud), name)
    return {"deleted": name}


def _home(cloud: Cloud) -> Path:
    if cloud.settings.home is None:
        raise SnapshotError("an ephemeral cloud keeps nothing; start it with a data directory to use snapshots")
    return cloud.settings.home


ROUTES = {
    "GET /_cumulet/snapshots": (Nothing, listed),
    "POST /_cumulet/snapshots": (Name, save),
    "DELETE /_cumulet/snapshots/{name}": (Nothing, delete),
    "POST /_cumulet/snapshots/{name}/load": (Nothing, load),
    "POST /_cumulet/snapshots/{name}/fork": (Fork, fork),
}
