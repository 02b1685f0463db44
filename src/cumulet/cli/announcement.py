"""What a cloud says when it has begun to serve."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from cumulet import __version__
from cumulet.cli.exports import variables

if TYPE_CHECKING:
    from cumulet.cloud import Cloud


def facts(cloud: Cloud) -> dict[str, Any]:
    """As JSON can say it. A root key that was made at this start is told here and never again."""
    key = cloud.new_root_key
    environment = variables(cloud.local_url, *((key.id, key.secret) if key else ()))
    if key is None and not cloud.is_private:
        del environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]
    return {
        "status": "ready",
        "version": __version__,
        "url": cloud.url,
        "pid": os.getpid(),
        "data_dir": None if cloud.settings.home is None else str(cloud.settings.home),
        "private": cloud.is_private,
        "new_root_key": key is not None,
        "environment": environment,
    }


def words(facts: dict[str, Any]) -> str:
    """The same for people, up to the line that many scripts wait for."""
    home = facts["data_dir"]
    lines = [f"Cumulet {facts['version']} at {facts['url']}, {'in memory' if home is None else f'data in {home}'}"]
    if facts["new_root_key"]:
        lines += [
            "Others can reach this address, so only keys that Cumulet issued are accepted. This is the root key of the",
            "first account; its secret is shown this once.",
        ]
    elif not facts["private"]:
        lines.append("Only keys that Cumulet issued are accepted. A new one: cumulet key create")
    lines += [f"export {name}={value}" for name, value in facts["environment"].items()]
    if "log" in facts:
        lines.append(f"In the background: process {facts['pid']}, log {facts['log']}. Stop it: cumulet down")
    return "\n".join([*lines, "Ready."])
