"""Managed policies: those that customers make, with up to five versions, and those that AWS gives every account."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import chain

from cumulet.kernel import authority
from cumulet.kernel.records import Record, replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam import attachments, documents, entities, managed, paths
from cumulet.services.iam.entities import Entity
from cumulet.services.iam.errors import (
    DeleteConflict,
    EntityAlreadyExists,
    LimitExceeded,
    NoSuchEntity,
    PolicyNotAttachable,
    ValidationError,
)
from cumulet.services.iam.managed import ManagedPolicy

LARGEST = 6144
MOST_VERSIONS = 5
AWS = "aws"
"""What stands for the account in the ARNs of AWS's own policies."""
SERVICE_ROLES = "/aws-service-role/"
"""The path of policies that only service-linked roles have."""
_ARN = re.compile(r"arn:(aws[a-z-]*):iam::(aws|[0-9]{12}):policy(/(?:[\x21-\x7e]+/)?)([\w+=,.@-]+)")
_VERSION = re.compile(r"v([1-9][0-9]{0,8})")


class Policy(Entity):
    kind = "policy"
    prefix = "ANPA"
    noun = "policy"
    quota = ("PoliciesPerAccount", 1500)

    updated: datetime
    description: str = ""
    default: str = "v1"
    versions_made: int = 1
    """Version numbers are never used again."""
    tags: dict[str, str] = {}  # noqa: RUF012 - records are frozen

    @classmethod
    def duplicate(cls, name: str) -> EntityAlreadyExists:
        return EntityAlreadyExists(f"A policy called {name} already exists. Duplicate names are not allowed.")

    @property
    def is_aws_managed(self) -> bool:
        return self.account == AWS


class Version(Record):
    id: str
    created: datetime
    document: str


def create(
    tx: Transaction, scope: Scope, name: str, path: str | None, text: str, description: str, tags: dict[str, str]
) -> Policy:
    """Raises EntityAlreadyExists, MalformedPolicyDocument, LimitExceeded or ValidationError."""
    path = paths.check_path(path)
    paths.check_name("policyName", name)
    _check_document(text)
    policy = Policy(
        id=entities.unique_id(tx, Policy), name=name, path=path, arn=entities.arn(scope, Policy, path, name),
        created=tx.now, updated=tx.now, description=description, tags=tags,
    )  # fmt: skip
    entities.add(tx, policy)
    _put_version(tx, policy, Version(id="v1", created=tx.now, document=text))
    return policy


def get(tx: ReadTransaction, account: str, arn: str) -> Policy:
    """A policy of the account, or one of AWS's. Raises ValidationError for what is no ARN, or NoSuchEntity."""
    found = find(tx, account, arn)
    if found is None:
        raise NoSuchEntity(f"Policy {arn} was not found.")
    return found


def find(tx: ReadTransaction, account: str, arn: str) -> Policy | None:
    """Raises ValidationError for what is no ARN of a policy."""
    parts = _ARN.fullmatch(arn)
    if parts is None:
        raise _no_arn(arn)
    if parts[2] == AWS:
        known = managed.find(arn)
        return None if known is None else of_aws(known)
    return entities.of_arn(tx, Policy, arn) if parts[2] == account else None


def attachable(tx: ReadTransaction, account: str, arn: str) -> Policy:
    """A policy that may be attached by customers. Raises NoSuchEntity or PolicyNotAttachable."""
    policy = find(tx, account, arn)
    if policy is None:
        raise NoSuchEntity(f"Policy {arn} does not exist or is not attachable.")
    if policy.is_aws_managed and policy.path.startswith(SERVICE_ROLES):
        raise PolicyNotAttachable("Cannot attach a Service Role Policy to a Customer Role.")
    return policy


def of_aws(known: ManagedPolicy) -> Policy:
    """AWS's policy as one of ours."""
    return Policy(
        id=known.id, name=known.name, path=known.path, arn=known.arn, created=known.created, updated=known.updated,
        description=known.description, default=known.version_id,
    )  # fmt: skip


def listed(tx: ReadTransaction, account: str, scope: str = "All", path_prefix: str = "/") -> Iterator[Policy]:
    """The policies of the account (scope Local), then AWS's (scope AWS), or both; each sorted by name."""
    local = entities.listed(tx, Policy, account, path_prefix) if scope != "AWS" else iter(())
    given = sorted(managed.all(), key=lambda known: known.name.lower()) if scope != "Local" else []
    return chain(local, (of_aws(known) for known in given if known.path.startswith(path_prefix)))


