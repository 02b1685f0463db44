"""Which web pages may use a cloud that trusts whoever reaches it.

On a loopback listener unknown keys are trusted, and a browser reaches loopback on behalf of any page it shows. So
trust ends where a foreign page begins: at an Origin that is not of this machine, or at a Host name that is not ours
(a name of somebody else's that resolves to 127.0.0.1: DNS rebinding)."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from urllib.parse import urlsplit

_OURS = (
    ".localhost",
    ".localhost.localstack.cloud",
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".api.aws",
    ".internal",
    ".local",
)


@lru_cache(maxsize=1024)
def is_own_host(host: str, domains: tuple[str, ...] = ()) -> bool:
    """Whether a Host header can only mean this cloud: an address, a bare name, or a name under a known suffix."""
    try:
        name = (urlsplit("//" + host).hostname or "").rstrip(".")
    except ValueError:
        return False
    if "." not in name or f".{name}".endswith((*_OURS, *("." + d for d in domains))):
        return True
    return _is_address(name)


@lru_cache(maxsize=1024)
def is_own_origin(origin: str, allowed: tuple[str, ...] = ()) -> bool:
    """Whether a page of this Origin may act with local trust: one of this machine, or one the owner allowed."""
    if origin in allowed or "*" in allowed:
        return True
    try:
        name = urlsplit(origin).hostname or ""
    except ValueError:
        return False
    return name == "localhost" or name.endswith(".localhost") or (_is_address(name) and _is_loopback(name))


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_loopback(name: str) -> bool:
    return ipaddress.ip_address(name).is_loopback


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a listener on `host`."""
    return host == "localhost" or (_is_address(host) and _is_loopback(host))
