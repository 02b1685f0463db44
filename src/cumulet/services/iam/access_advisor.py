"""Access advisor: which services somebody may use by its policies, and when each was last used, out of the kernel's
ledger of use. What cannot be seen there within 400 days counts as never used.

Only policies that grant count, as in AWS's reports: no boundaries, no organization's controls, no resource's policies.
Source: IAM API Reference, GenerateServiceLastAccessedDetails."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from cumulet.kernel import actions
from cumulet.kernel.audit import use
from cumulet.kernel.authz import policies as language
from cumulet.kernel.authz.malformed import MalformedPolicy
from cumulet.kernel.authz.policies import Statement
from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam import attachments, authority, entities, groups, policies, roles, users
from cumulet.services.iam.entities import Entity
from cumulet.services.iam.errors import InvalidInput, NoSuchEntity
from cumulet.services.iam.groups import Group
from cumulet.services.iam.holders import held
from cumulet.services.iam.roles import Role
from cumulet.services.iam.users import User

TRACKED = timedelta(days=400)
KEPT = timedelta(days=7)
SERVICE_LEVEL, ACTION_LEVEL = "SERVICE_LEVEL", "ACTION_LEVEL"
_TRIMMED_AT_ONCE = 100


class Used(Record):
    """When somebody last used a service, or one action of it, and where."""

    name: str
    last: datetime
    region: str


class EntityUse(Record):
    """How one user or role used one service."""

    arn: str
    id: str
    name: str
    kind: str
    path: str
    service: Used
    actions: tuple[Used, ...]


class ServiceUse(Record):
    """`entities` are those that used the service, latest first."""

    prefix: str
    entities: tuple[EntityUse, ...] = ()


class AccessReport(Record):
    id: str
    asked: datetime
    granularity: str
    services: tuple[ServiceUse, ...]


def generate(tx: Transaction, account: str, arn: str, granularity: str) -> AccessReport:
    """Raises NoSuchEntity, or InvalidInput for what is no user, group, role or policy."""
    granted, holders = _about(tx, account, arn)
    found = _uses(tx, account, holders)
    services = tuple(ServiceUse(prefix=prefix, entities=found.get(prefix, ())) for prefix in sorted(granted))
    report = AccessReport(id=tx.uuid(), asked=tx.now, granularity=granularity, services=services)
    _trim(tx, account)
    tx.put(_key(account, report.id), report)
    tx.put(("iam", account, "access-reports-by-time", tx.now, report.id), report.id)
    return report


def get(tx: ReadTransaction, account: str, report_id: str) -> AccessReport:
    """Raises NoSuchEntity."""
    report: AccessReport | None = tx.get(_key(account, report_id))
    if report is None or tx.now - report.asked > KEPT:
        raise NoSuchEntity(f"Job with id {report_id} does not exist.")
    return report


def service_of(report: AccessReport, prefix: str) -> ServiceUse:
    """Raises InvalidInput for a service that the report is not about."""
    found = next((service for service in report.services if service.prefix == prefix), None)
    if found is None:
        raise InvalidInput(f"The report has no service {prefix}.")
    return found


def granted(texts: list[str]) -> set[str]:
    """The prefixes of the services of which policies allow anything."""
    allowed: set[str] = set()
    denied: set[str] = set()
    for text in texts:
        try:
            statements = language.parse(text).statements
        except MalformedPolicy:  # of AWS's own policies some use what the language has no more
            continue
        for statement in statements:
            (allowed if statement.allow else denied).update(_prefixes(statement))
    return allowed - denied


def _prefixes(statement: Statement) -> Iterator[str]:
    """The services that a statement touches, if it allows; those that it closes altogether, if it denies."""
    if not statement.allow and (statement.conditions or statement.resources != ("*",) or statement.not_resource):
        return
    whole = {pattern.lower().removesuffix(":*") for pattern in statement.actions if pattern.endswith("*")}
    if statement.not_action:
        yield from (prefix for prefix in actions.prefixes() if "*" not in whole and prefix not in whole)
        return
    for pattern in statement.actions:
        prefix, _, name = pattern.lower().partition(":")
        if pattern == "*":
            yield from actions.prefixes()
        elif statement.allow or name == "*":
            yield prefix


def _about(tx: ReadTransaction, account: str, arn: str) -> tuple[set[str], list[User | Role]]:
    """What is granted, and to whom."""
    kind = arn.split(":", 5)[-1].partition("/")[0]
    if kind == "policy":
        policy = policies.get(tx, account, arn)
        return granted([policies.document(tx, policy)]), _holders(tx, account, arn)
    group = entities.of_arn(tx, Group, arn)
    if group is not None and group.account == account:
        return granted([policy.text for policy in held(tx, group)]), list(groups.members(tx, group))
    holder = users.of_arn(tx, arn) or roles.of_arn(tx, arn)
    if holder is not None and holder.account == account:
        found = authority.policies_of(tx, arn)
        assert found is not None, "who exists has policies, if only none"
        return granted([text for _, text in found.identity]), [holder]
    if kind not in ("user", "group", "role"):
        raise InvalidInput(f"{arn} is no user, group, role or policy.")
    raise NoSuchEntity(f"ARN {arn} was not found.")


def _holders(tx: ReadTransaction, account: str, policy_arn: str) -> list[User | Role]:
    """The users and roles that a policy is attached to, and the members of such groups; each once."""
    found: dict[str, User | Role] = {}
    for holder in attachments.holders(tx, account, policy_arn):
        for each in _members(tx, account, holder):
            found[each.id] = each
    return list(found.values())


def _members(tx: ReadTransaction, account: str, holder: attachments.Use) -> Iterator[User | Role]:
    if holder.kind == Group.kind:
        group = entities.by_id(tx, Group, account, holder.holder_id)
        yield from groups.members(tx, group) if group is not None else ()
        return
    one: User | Role | None = users.by_id(tx, account, holder.holder_id) or roles.by_id(tx, account, holder.holder_id)
    if one is not None:
        yield one


def _uses(tx: ReadTransaction, account: str, holders: list[User | Role]) -> dict[str, tuple[EntityUse, ...]]:
    """By service, how each of the holders used it; the latest first."""
    found: dict[str, list[EntityUse]] = {}
    for holder in holders:
        by_service: dict[str, list[Used]] = {}
        for each in use.of(tx, account, holder.arn, tx.now - TRACKED):
            prefix, _, name = each.action.partition(":")
            by_service.setdefault(prefix, []).append(Used(name=name, last=each.last, region=each.region))
        for prefix, used in by_service.items():
            found.setdefault(prefix, []).append(_entity_use(holder, used))
    return {
        prefix: tuple(sorted(each, key=lambda one: one.service.last, reverse=True)) for prefix, each in found.items()
    }


def _entity_use(holder: Entity, used: list[Used]) -> EntityUse:
    return EntityUse(
        arn=holder.arn, id=holder.id, name=holder.name, kind=holder.kind.upper(), path=holder.path,
        service=max(used, key=lambda each: each.last), actions=tuple(used),
    )  # fmt: skip


def _trim(tx: Transaction, account: str) -> None:
    """Forget some of the reports that are too old to be asked for."""
    for key, report_id in list(
        tx.items(("iam", account, "access-reports-by-time"), before=tx.now - KEPT, limit=_TRIMMED_AT_ONCE)
    ):
        tx.delete(key)
        tx.delete(_key(account, report_id))


def _key(account: str, report_id: str) -> Key:
    return ("iam", account, "access-reports", report_id)
