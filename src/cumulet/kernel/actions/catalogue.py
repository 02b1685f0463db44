"""The published service authorization reference: every action with its access level, the resources it is on, the
condition keys it knows, and the actions it depends on; every resource type with its ARN formats.

The data is made by scripts/make_authorization_data.py. Importing this reads nothing; a service's table is unpacked
when somebody first asks for it."""

from __future__ import annotations

import enum
import fnmatch
import re
import zlib
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

import msgspec

_DATA = Path(__file__).parents[1] / "data" / "authorization.bin"


class Level(enum.Enum):
    """What an action does to what it is on, in the words of the reference."""

    LIST = "List"
    READ = "Read"
    WRITE = "Write"
    PERMISSIONS = "Permissions management"
    TAGGING = "Tagging"


_LEVELS = (Level.LIST, Level.READ, Level.WRITE, Level.PERMISSIONS, Level.TAGGING)


class ResourceType(NamedTuple):
    """A kind of resource. `formats` begin after "arn:PARTITION:" and have variables in braces: "sqs:${Region}..."."""

    name: str
    formats: tuple[str, ...]
    condition_keys: tuple[str, ...]


class On(NamedTuple):
    """A kind of resource that an action is on."""

    type: ResourceType
    required: bool
    condition_keys: tuple[str, ...]


class Action(NamedTuple):
    name: str
    level: Level
    resources: tuple[On, ...]
    condition_keys: tuple[str, ...]
    depends_on: tuple[str, ...]
    """Actions that the caller needs as well, for some uses at least: "iam:PassRole"."""


class _Type(msgspec.Struct, array_like=True, frozen=True):
    name: str
    formats: tuple[str, ...]
    keys: int


class _Touched(msgspec.Struct, array_like=True, frozen=True):
    type: int
    required: bool
    keys: int


class _Action(msgspec.Struct, array_like=True, frozen=True):
    name: str
    level: int
    keys: int
    resources: tuple[_Touched, ...]
    depends_on: tuple[str, ...]


class Table(msgspec.Struct, frozen=True):
    """The data of one service as it is stored. Sets of condition keys are indices into `sets`, which index `keys`."""

    keys: tuple[tuple[str, str], ...]
    """Name and type (String, ArrayOfString, ARN, Bool, Numeric, Date ...)."""
    types: tuple[_Type, ...]
    actions: tuple[_Action, ...]
    sets: tuple[tuple[int, ...], ...]


class ServiceActions:
    """The actions, resource types and condition keys of one policy prefix."""

    def __init__(self, prefix: str, table: Table) -> None:
        self.prefix = prefix
        self._table = table
        self._by_name = {action.name.lower(): action for action in table.actions}

    def __iter__(self) -> Iterator[str]:
        """The names of the actions, sorted, without the prefix."""
        return (action.name for action in self._table.actions)

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._by_name

    def get(self, name: str) -> Action | None:
        """An action by its name, whatever its case: "SendMessage"."""
        found = self._by_name.get(name.lower())
        return None if found is None else self._made(found)

    @cached_property
    def types(self) -> dict[str, ResourceType]:
        """The resource types by name, which the data has in lower case."""
        return {each.name: each for each in self._types}

    @cached_property
    def condition_keys(self) -> dict[str, str]:
        """The type of each condition key; a variable part is in braces: "aws:ResourceTag/${TagKey}"."""
        return dict(self._table.keys)

    @cached_property
    def _types(self) -> tuple[ResourceType, ...]:
        return tuple(ResourceType(each.name, each.formats, self._keys(each.keys)) for each in self._table.types)

    def _made(self, action: _Action) -> Action:
        touched = (On(self._types[on.type], on.required, self._keys(on.keys)) for on in action.resources)
        keys = self._keys(action.keys)
        return Action(action.name, _LEVELS[action.level], tuple(touched), keys, action.depends_on)

    def _keys(self, number: int) -> tuple[str, ...]:
        return tuple(self._table.keys[index][0] for index in self._table.sets[number])

    @cached_property
    def levels(self) -> dict[str, Level]:
        return {action.name: _LEVELS[action.level] for action in self._table.actions}

    @cached_property
    def _exact_keys(self) -> frozenset[str]:
        return frozenset(key.lower() for key in self.condition_keys if "${" not in key)

    @cached_property
    def _open_keys(self) -> tuple[re.Pattern[str], ...]:
        """Keys with a variable part, which may be anything but nothing."""
        variable = [key.lower() for key in self.condition_keys if "${" in key]
        return tuple(re.compile(_VARIABLE.sub("(.+)", re.sub(r"([.()+?|\\])", r"\\\1", key))) for key in variable)

    def has_key(self, key: str) -> bool:
        lower = key.lower()
        return lower in self._exact_keys or any(pattern.fullmatch(lower) for pattern in self._open_keys)


