"""Service-linked roles: roles that belong to a service, with a trust and permissions that only AWS changes.

The service names its role and the policy that the role has; customers create and delete it, and edit at most its
description. Nothing else of a cloud here uses these roles, so deleting one never has to wait.
Source: IAM User Guide, Using service-linked roles."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import msgspec

from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam import attachments, roles
from cumulet.services.iam.errors import InvalidInput, NoSuchEntity, ValidationError
from cumulet.services.iam.roles import Role, Wanted

SUCCEEDED = "SUCCEEDED"
_FILE = Path(__file__).with_name("service_linked.json")
_POLICIES = "arn:aws:iam::aws:policy/aws-service-role/"
_TASK = re.compile(r"task/aws-service-role/[^/]+/[^/]+/[0-9a-f-]{36}")


class Linked(msgspec.Struct, frozen=True):
    """What a service's role is called, which policy it has, whether there may be several, and what is said of it."""

    role: str
    policy: str
    suffix: bool = False
    description: str | None = None


def create(tx: Transaction, scope: Scope, service: str, description: str | None, suffix: str | None) -> Role:
    """Raises InvalidInput for a service without such roles, a suffix it does not take, or a role that is there."""
    linked = _known().get(service)
    if linked is None:
        raise InvalidInput(f"Service {service} has no service-linked role that is known here.")
    if suffix is not None and not linked.suffix:
        raise InvalidInput(f"Custom suffix is not allowed for {service}")
    path, name = named(service, suffix)
    if roles.find(tx, scope.account, name) is not None:
        raise InvalidInput(f"Service role name {name} has been taken in this account, please try a different suffix.")
    role = roles.add(tx, scope, Wanted(name, path, _trust(service), description or linked.description, 3600, None, {}))
    attachments.attach(tx, role, _POLICIES + linked.policy)
    return role


def named(service: str, suffix: str | None) -> tuple[str, str]:
    """Path and name of the role of a service; a service that is not known has a role of any name."""
    linked = _known().get(service)
    name = "*" if linked is None else linked.role
    return f"{roles.SERVICE_LINKED}{service}/", name if suffix is None else f"{name}_{suffix}"


def delete(tx: Transaction, account: str, name: str) -> str:
    """Delete the role; returns the id of the task that did. Raises NoSuchEntity or ValidationError."""
    role = roles.get(tx, account, name)
    if not role.is_service_linked:
        raise ValidationError(f"The role {name} is not a service-linked role.")
    for policy in attachments.of(tx, role):
        attachments.detach(tx, role, policy)
    roles.remove(tx, role)
    task = f"task{role.path}{role.name}/{tx.uuid()}"
    tx.put(("iam", account, "role-deletions", task), SUCCEEDED)
    return task


def deletion(tx: ReadTransaction, account: str, task: str) -> str:
    """How far a deletion is. Raises NoSuchEntity."""
    status: str | None = tx.get(("iam", account, "role-deletions", task)) if _TASK.fullmatch(task) else None
    if status is None:
        raise NoSuchEntity(f"Deletion Task Id {task} is not valid for specified accountId")
    return status


def _trust(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@cache
def _known() -> dict[str, Linked]:
    return msgspec.json.decode(_FILE.read_bytes(), type=dict[str, Linked])
