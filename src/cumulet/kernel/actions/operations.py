"""What an operation needs: the actions, each on the resources that the call names, compiled once per operation."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import quote

from cumulet.kernel import models
from cumulet.kernel.access import Need, Value, pass_role
from cumulet.kernel.actions import catalogue, conditions, exceptions, paths, resources, tags
from cumulet.kernel.actions.catalogue import Action, Level
from cumulet.kernel.models import Operation
from cumulet.kernel.scope import Scope

Ask = Callable[[Scope, Mapping[str, Any]], list[Need]]
Resources = Callable[[Scope, Mapping[str, Any]], list[str]]

_ANYTHING = ["*"]


def needs(service: str, method: str, scope: Scope, parameters: Mapping[str, Any]) -> list[Need]:
    """What a call of `method` (as boto3 spells it) needs to be permitted. Nothing for what nobody has to be."""
    return _compiled(service, method)(scope, parameters)


def prefix_of(service: str) -> str:
    """The prefix of a service's actions: "elasticloadbalancing" for elbv2."""
    found = exceptions.PREFIXES.get(service)
    return found if found is not None else models.load(service).signing_name.lower()


def actions_of(service: str, operation: str) -> tuple[str, ...]:
    """The actions that an operation (as the API spells it) always needs. Empty where it needs none, or where the call
    says which (a DynamoDB transaction)."""
    if is_free(service, operation):
        return ()
    named = exceptions.OPERATIONS.get(service, {}).get(operation)
    if named is not None:
        return named
    prefix = prefix_of(service)
    table = catalogue.service(prefix)
    if prefix == "apigateway" and (table is None or operation not in table):
        return (f"apigateway:{models.load(service).operations[operation].http_method}",)
    return (f"{prefix}:{operation}",)


def is_free(service: str, operation: str) -> bool:
    """Whether an operation needs no permission: AWS says so, or its callers sign with no AWS credentials."""
    free = exceptions.FREE.get(service, frozenset())
    return operation in free or "*" in free or models.load(service).operations[operation].unsigned


@cache
def _compiled(service: str, method: str) -> Ask:
    operation = models.load(service).methods.get(method)
    if operation is None:  # what no model describes, nobody is permitted until its service says what it needs
        unknown = [Need(action=f"{prefix_of(service)}:{method.title().replace('_', '')}")]
        return lambda scope, parameters: unknown
    if is_free(service, operation.name):
        return lambda scope, parameters: []
    parts = exceptions.PARTS.get(service, {}).get(operation.name)
    if parts is not None:
        asks = [_part(service, operation, action, path) for action, path in parts]
    else:
        asks = [_ask(service, operation, action) for action in actions_of(service, operation.name)]
    asks += [ask for ask in (_passing(service, operation),) if ask is not None]
    if len(asks) == 1:
        return asks[0]
    return lambda scope, parameters: [need for ask in asks for need in ask(scope, parameters)]


def _ask(service: str, operation: Operation, name: str) -> Ask:
    """Asks for one action on whatever the call names."""
    brought = tags.keys_of(operation)
    prefix, _, verb = name.partition(":")
    if prefix == "apigateway" and verb.isupper():
        return _asking(name, _path_of(operation), brought)
    action = catalogue.action(name)
    if action is None:
        return _asking(name, None, brought)
    found = _resources(resources.kinds(operation, action, prefix))
    told = conditions.keys_of(operation, action, prefix)
    return _asking(name, found, brought, told, _tagging(prefix, operation, action))


def _asking(
    name: str,
    found: Resources | None,
    brought: tags.Brought | None,
    told: conditions.Told | None = None,
    tagging: _Tagging | None = None,
) -> Ask:
    if brought is None and found is None and told is None:
        nothing_else = [Need(action=name)]
        return lambda scope, parameters: nothing_else

    def ask(scope: Scope, parameters: Mapping[str, Any]) -> list[Need]:
        arns = _ANYTHING if found is None else found(scope, parameters)
        of_tags = {} if brought is None else brought(parameters)
        context = of_tags if told is None else {**told(parameters), **of_tags}
        needs = [_need(name, arn, scope, context) for arn in arns]
        if of_tags and tagging is not None:
            needs += tagging.needs(scope, parameters, arns, of_tags)
        return needs

    return ask


class _Tagging:
    """What a call that makes something with tags needs as well."""

    def __init__(self, prefix: str, names: tuple[str, ...], operation: Operation) -> None:
        self._names = names
        self._prefix = prefix
        table = catalogue.service(prefix)
        by_action = f"{prefix}:CreateAction"
        self._extra = {by_action.lower(): operation.name} if table is not None and table.has_key(by_action) else {}
        self._read_types = paths.reader("TagSpecifications[].ResourceType")

    def needs(
        self, scope: Scope, parameters: Mapping[str, Any], arns: list[str], context: Mapping[str, Value]
    ) -> list[Need]:
        """EC2 names the kinds of things to be tagged, of the many that a call may be on; elsewhere it is one."""
        types = dict.fromkeys(self._read_types(parameters))
        made = [scope.arn(self._prefix, f"{type}/*") for type in types] or arns
        return [_need(name, arn, scope, {**context, **self._extra}) for name in self._names for arn in made]


def _need(action: str, arn: str, scope: Scope, context: Mapping[str, Value]) -> Need:
    return Need(action=action, resource=arn, account=_owner(arn, scope), context=context)


def _owner(arn: str, scope: Scope) -> str:
    """The account in an ARN where it is another one than the scope's, else nothing."""
    if not arn.startswith("arn:"):
        return ""
    parts = arn.split(":", 5)
    account = parts[4] if len(parts) == 6 else ""
    return account if len(account) == 12 and account.isdecimal() and account != scope.account else ""


