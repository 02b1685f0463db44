"""What `up` is asked for, by its options and by the environment variables that people bring from LocalStack."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 4566


@dataclass(frozen=True)
class Wishes:
    """`host` and `port` None were not named."""

    host: str | None = None
    port: int | None = None
    ephemeral: bool = False
    domains: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    verbose: bool = False
    throughput: bool = False
    """Whether callers are held to the throughput that they configured."""


_NOTES = {
    "SERVICES": "SERVICES is ignored: every service is there, and costs nothing until it is called",
    "EAGER_SERVICE_LOADING": "EAGER_SERVICE_LOADING is ignored: a service loads in milliseconds when first called",
    "SQS_ENDPOINT_STRATEGY": "SQS_ENDPOINT_STRATEGY is ignored: queue URLs begin with the address that the client used",
    "LOCALSTACK_AUTH_TOKEN": "LOCALSTACK_AUTH_TOKEN is ignored: Cumulet needs no account",
    "LAMBDA_EXECUTOR": "LAMBDA_EXECUTOR is ignored",
    "DATA_DIR": "DATA_DIR is ignored: use --data-dir or CUMULET_DATA_DIR",
}


def from_localstack(asked: Wishes, variables: Mapping[str, str] = os.environ) -> tuple[Wishes, list[str]]:
    """The wishes, with what LocalStack's variables add where nothing was named; and notes on what they do not do."""
    notes = [note for name, note in _NOTES.items() if variables.get(name)]
    host, port = _address(variables, notes)
    wishes = replace(
        asked,
        host=asked.host or host or DEFAULT_HOST,
        port=asked.port if asked.port is not None else port if port is not None else DEFAULT_PORT,
        ephemeral=asked.ephemeral or _is(variables, "PERSISTENCE", "0", "false"),
        domains=(*asked.domains, *_domain(variables)),
        origins=(*asked.origins, *_origins(variables)),
        verbose=asked.verbose or _is(variables, "DEBUG", "1", "true"),
    )
    return wishes, notes


def _address(variables: Mapping[str, str], notes: list[str]) -> tuple[str | None, int | None]:
    """GATEWAY_LISTEN is "host:port", or several, of which the first counts. Either part may be absent."""
    first, *others = variables.get("GATEWAY_LISTEN", "").split(",")
    if others:
        notes.append(f"GATEWAY_LISTEN: only the first address is used, {first}")
    host, _, port = first.strip().rpartition(":") if ":" in first else (first.strip(), "", "")
    port = port or variables.get("EDGE_PORT", "")
    if port and not (port.isascii() and port.isdigit() and int(port) < 65536):
        notes.append(f"the port {port!r} is ignored: it is no number below 65536")
        port = ""
    return host.strip("[]") or None, int(port) if port else None


def _domain(variables: Mapping[str, str]) -> tuple[str, ...]:
    """LOCALSTACK_HOST is the name, perhaps with a port, under which clients know the cloud."""
    name = (variables.get("LOCALSTACK_HOST") or variables.get("HOSTNAME_EXTERNAL") or "").partition(":")[0]
    return (name,) if name else ()


def _origins(variables: Mapping[str, str]) -> tuple[str, ...]:
    if _is(variables, "DISABLE_CORS_CHECKS", "1", "true"):
        return ("*",)
    listed = variables.get("EXTRA_CORS_ALLOWED_ORIGINS", "").split(",")
    return tuple(origin.strip() for origin in listed if origin.strip())


def _is(variables: Mapping[str, str], name: str, *values: str) -> bool:
    return variables.get(name, "").strip().lower() in values
