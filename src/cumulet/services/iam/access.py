"""What IAM's operations need: the published table's needs, on the entities as they are.

The table cannot know the path in the ARN of an existing user, whose user is meant when a call names none, and what
IAM's own condition keys are. Source: Service Authorization Reference, AWS Identity and Access Management (IAM)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import msgspec

from cumulet.kernel import actions, identity
from cumulet.kernel.access import Need, Value, pass_role
from cumulet.kernel.identity import Caller, Kind
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction
from cumulet.services.iam import entities, service_linked
from cumulet.services.iam.entities import Entity
from cumulet.services.iam.groups import Group
from cumulet.services.iam.instance_profiles import InstanceProfile
from cumulet.services.iam.policies import Policy
from cumulet.services.iam.roles import Role
from cumulet.services.iam.server_certificates import ServerCertificate
from cumulet.services.iam.users import User

_NAMES: Mapping[type[Entity], str] = {
    User: "UserName",
    Group: "GroupName",
    Role: "RoleName",
    InstanceProfile: "InstanceProfileName",
    Policy: "PolicyName",
    ServerCertificate: "ServerCertificateName",
}
"""Which parameter names an entity of a kind."""

_BOUNDED = frozenset(
    f"iam:{form.format(noun)}"
    for noun in ("User", "Role")
    for form in (
        "Create{}", "Attach{}Policy", "Detach{}Policy", "Put{}Policy", "Delete{}Policy",
        "Put{}PermissionsBoundary", "Delete{}PermissionsBoundary",
    )
)  # fmt: skip
"""The actions that know iam:PermissionsBoundary."""


def needs(
    tx: ReadTransaction, caller: Caller, scope: Scope, operation: str, parameters: Mapping[str, Any]
) -> Iterator[Need]:
    """What `caller` has to be permitted for an operation in the account of `scope`."""
    for need in actions.needs("iam", operation, scope, parameters):
        yield _precise(tx, caller, scope, need, parameters)
    if operation == "add_role_to_instance_profile":
        role = entities.find(tx, Role, scope.account, parameters["RoleName"])
        arn = role.arn if role is not None else entities.arn(scope, Role, "/", parameters["RoleName"])
        yield pass_role(arn, "ec2.amazonaws.com")


def worded(message: str) -> str:
    """A denial as IAM words it: users, groups, roles and profiles by kind and name, policies by their ARN, where they
    are there already; what is to be made, passed or tagged by its ARN (seen in its answers)."""
    found = _DENIED.match(message)
    if found is None or found["action"] in _BY_ARN or found["name"] == "":
        return message
    if found["kind"] == "policy" and found["action"] != "CreatePolicy":
        where = f"policy {found['arn']}"
    else:
        where = f"{found['kind'].replace('-', ' ')} {found['name']}"
    return f"{found['start']}{where}{message[found.end() :]}"


def _precise(tx: ReadTransaction, caller: Caller, scope: Scope, need: Need, parameters: Mapping[str, Any]) -> Need:
    found = _entity(tx, caller, scope, need, parameters)
    resource = found.arn if found is not None else _unmade(scope, need, parameters)
    tags: Mapping[str, str] = getattr(found, "tags", {})
    context = {f"iam:resourcetag/{key.lower()}": value for key, value in tags.items()}
    context |= {f"aws:resourcetag/{key.lower()}": value for key, value in tags.items()}
    requested = _requested(need.action, found, parameters)
    given = cast(Mapping[str, Value], need.context)
    return msgspec.structs.replace(need, resource=resource, context={**given, **context, **requested})


def _entity(
    tx: ReadTransaction, caller: Caller, scope: Scope, need: Need, parameters: Mapping[str, Any]
) -> Entity | None:
    """The entity that the need is on, if it is there. What is created anew is another, whatever is there."""
    kind = _kind(need.resource)
    if kind is None or need.action in _MAKING:
        return None
    if kind is Policy:
        return entities.of_arn(tx, Policy, parameters.get("PolicyArn", ""))
    name = parameters.get(_NAMES[kind])
    if name is not None:
        return entities.find(tx, kind, scope.account, name)
    return _own_user(tx, caller, parameters) if kind is User else None


def _own_user(tx: ReadTransaction, caller: Caller, parameters: Mapping[str, Any]) -> User | None:
    """Whose user is meant where none is named: a key's, or the caller."""
    key = identity.find_key(tx, parameters.get("AccessKeyId", ""))
    arn = key.caller.arn if key is not None and key.caller.account == caller.account else caller.arn
    return entities.of_arn(tx, User, arn)


