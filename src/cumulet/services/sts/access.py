"""What the operations of STS need, in the terms of policies.

To assume a role needs two things: that the role's trust policy lets the caller in, and, where it only trusts the
caller's account, or the caller is of another account, that the caller's own policies allow it. The trust policy is
the role's resource policy; it counts for tags and the source identity of the session as well."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cumulet.kernel.access import Need, Value
from cumulet.kernel.scope import Scope
from cumulet.services.sts.assumed import Role, Wanted

FREE = frozenset({"get_caller_identity", "get_session_token"})
"""Everybody may do this, whatever policies say (AWS STS API Reference)."""
PROVED = frozenset({"assume_role_with_saml", "assume_role_with_web_identity"})
"""Nobody signs these: the proof is among the parameters."""
DECIDED_LATER = PROVED | {"assume_role", "assume_root"}
"""What these need is known once the role, or the proof, has been looked at."""

_PREFIX = "sts:"


def needs(scope: Scope, operation: str, parameters: Mapping[str, Any]) -> Iterator[Need]:
    """What can be said before anything has been looked up."""
    if operation in FREE:
        return
    find = _RESOURCES.get(operation)
    resource, account = find(scope, parameters) if find is not None else ("*", "")
    context = _request_tags({tag["Key"]: tag["Value"] for tag in parameters.get("Tags", ())})
    yield Need(action=_action(operation), resource=resource, account=account, context=context)
    if parameters.get("Tags") and operation == "get_federation_token":
        yield Need(action="sts:TagSession", resource=resource, context=context)


def to_assume(action: str, role: Role, wanted: Wanted, context: Mapping[str, Value]) -> list[Need]:
    """What it takes to become the session that is wanted."""
    context = {**context, **_request_tags(wanted.tags.given), "sts:rolesessionname": wanted.name}
    if wanted.tags.transitive:
        context["sts:transitivetagkeys"] = list(wanted.tags.transitive)
    if wanted.source_identity:
        context["sts:sourceidentity"] = wanted.source_identity
    actions = [action]
    # Tags that the calling session hands on need the permission as well as those that are given anew.
    if wanted.tags.all:
        actions.append("sts:TagSession")
    if wanted.source_identity:
        actions.append("sts:SetSourceIdentity")
    return [_trusted(each, role, context) for each in actions]


def _trusted(action: str, role: Role, context: Mapping[str, Value]) -> Need:
    return Need(
        action=action, resource=role.arn, account=role.account, policy=role.trust, is_trust=True, must_allow=True,
        tags=lambda: role.tags, context=context,
    )  # fmt: skip


def _request_tags(tags: Mapping[str, str]) -> dict[str, Value]:
    context: dict[str, Value] = {f"aws:requesttag/{key.lower()}": value for key, value in tags.items()}
    return context | ({"aws:tagkeys": list(tags)} if tags else {})


def _action(operation: str) -> str:
    return _PREFIX + _NAMES.get(operation, "".join(word.capitalize() for word in operation.split("_")))


def _role(scope: Scope, parameters: Mapping[str, Any]) -> tuple[str, str]:
    arn = parameters["RoleArn"]
    parts = arn.split(":", 5)
    return arn, parts[4] if len(parts) == 6 else ""


def _federated(scope: Scope, parameters: Mapping[str, Any]) -> tuple[str, str]:
    return f"arn:{scope.partition}:sts::{scope.account}:federated-user/{parameters['Name']}", scope.account


def _root(scope: Scope, parameters: Mapping[str, Any]) -> tuple[str, str]:
    target = str(parameters["TargetPrincipal"])
    arn = f"arn:{scope.partition}:iam::{target}:root" if target.isdigit() else target
    return arn, ""


_NAMES = {"assume_role_with_saml": "AssumeRoleWithSAML"}
_RESOURCES: dict[str, Callable[[Scope, Mapping[str, Any]], tuple[str, str]]] = {
    "assume_role": _role,
    "assume_role_with_saml": _role,
    "assume_role_with_web_identity": _role,
    "assume_root": _root,
    "get_federation_token": _federated,
}