def sort_key(policy: Policy) -> str:
    """The account's own come first."""
    return ("1" if policy.is_aws_managed else "0") + policy.sort_key


def version_key(version: Version) -> str:
    """Sorts the newest first."""
    return f"{10**9 - _number(version.id):010}"


def account_of(arn: str) -> str:
    """The account in the ARN of a policy, or nothing."""
    parts = _ARN.fullmatch(arn)
    return parts[2] if parts is not None else ""


def path_of(arn: str) -> str:
    """The path in the ARN of a policy."""
    return arn.split(":policy", 1)[1].rpartition("/")[0] + "/"


def document(tx: ReadTransaction, policy: Policy) -> str:
    """The text of the default version."""
    return version(tx, policy, policy.default).document


def version(tx: ReadTransaction, policy: Policy, version_id: str) -> Version:
    """Raises NoSuchEntity."""
    if policy.is_aws_managed:
        known = managed.find(policy.arn)
        if known is not None and known.version_id == version_id:
            return Version(id=version_id, created=known.updated, document=known.document)
    elif number := _number(version_id):
        found: Version | None = tx.get(("iam", policy.account, "versions", policy.id, number))
        if found is not None:
            return found
    raise NoSuchEntity(f"Policy {policy.arn} version {version_id} does not exist or is not attachable.")


def versions(tx: ReadTransaction, policy: Policy) -> list[Version]:
    """Newest first. Of AWS's policies only the one in force is known."""
    if policy.is_aws_managed:
        return [version(tx, policy, policy.default)]
    return list(tx.range(("iam", policy.account, "versions", policy.id), reverse=True))


def add_version(tx: Transaction, policy: Policy, text: str, *, is_default: bool) -> Version:
    """Raises LimitExceeded when there are five, or MalformedPolicyDocument."""
    _check_document(text)
    if len(versions(tx, policy)) >= MOST_VERSIONS:
        raise LimitExceeded(
            f"A managed policy can have up to {MOST_VERSIONS} versions. "
            "Before you create a new version, you must delete an existing version."
        )
    number = policy.versions_made + 1
    added = Version(id=f"v{number}", created=tx.now, document=text)
    _put_version(tx, policy, added)
    default = added.id if is_default else policy.default
    _put(tx, replace(policy, versions_made=number, default=default, updated=tx.now))
    return added


def set_default(tx: Transaction, policy: Policy, version_id: str) -> None:
    """Raises NoSuchEntity."""
    version(tx, policy, version_id)
    _put(tx, replace(policy, default=version_id, updated=tx.now))


def delete_version(tx: Transaction, policy: Policy, version_id: str) -> None:
    """Raises NoSuchEntity, or DeleteConflict for the default version."""
    version(tx, policy, version_id)
    if version_id == policy.default:
        raise DeleteConflict("Cannot delete the default version of a policy.")
    tx.delete(("iam", policy.account, "versions", policy.id, _number(version_id)))
    _put(tx, replace(policy, updated=tx.now))


def delete(tx: Transaction, policy: Policy) -> None:
    """Raises DeleteConflict while it is attached, bounds somebody, or has versions beside the default."""
    attached, bounding = attachments.counts(tx, policy.account, policy.arn)
    if attached or bounding:
        raise DeleteConflict("Cannot delete a policy attached to entities.")
    if len(versions(tx, policy)) > 1:
        raise DeleteConflict(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's "
            "versions. The default version is deleted with the policy."
        )
    tx.delete_range(("iam", policy.account, "versions", policy.id))
    entities.delete(tx, policy)
    authority.changed(tx, policy.account)


def set_tags(tx: Transaction, policy: Policy, tags: dict[str, str]) -> None:
    entities.put(tx, replace(policy, tags=tags))


def _put(tx: Transaction, policy: Policy) -> None:
    entities.put(tx, policy)
    authority.changed(tx, policy.account)


def _put_version(tx: Transaction, policy: Policy, version: Version) -> None:
    tx.put(("iam", policy.account, "versions", policy.id, _number(version.id)), version)


def _check_document(text: str) -> None:
    documents.check_size(text, "PolicySize", LARGEST)
    documents.check(text)


def _number(version_id: str) -> int:
    """Zero for what is no version's id."""
    found = _VERSION.fullmatch(version_id)
    return int(found[1]) if found else 0


def _no_arn(given: str) -> ValidationError:
    parts = given.split(":", 5)
    if len(parts) == 6 and parts[0] == "arn" and parts[2] == "iam" and "/" in parts[5]:
        return ValidationError(f"ARN {given} is not valid.")
    return ValidationError("Invalid ARN:  Could not be parsed!")
