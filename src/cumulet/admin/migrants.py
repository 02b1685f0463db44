"""What people's scripts ask LocalStack and moto for: whether it runs, what it is, to forget everything.

Facts: docs.localstack.cloud (internal endpoints, initialization hooks), docs.getmoto.org (server mode)."""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cumulet import __version__
from cumulet.admin import running
from cumulet.admin.arguments import BadRequest, NotFound, Nothing
from cumulet.admin.running import Reset

if TYPE_CHECKING:
    from cumulet.cloud import Cloud

_STAGES = ("boot", "start", "ready", "shutdown")


class Action(Nothing):
    action: str = ""


async def health(cloud: Cloud, _: Nothing) -> dict[str, Any]:
    """Services are "available" until their first call has loaded them, "running" from then on."""
    registry = cloud.kernel.registry
    states = {name: "running" if registry.is_loaded(name) else "available" for name in registry.names}
    return {"services": states, "edition": "community", "version": __version__}


async def act(cloud: Cloud, wanted: Action) -> dict[str, Any]:
    """A cloud in memory that is restarted forgets everything, as it would in a new process."""
    if wanted.action == "restart":
        await (cloud.exchange() if cloud.settings.home else running.reset(cloud, Reset()))
    elif wanted.action == "kill":
        cloud.ask_to_stop()
    else:
        raise BadRequest("the actions are restart and kill")
    return {"status": "ok"}


async def info(cloud: Cloud, _: Nothing) -> dict[str, Any]:
    return {
        "version": __version__,
        "edition": "community",
        "is_license_activated": False,
        "session_id": cloud.session,
        "machine_id": "",
        "system": f"{platform.system().lower()} {platform.release()} python {sys.version.split()[0]}",
        "is_docker": Path("/.dockerenv").exists(),
        "server_time_utc": cloud.kernel.clock.now().strftime("%Y-%m-%dT%H:%M:%S"),
        "uptime": cloud.uptime_seconds,
    }


async def init(cloud: Cloud, _: Nothing) -> dict[str, Any]:
    scripts = [] if cloud.scripts is None else cloud.scripts.all()
    return {"completed": _completed(cloud), "scripts": [_script(script) for script in scripts]}


async def init_stage(cloud: Cloud, _: Nothing, *, stage: str) -> dict[str, Any]:
    if stage.lower() not in _STAGES:
        raise NotFound(f"no such stage {stage}")
    scripts = [] if cloud.scripts is None else cloud.scripts.of(stage.lower())
    return {"completed": _completed(cloud)[stage.upper()], "scripts": [_script(script) for script in scripts]}


async def reset(cloud: Cloud, _: Nothing) -> dict[str, Any]:
    await running.reset(cloud, Reset())
    return {}


async def reset_service(cloud: Cloud, _: Nothing, *, service: str) -> dict[str, Any]:
    await running.reset(cloud, Reset(service=service))
    return {}


async def reset_moto(cloud: Cloud, _: Nothing) -> dict[str, Any]:
    await running.reset(cloud, Reset())
    return {"status": "ok"}


def _completed(cloud: Cloud) -> dict[str, bool]:
    if cloud.scripts is not None:
        return {stage.upper(): cloud.scripts.is_completed(stage) for stage in _STAGES}
    return {stage.upper(): stage != "shutdown" for stage in _STAGES}


def _script(script: Any) -> dict[str, str]:
    return {"stage": script.stage.upper(), "name": script.path.name, "state": script.state}


ROUTES = {
    "GET /_localstack/health": (Nothing, health),
    "POST /_localstack/health": (Action, act),
    "GET /_localstack/info": (Nothing, info),
    "GET /_localstack/init": (Nothing, init),
    "GET /_localstack/init/{stage}": (Nothing, init_stage),
    "POST /_localstack/state/reset": (Nothing, reset),
    "POST /_localstack/state/{service}/reset": (Nothing, reset_service),
    "POST /moto-api/reset": (Nothing, reset_moto),
}
