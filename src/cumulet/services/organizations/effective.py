"""Effective policies: what all policies of a type come to for one account, and what is wrong with the result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec

from cumulet.kernel.store import ReadTransaction
from cumulet.services.organizations import attachments, documents, inheritance, members, policy_types, tree
from cumulet.services.organizations.errors import (
    EffectivePolicyNotFoundException,
    TargetNotFoundException,
)
from cumulet.services.organizations.organizations import Organization
from cumulet.services.organizations.paging import Page
from cumulet.services.organizations.policies import Policy


class Fault(NamedTuple):
    code: str
    message: str
    place: str


def describe(tx: ReadTransaction, organization: Organization, caller: str, kind: str, target: str | None) -> Any:
    """The effective policy of an account; of the caller's own, unless the management account or an administrator
    names another. Raises EffectivePolicyNotFoundException where no policy of the type says anything."""
    policy_types.management(kind)
    number = target or caller
    if tree.member(tx, organization, number) is None:
        raise TargetNotFoundException if target else EffectivePolicyNotFoundException
    merged = merge(tx, organization, kind, number)
    if not merged:
        raise EffectivePolicyNotFoundException
    changed = [policy.changed for policy in _contributing(tx, organization, kind, number) if policy.changed]
    return {
        "PolicyContent": msgspec.json.encode(merged).decode(),
        "LastUpdatedTimestamp": max(changed),
        "TargetId": number,
        "PolicyType": kind,
    }


def merge(tx: ReadTransaction, organization: Organization, kind: str, number: str) -> dict[str, Any]:
    """The effective policy as plain values; empty if there is none."""
    if kind not in organization.types:
        return {}
    line = tree.line(tx, organization, number)
    levels = [attachments.held(tx, organization, entity, kind) for entity in line]
    return inheritance.merge([[documents.read(policy.content) for policy in level] for level in levels])


def invalid_accounts(
    tx: ReadTransaction, organization: Organization, kind: str, page: Page
) -> tuple[list[dict[str, object]], str | None]:
    policy_types.management(kind)
    if kind not in organization.types:
        raise EffectivePolicyNotFoundException
    return page.of(
        tx,
        organization.key("accounts"),
        lambda key, member: (
            members.as_wire(tx, organization, member)
            if any(_faults(kind, merge(tx, organization, kind, key[-1])))
            else None
        ),
    )


def errors(tx: ReadTransaction, organization: Organization, kind: str, number: str, page: Page) -> dict[str, Any]:
    policy_types.management(kind)
    members.demand(tx, organization, number)
    merged = merge(tx, organization, kind, number)
    if not merged:
        raise EffectivePolicyNotFoundException
    contributing = [policy.id for policy in _contributing(tx, organization, kind, number)]
    rows = [
        (
            f"{place:06}",
            {
                "ErrorCode": fault.code,
                "ErrorMessage": fault.message,
                "PathToError": fault.place,
                "ContributingPolicies": contributing,
            },
        )
        for place, fault in enumerate(_faults(kind, merged))
    ]
    shown, token = page.cut(rows)
    answer = {
        "AccountId": number,
        "PolicyType": kind,
        "Path": tree.path(tx, organization, number),
        "EvaluationTimestamp": tx.now,
        "EffectivePolicyValidationErrors": shown,
    }
    return answer | ({"NextToken": token} if token is not None else {})


def _contributing(tx: ReadTransaction, organization: Organization, kind: str, number: str) -> list[Policy]:
    line = tree.line(tx, organization, number)
    return [policy for entity in line for policy in attachments.held(tx, organization, entity, kind)]


def _faults(kind: str, merged: dict[str, Any]) -> Iterator[Fault]:
    """What stands in the way of enforcing an effective policy, for the types whose rules are known."""
    check = _CHECKS.get(kind)
    if check is not None and merged:
        yield from check(merged)


def _backup_faults(merged: dict[str, Any]) -> Iterator[Fault]:
    """Source: Organizations User Guide, Backup policy syntax: the keys that a plan must have."""
    for name, plan in merged["plans"].items():
        place = f"plans/{name}"
        for key in ("regions", "rules", "selections"):
            if not isinstance(plan, dict) or not plan.get(key):
                yield _missing(place, key)
        rules = plan.get("rules", {}) if isinstance(plan, dict) else {}
        for rule_name, rule in rules.items():
            if not isinstance(rule, dict) or "target_backup_vault_name" not in rule:
                yield _missing(f"{place}/rules/{rule_name}", "target_backup_vault_name")


def _opt_out_faults(merged: dict[str, Any]) -> Iterator[Fault]:
    for name, service in merged["services"].items():
        choice = service.get("opt_out_policy") if isinstance(service, dict) else None
        if choice is None:
            yield _missing(f"services/{name}", "opt_out_policy")
        elif choice not in ("optIn", "optOut"):
            words = "The value must be optIn or optOut."
            yield Fault("INVALID_VALUE", words, f"services/{name}/opt_out_policy")


def _missing(place: str, key: str) -> Fault:
    return Fault("KEY_REQUIRED", f"The key {key} is required.", f"{place}/{key}")


_CHECKS: dict[str, Callable[[dict[str, Any]], Iterator[Fault]]] = {
    "BACKUP_POLICY": _backup_faults,
    "AISERVICES_OPT_OUT_POLICY": _opt_out_faults,
}
