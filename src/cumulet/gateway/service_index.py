"""A small index of all services, so that a request finds its few candidates before any model is loaded.

The file beside this one is made by scripts/make_service_index.py from the models; a test keeps the two equal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import msgspec


class Entry(msgspec.Struct, frozen=True):
    """What tells one service from another on the wire; the spellings are the model's."""

    signing: str
    endpoint: str
    version: str
    protocols: tuple[str, ...]
    """As the model prefers them, with "query" added where the service still answers its old protocol."""
    id: str
    target: str | None = None
    bearer: bool = False
    anonymous: tuple[tuple[str, str, str, tuple[str, ...]], ...] = ()
    """REST operations that are never signed: (name, method, URI template, required headers)."""

    @property
    def rest(self) -> bool:
        return any(protocol.startswith("rest") for protocol in self.protocols)

    @property
    def form(self) -> bool:
        """Whether requests may come as a form with an Action."""
        return "query" in self.protocols or "ec2" in self.protocols


Names = tuple[str, ...]


@cache
def entries() -> dict[str, Entry]:
    """All services by the name that boto3 gives them, in the order of their names."""
    text = Path(__file__).with_name("service_index.json").read_bytes()
    return msgspec.json.decode(text, type=dict[str, Entry])


@cache
def by_signing_name() -> dict[str, Names]:
    return _grouped(lambda entry: [entry.signing])


@cache
def by_target() -> dict[str, Names]:
    """By the prefix of X-Amz-Target, which is also the service's name in the RPC protocols' paths."""
    return _grouped(lambda entry: [entry.target] if entry.target else [])


@cache
def by_endpoint() -> dict[str, Names]:
    """By endpoint prefix, and by signing name where no endpoint has that name."""
    own = _grouped(lambda entry: [entry.endpoint])
    return {**by_signing_name(), **own}


@cache
def by_version() -> dict[str, Names]:
    """Services that answer forms, by API version."""
    return _grouped(lambda entry: [entry.version] if entry.form else [])


@cache
def by_id() -> dict[str, Names]:
    """By service id as SDKs print it in "api/ID" of their User-Agent: lower case, words run together."""
    return _grouped(lambda entry: [plain(entry.id)])


@cache
def bearer() -> Names:
    """Services that accept "Authorization: Bearer"."""
    return tuple(name for name, entry in entries().items() if entry.bearer)


@cache
def endpoint_prefixes() -> frozenset[str]:
    return frozenset(by_endpoint())


def plain(service_id: str) -> str:
    return re.sub(r"[^a-z0-9]", "", service_id.lower())


def _grouped(keys: Callable[[Entry], Iterable[str]]) -> dict[str, Names]:
    groups: dict[str, list[str]] = {}
    for name, entry in entries().items():
        for key in keys(entry):
            groups.setdefault(key, []).append(name)
    return {key: tuple(sorted(names, key=_rank)) for key, names in groups.items()}


# Where two services cannot be told apart on the wire, the earlier one is meant: the newer of two generations, or
# the one that answers for the others (RDS itself serves the calls of DocumentDB and Neptune).
_FIRST = (
    "rds", "lambda", "greengrassv2", "qconnect", "ivs", "lexv2-models", "bedrock", "bedrock-agent",
    "chime-sdk-voice", "chime-sdk-messaging", "pinpoint-sms-voice", "timestream-write", "s3",
)  # fmt: skip
_LAST = ("chime",)


def _rank(name: str) -> tuple[int, str]:
    if name in _LAST:
        return len(_FIRST) + 1, name
    return (_FIRST.index(name), name) if name in _FIRST else (len(_FIRST), name)