def _unmade(scope: Scope, need: Need, parameters: Mapping[str, Any]) -> str:
    """The ARN of what is still to be made, or is not there, or the path of a list; else what the table says."""
    if need.action in _LISTS:
        return _LISTS[need.action].format(scope=scope, path=parameters.get("PathPrefix") or "/")
    kind = _kind(need.resource)
    if kind is Role and "AWSServiceName" in parameters:
        path, name = service_linked.named(parameters["AWSServiceName"], parameters.get("CustomSuffix"))
        return entities.arn(scope, Role, path, name)
    if kind is not None and _NAMES[kind] in parameters and "PolicyArn" not in parameters:
        return entities.arn(scope, kind, parameters.get("Path") or "/", parameters[_NAMES[kind]])
    for parameter, form in _OTHERS.items():
        if parameter in parameters and need.resource.endswith(("*", "/*")):
            return form(scope, parameters)
    return need.resource


def _requested(action: str, found: Entity | None, parameters: Mapping[str, Any]) -> dict[str, Value]:
    """IAM's own condition keys, apart from tags."""
    context: dict[str, Value] = {}
    if action in _BOUNDED:
        boundary = parameters.get("PermissionsBoundary") or getattr(found, "boundary", None)
        if boundary:
            context["iam:permissionsboundary"] = boundary
    for parameter, key in _KEYS.items():
        if parameter in parameters:
            context[key] = str(parameters[parameter])
    return context


def _kind(resource: str) -> type[Entity] | None:
    """What an ARN of IAM's names; None for what is no entity of ours."""
    parts = resource.split(":", 5)
    return _KINDS.get(parts[5].partition("/")[0]) if len(parts) == 6 else None


def _arn(scope: Scope, kind: str, rest: str) -> str:
    return f"arn:{scope.partition}:iam::{scope.account}:{kind}{rest}"


_DENIED = re.compile(
    r"(?P<start>\S.{0,2100}? is not authorized to perform: iam:(?P<action>\w+) on resource: )"
    r"(?P<arn>arn:[a-z-]+:iam::[0-9a-z]+:(?P<kind>user|group|role|instance-profile|policy)/(?:[^\s/]+/)*(?P<name>[^\s/]*))"
)
_BY_ARN = frozenset(
    {"CreateUser", "CreateGroup", "CreateRole", "CreateInstanceProfile", "CreateServiceLinkedRole", "PassRole",
     "TagUser", "TagRole", "TagPolicy", "TagInstanceProfile", "UntagUser", "UntagRole", "UntagPolicy",
     "UntagInstanceProfile"}
)  # fmt: skip
_MAKING = frozenset(
    {"iam:CreateUser", "iam:CreateGroup", "iam:CreateRole", "iam:CreatePolicy", "iam:CreateInstanceProfile",
     "iam:CreateServiceLinkedRole", "iam:UploadServerCertificate"}
)  # fmt: skip
_LIST = "arn:{{scope.partition}}:iam::{{scope.account}}:{}{{path}}"
_LISTS = {
    "iam:ListUsers": _LIST.format("user"),
    "iam:ListGroups": _LIST.format("group"),
    "iam:ListRoles": _LIST.format("role"),
    "iam:ListInstanceProfiles": _LIST.format("instance-profile"),
    "iam:ListServerCertificates": _LIST.format("server-certificate"),
    "iam:ListVirtualMFADevices": _LIST.format("mfa"),
    "iam:ListPolicies": "policy path {path}",
}
"""Lists are on a path, though no page says so: denials tell."""
_KINDS = {kind.kind: kind for kind in _NAMES}
_KEYS = {
    "PolicyArn": "iam:policyarn",
    "AWSServiceName": "iam:awsservicename",
    "ServiceName": "iam:servicespecificcredentialservicename",
    "CredentialAgeDays": "iam:servicespecificcredentialagedays",
}
_OTHERS: Mapping[str, Callable[[Scope, Mapping[str, Any]], str]] = {
    "PolicySourceArn": lambda scope, given: given["PolicySourceArn"],
    "SerialNumber": lambda scope, given: given["SerialNumber"],
    "SAMLProviderArn": lambda scope, given: given["SAMLProviderArn"],
    "OpenIDConnectProviderArn": lambda scope, given: given["OpenIDConnectProviderArn"],
    "VirtualMFADeviceName": lambda scope, given: _arn(
        scope, "mfa", (given.get("Path") or "/") + given["VirtualMFADeviceName"]
    ),
    "Url": lambda scope, given: _arn(scope, "oidc-provider/", given["Url"].partition("://")[2]),
    "Name": lambda scope, given: _arn(scope, "saml-provider/", given["Name"]),
    "DeletionTaskId": lambda scope, given: _arn(
        scope, "role", given["DeletionTaskId"].removeprefix("task").rpartition("/")[0]
    ),
}


def is_barred(caller: Caller) -> bool:
    """Whether IAM refuses the credentials, whatever they may do: those of GetFederationToken always, those of
    GetSessionToken unless a code of an MFA device was given for them.

    Source: IAM User Guide, "Compare AWS STS credentials"."""
    session = caller.session
    if session is None or session.console:
        return False
    if caller.kind is Kind.ROOT:  # the sessions of AssumeRoot have a task policy
        return session.mfa is None and not session.policy_arns
    return caller.kind is Kind.FEDERATED or (caller.kind is Kind.USER and session.mfa is None)
