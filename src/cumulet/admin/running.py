"""Health, facts, coverage, reset and the end of a running cloud."""

from __future__ import annotations

import asyncio
import os
import re
from typing import TYPE_CHECKING, Any

from cumulet import __version__, coverage, resets
from cumulet.admin.arguments import Arguments, BadRequest, NotFound, Nothing

if TYPE_CHECKING:
    from cumulet.cloud import Cloud

_ACCOUNT = re.compile(r"[0-9]{12}")


class Reset(Arguments, frozen=True):
    """What to forget; nothing named means everything."""

    service: str | None = None
    account: str | None = None


async def health(cloud: Cloud, _: Nothing) -> dict[str, Any]:
    names = cloud.kernel.registry.names
    return {"status": "running", "version": __version__, "services": dict.fromkeys(names, "available")}


async def status(cloud: Cloud, _: Nothing) -> dict[str, Any]:
    clock = cloud.kernel.clock
    return {
        "status": "running" if cloud.is_serving else "stopped",
        "version": __version__,
        "url": cloud.url if cloud.is_serving else None,
        "pid": os.getpid() if cloud.is_serving else None,
        "data_dir": None if cloud.settings.home is None else str(cloud.settings.home),
        "private": cloud.is_private,
        "durability": str(cloud.settings.durability),
        "clock": {"now": clock.now(), "rate": clock.rate, "real": clock.is_real},
        "services": cloud.kernel.registry.names,
    }


async def covered(cloud: Cloud, _: Nothing) -> dict[str, Any]:
    return await asyncio.to_thread(coverage.as_plain, cloud.kernel.registry)


async def covered_service(cloud: Cloud, _: Nothing, *, service: str) -> dict[str, Any]:
    """One service, operation by operation. Raises NotFound for a name that AWS does not have."""
    return coverage.operations_as_plain(coverage.of(cloud.kernel.registry, service))


async def reset(cloud: Cloud, what: Reset) -> dict[str, Any]:
    """Forget one service's state, one account's, or everything but the keys of root and the clock."""
    if what.account is not None and not _ACCOUNT.fullmatch(what.account):
        raise BadRequest("an account is a number of twelve digits")
    if what.service is not None and what.service not in cloud.kernel.registry.names:
        raise NotFound(f"Cumulet has no service {what.service}")
    if what.service is None and what.account is None:
        await cloud.kernel.store.write(resets.everything)
        await cloud.exchange()
        await cloud.kernel.swept()
    else:
        await cloud.kernel.store.write(resets.part, cloud.kernel, what.service, what.account)
    return {"reset": {"service": what.service or "all", "account": what.account or "all"}}


async def shut_down(cloud: Cloud, _: Nothing) -> dict[str, Any]:
    """The answer comes first; then the requests under way are finished."""
    cloud.ask_to_stop()
    return {"status": "stopping"}


ROUTES = {
    "GET /_cumulet/health": (Nothing, health),
    "GET /_cumulet/status": (Nothing, status),
    "GET /_cumulet/coverage": (Nothing, covered),
    "GET /_cumulet/coverage/{service}": (Nothing, covered_service),
    "POST /_cumulet/reset": (Reset, reset),
    "POST /_cumulet/shutdown": (Nothing, shut_down),
}