_VARIABLE = re.compile(r"\$\{[^}]*\}")


@cache
def prefixes() -> tuple[str, ...]:
    """Every policy prefix that the reference knows, sorted."""
    return tuple(_packed())


@cache
def service(prefix: str) -> ServiceActions | None:
    """The table of a prefix ("sqs", "elasticloadbalancing"); None where AWS publishes none."""
    packed = _packed().get(prefix)
    if packed is None:
        return None
    return ServiceActions(prefix, msgspec.msgpack.decode(zlib.decompress(packed), type=Table))


def action(name: str) -> Action | None:
    """An action with its prefix, whatever its case: "sqs:SendMessage"."""
    prefix, _, rest = name.partition(":")
    table = service(prefix.lower()) if rest else None
    return None if table is None else table.get(rest)


def levels(prefix: str) -> dict[str, Level]:
    """The access level of each action of a prefix; empty for a prefix that nobody has."""
    table = service(prefix)
    return {} if table is None else table.levels


def exists(prefix: str, key: str) -> bool:
    """Whether a service has a condition key, be it its own, a session's or a global one. Case does not count."""
    lower = key.lower()
    if lower in GLOBAL_KEYS or lower.startswith(_OPEN_GLOBAL_KEYS):
        return True
    table = service(prefix)
    return table is not None and table.has_key(key)


def expand(pattern: str) -> list[str]:
    """The actions that a policy's pattern names, spelled as AWS does: `s3:Get*`, `*`, `iam:?etUser`. Case does not
    count. A prefix has no wildcards of its own, except that a lone `*` is everything."""
    if pattern == "*":
        return [f"{prefix}:{name}" for prefix in prefixes() for name in service(prefix) or ()]
    prefix, colon, names = pattern.lower().partition(":")
    table = service(prefix) if colon else None
    if table is None:
        return []
    matches = re.compile(fnmatch.translate(_quoted(names))).match
    return [f"{prefix}:{name}" for name in table if matches(name.lower())]


def _quoted(names: str) -> str:
    """Brackets mean nothing to policies, though they do to fnmatch."""
    return names.replace("[", "[[]")


@cache
def _packed() -> dict[str, bytes]:
    return msgspec.msgpack.decode(_DATA.read_bytes(), type=dict[str, bytes])


_GLOBAL = """
    aws:calledvia aws:calledviafirst aws:calledvialast aws:chatbotsourcearn aws:currenttime
    aws:ec2instancesourceprivateipv4 aws:ec2instancesourcevpc aws:epochtime aws:federatedprovider
    aws:ismcpserviceaction aws:multifactorauthage aws:multifactorauthpresent aws:principalaccount aws:principalarn
    aws:principalisawsservice aws:principalorgid aws:principalorgpaths aws:principalservicename
    aws:principalservicenameslist aws:principaltype aws:referer aws:requestedregion aws:resourceaccount
    aws:resourceorgid aws:resourceorgpaths aws:securetransport aws:signinsessionarn aws:sourceaccount aws:sourcearn
    aws:sourceidentity aws:sourceip aws:sourceorgid aws:sourceorgpaths aws:sourceowner aws:sourcevpc aws:sourcevpcarn
    aws:sourcevpce aws:tagkeys aws:tokenissuetime aws:useragent aws:userid aws:username aws:viaawsmcpservice
    aws:viaawsservice aws:vpceaccount aws:vpceorgid aws:vpceorgpaths aws:vpcsourceip
"""
GLOBAL_KEYS = frozenset(_GLOBAL.split())
"""Condition keys that every service knows, or that come from the network path (IAM User Guide, AWS global condition
context keys)."""
_OPEN_GLOBAL_KEYS = ("aws:principaltag/", "aws:requesttag/", "aws:resourcetag/")
