"""Which resources a call is on: an ARN among its parameters, or a resource type's ARN format filled from them.

The published reference says that sqs:SendMessage is on a `queue`, written "arn:...:${QueueName}", but not where the
call says which. Members are found by their names: the variable's own, with the endings that AWS gives them (Name, Id,
Identifier, Arn, plurals), and by ALIASES where AWS names them otherwise. A variable that no parameter fills stands
as `*`, as in AWS: the resource is not known before it is made."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from cumulet.kernel.actions import paths
from cumulet.kernel.actions.catalogue import Action, ResourceType
from cumulet.kernel.actions.exceptions import ALIASES
from cumulet.kernel.models import Operation
from cumulet.kernel.scope import Scope

Find = Callable[[Scope, Mapping[str, Any]], list[str]]
"""The ARNs of the resources of one kind that a call names."""

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_OF_SCOPE = ("Partition", "Region", "Account")
_ENDINGS = ("", "name", "id", "identifier", "arn", "url")
_GENERIC_ARNS = ("resourcearn", "resourcearns", "resourcearnlist", "arnlist")
_GENERIC_NAMES = ("name", "id", "identifier", "arn")


class Kind(NamedTuple):
    """One kind of resource that an action is on, ready to be found in a call."""

    required: bool
    find: Find
    anything: Callable[[Scope], str]
    """The ARN of all resources of the kind: what a call is on that names none, though it has to be on one."""


def kinds(operation: Operation, action: Action, prefix: str) -> list[Kind]:
    """What finds the resources of an operation, by the kinds that the action is on."""
    members = _Members(operation, ALIASES.get(prefix, {}))
    generic = members.generic_arn()
    if generic is not None:
        return [Kind(True, _as_given(generic), lambda scope: "*")]
    return [_kind(members, on.type, on.required) for on in action.resources]


def _kind(members: _Members, type: ResourceType, required: bool) -> Kind:
    found = [_filled(members, type, format, required) for format in type.formats]

    def find(scope: Scope, parameters: Mapping[str, Any]) -> list[str]:
        for one in found:
            arns = one(scope, parameters)
            if arns:
                return arns
        return []

    return Kind(required, found[0] if len(found) == 1 else find, _anything(type.formats[0]))


def _as_given(path: str) -> Find:
    read = paths.reader(path)

    def find(scope: Scope, parameters: Mapping[str, Any]) -> list[str]:
        return [value for value in read(parameters) if value.startswith("arn:")]

    return find


def _filled(members: _Members, type: ResourceType, format: str, required: bool) -> Find:
    """Finds the ARNs that a format makes with the parameters, and ARNs given in their place."""
    template = _Template(format)
    sources = {name: members.source(name, type, is_last=name == template.variables[-1]) for name in template.variables}
    readers = {name: (paths.reader(path), _spelling(name, path)) for name, path in sources.items() if path}
    # Only one variable may have many values; several would have to be matched with each other.
    many = next((name for name, path in reversed(sources.items()) if path and paths.is_many(path)), "")
    whole = members.arn_of(type)
    read_whole = paths.reader(whole) if whole is not None else None

    def find(scope: Scope, parameters: Mapping[str, Any]) -> list[str]:
        if read_whole is not None and (given := [arn for arn in read_whole(parameters) if arn.startswith("arn:")]):
            return given
        values = {name: found for name, (read, _) in readers.items() if (found := read(parameters))}
        if not values or (not required and len(values) < len(template.variables)):
            return []
        telling = many if many in values else next(reversed(values))
        single = {name: readers[name][1](found[0]) for name, found in values.items()}
        spell = readers[telling][1]
        spread = values[telling] if telling == many else values[telling][:1]
        return [
            value if template.is_arn(value) else template.fill(scope, {**single, telling: spell(value)}, value)
            for value in spread
        ]

    if len(readers) == 1 == len(template.variables) and not many and read_whole is None:
        return _simple(template, *readers[template.variables[0]])
    return find


def _simple(template: _Template, read: paths.Read, spell: Callable[[str], str]) -> Find:
    """The common case, without a detour: one variable, and one member that says it."""
    variable = template.variables[0]

    def find(scope: Scope, parameters: Mapping[str, Any]) -> list[str]:
        values = read(parameters)
        if not values or template.is_arn(values[0]):
            return values[:1]
        return [template.fill(scope, {variable: spell(values[0])}, values[0])]

    return find


class _Template:
    """An ARN format, taken apart once."""

    def __init__(self, format: str) -> None:
        pieces = _VARIABLE.split(format)
        self._head, self._pairs = pieces[0], list(zip(pieces[1::2], pieces[2::2], strict=True))
        self.variables = [name for name in pieces[1::2] if name not in _OF_SCOPE]
        self._service = "" if "ObjectName" in self.variables else pieces[0].partition(":")[0]

    def is_arn(self, value: str) -> bool:
        """Whether a value given for a name is the resource's ARN, as most services allow. An object in S3 may be
        called like an ARN, and is then no other."""
        return value.startswith("arn:") and bool(self._service) and value.split(":", 3)[2:3] == [self._service]

    def fill(self, scope: Scope, values: Mapping[str, str], told: str = "") -> str:
        """The ARN. What has no value stands as `*`; `told` is the value as it was given, which may tell the account."""
        account = (_account_in(told) if "://" in told else "") or scope.account
        arn = f"arn:{scope.partition}:{self._head}"
        for name, text in self._pairs:
            if name == "Region":
                arn += scope.region + text
            elif name == "Account":
                arn += account + text
            elif name == "Partition":
                arn += scope.partition + text
            else:
                arn += _without_repetition(arn, values.get(name, "*")) + text
        return arn


_REPEATED = ("alias/", "h-", "o-", "ou-", "p-", "r-", "rp-", "rt-")
"""What stands in an ARN format before a variable and also begins the values: KMS's alias/NAME, Organizations' ids."""


def _without_repetition(arn: str, value: str) -> str:
    for start in _REPEATED:
        if value.startswith(start) and arn.endswith(start):
            return value.removeprefix(start)
    return value


def _spelling(variable: str, path: str) -> Callable[[str], str]:
    """How a variable is written, given what its member says."""
    if paths.last(path).endswith("Url"):
        return lambda url: url.rpartition("/")[2]
    if variable.endswith(("WithoutLeadingSlash", "WithPath")):
        return lambda name: name.removeprefix("/")
    return _as_is


def _as_is(value: str) -> str:
    return value


def _account_in(url: str) -> str:
    parts = url.rsplit("/", 2)
    return parts[1] if len(parts) == 3 and len(parts[1]) == 12 and parts[1].isdecimal() else ""


def _anything(format: str) -> Callable[[Scope], str]:
    template = _Template(format)
    return lambda scope: template.fill(scope, {})


class _Members:
    """The strings of an operation's input, asked for by what they may be called."""

    def __init__(self, operation: Operation, aliases: Mapping[str, tuple[str, ...]]) -> None:
        self._paths = list(paths.leaves(operation.service, operation.input))
        self._aliases = aliases
        self._by_name: dict[str, str] = {}
        for path in self._paths:
            self._by_name.setdefault(plain(paths.last(path)), path)
        self._top = {plain(paths.last(path)): path for path in self._paths if "." not in path}

    def generic_arn(self) -> str | None:
        """A member that takes the ARN of any resource: ResourceArn of the tagging operations."""
        return next((self._top[name] for name in _GENERIC_ARNS if name in self._top), None)

    def arn_of(self, type: ResourceType) -> str | None:
        """A member that takes the ARN of a resource of this type: TopicArn for `topic`."""
        stem = plain(type.name)
        return next((self._by_name[name] for name in (f"{stem}arn", f"{stem}arns") if name in self._by_name), None)

    def source(self, variable: str, type: ResourceType, *, is_last: bool) -> str | None:
        """The member that says what a variable of an ARN format is."""
        for alias in self._aliases.get(f"{type.name}.{variable}", self._aliases.get(variable, ())):
            if alias in self._paths:
                return alias
        for name in _spellings(variable):
            if name in self._by_name:
                return self._by_name[name]
        if not is_last:
            return None
        stem = plain(type.name)
        names = [f"{stem}{ending}" for ending in _ENDINGS] + [f"{stem}{ending}s" for ending in _ENDINGS]
        return next(
            (self._by_name[name] for name in names if name in self._by_name),
            next((self._top[name] for name in _GENERIC_NAMES if name in self._top), None),
        )


def _spellings(variable: str) -> Iterable[str]:
    name = plain(variable).removesuffix("withpath").removesuffix("withoutleadingslash")
    stem = _without_ending(name)
    yield name
    yield name + "s"
    for ending in _ENDINGS:
        if stem and (stem + ending) != name:
            yield stem + ending
            yield stem + ending + "s"


def _without_ending(name: str) -> str:
    for ending in ("identifier", "name", "id", "arn"):
        if name.endswith(ending):
            return name.removesuffix(ending)
    return name


def plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