def _resources(kinds: list[resources.Kind]) -> Resources | None:
    if not kinds:
        return None
    if len(kinds) == 1:
        return _one_kind(kinds[0])

    def found(scope: Scope, parameters: Mapping[str, Any]) -> list[str]:
        every: dict[str, None] = {}
        missing = []
        for kind in kinds:
            arns = kind.find(scope, parameters)
            every.update(dict.fromkeys(arns))
            if kind.required and not arns:
                missing.append(kind)
        every.update((kind.anything(scope), None) for kind in missing)
        return _innermost(list(every)) or _ANYTHING

    return found


def _innermost(arns: list[str]) -> list[str]:
    """Without the resources that others are in: a query of an index is on the index and not on its table."""
    return [arn for arn in arns if not any(other.startswith(arn + "/") for other in arns)] if len(arns) > 1 else arns


def _one_kind(kind: resources.Kind) -> Resources:
    find = kind.find
    if not kind.required:
        return lambda scope, parameters: find(scope, parameters) or _ANYTHING
    return lambda scope, parameters: find(scope, parameters) or [kind.anything(scope)]


def _tagging(prefix: str, operation: Operation, action: Action) -> _Tagging | None:
    if action.level is Level.TAGGING or not operation.name.startswith(_MAKING):
        return None
    listed = [name for name in action.depends_on if _is_tagging(name) and name.startswith(prefix + ":")]
    named = exceptions.IAM_TAGGING.get(operation.name) if prefix == "iam" else exceptions.TAGGING.get(prefix)
    names = tuple(listed) or ((named,) if named is not None else ())
    return _Tagging(prefix, names, operation) if names else None


_MAKING = ("Allocate", "Copy", "Create", "Import", "Put", "Register", "Request", "Restore", "Run", "Upload")


def _is_tagging(name: str) -> bool:
    found = catalogue.action(name)
    return found is not None and found.level is Level.TAGGING


def _passing(service: str, operation: Operation) -> Ask | None:
    """Asks for iam:PassRole on the roles that the call hands to the service."""
    prefix = prefix_of(service)
    action = catalogue.action(f"{prefix}:{operation.name}")
    listed = action is not None and "iam:PassRole" in action.depends_on
    if not listed and operation.name not in exceptions.PASSING.get(prefix, ()):
        return None
    members = [path for path in paths.leaves(operation.service, operation.input) if _ROLE.search(paths.last(path))]
    if not members:
        return None
    readers = [paths.reader(path) for path in members]
    to = exceptions.PASSED_TO.get(prefix, f"{prefix}.amazonaws.com")

    def ask(scope: Scope, parameters: Mapping[str, Any]) -> list[Need]:
        roles = {arn: None for read in readers for arn in read(parameters) if _ROLE_ARN.match(arn)}
        return [pass_role(arn, to) for arn in roles]

    return ask


_ROLE = re.compile(r"role(_?arn)?s?$", re.IGNORECASE)
_ROLE_ARN = re.compile(r"arn:[a-z-]+:iam::\d{12}:role/")


def _part(service: str, operation: Operation, name: str, path: str) -> Ask:
    """Asks for one action of a call that is made of several, on the resources at a path; none there, nothing asked."""
    if not path:
        return _ask(service, operation, name)
    action = catalogue.action(name)
    assert action is not None, name
    read, fill = paths.reader(path), _PART_FILLS[service]

    def ask(scope: Scope, parameters: Mapping[str, Any]) -> list[Need]:
        given = dict.fromkeys(read(parameters))
        return [_need(name, fill(value, scope, parameters), scope, {}) for value in given]

    return ask


def _table(value: str, scope: Scope, parameters: Mapping[str, Any]) -> str:
    return value if value.startswith("arn:") else scope.arn("dynamodb", f"table/{value}")


def _key(value: str, scope: Scope, parameters: Mapping[str, Any]) -> str:
    if value.startswith("arn:"):
        return value
    return scope.arn("kms", value if value.startswith("alias/") else f"key/{value}")


def _object(value: str, scope: Scope, parameters: Mapping[str, Any]) -> str:
    """A key to delete from the bucket, or a source to copy from: "bucket/key", perhaps with a version after it."""
    if "CopySource" not in parameters:
        return f"arn:{scope.partition}:s3:::{parameters.get('Bucket', '')}/{value}"
    return f"arn:{scope.partition}:s3:::{value.removeprefix('/').partition('?versionId=')[0]}"


_PART_FILLS: Mapping[str, Callable[[str, Scope, Mapping[str, Any]], str]] = {
    "dynamodb": _table,
    "kms": _key,
    "s3": _object,
}


def _path_of(operation: Operation) -> Resources:
    """API Gateway's resources are the paths of its API, without the version (API Gateway guide, IAM policies)."""
    shape = operation.service.shapes[operation.input] if operation.input else {}
    labels = {
        ref.get("locationName", name): name
        for name, ref in shape.get("members", {}).items()
        if ref.get("location") == "uri"
    }
    pieces = list(_pieces(operation.uri.partition("?")[0].removeprefix("/v2")))

    def found(scope: Scope, parameters: Mapping[str, Any]) -> list[str]:
        path = "".join(_spelled(parameters, labels[text]) if is_label else text for text, is_label in pieces)
        return [f"arn:{scope.partition}:apigateway:{scope.region}::{path}"]

    return found


def _spelled(parameters: Mapping[str, Any], member: str) -> str:
    return quote(str(parameters.get(member, "*")), safe="*")


def _pieces(template: str) -> Iterator[tuple[str, bool]]:
    for index, text in enumerate(re.split(r"\{([^}]+)\}", template)):
        yield text.rstrip("+"), index % 2 == 1
