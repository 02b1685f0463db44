"""Who may do what with a bucket and its objects. `check` is the door; everything else serves it.

The kernel's policy engine decides, from the caller's own policies and the bucket's. What is S3's own is decided here:
ACLs, which give to other accounts what a policy could; objects that belong to who wrote them; Block Public Access;
access points, whose policies come before the bucket's."""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

from cumulet.kernel.access import Need, pass_role
from cumulet.kernel.authority import Authority
from cumulet.kernel.authz import Decision, Reason
from cumulet.kernel.identity import Caller, Kind
from cumulet.kernel.scope import Scope
from cumulet.kernel.service import RequestInfo
from cumulet.kernel.store import ReadTransaction
from cumulet.services.s3 import acls, actions, buckets, objects, policies, public_access
from cumulet.services.s3.access_points import AccessPoint
from cumulet.services.s3.actions import OBJECT, Right
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.errors import AccessDenied, InvalidBucketOwnerAWSAccountID
from cumulet.services.s3.facts import Facts
from cumulet.services.s3.objects import Object
from cumulet.services.s3.owners import canonical_id

_LIST = Right("s3:ListBucket", actions.BUCKET)
_READS = frozenset({"s3:GetObject", "s3:GetObjectVersion"})
_POLICY_OPERATIONS = frozenset({"get_bucket_policy", "put_bucket_policy", "delete_bucket_policy"})
_BY_BUCKET_ACL = {
    "s3:ListBucket": acls.READ,
    "s3:ListBucketVersions": acls.READ,
    "s3:ListBucketMultipartUploads": acls.READ,
    "s3:PutObject": acls.WRITE,
    "s3:DeleteObject": acls.WRITE,
    "s3:GetBucketAcl": acls.READ_ACP,
    "s3:PutBucketAcl": acls.WRITE_ACP,
}
_BY_OBJECT_ACL = {
    "s3:GetObject": acls.READ,
    "s3:GetObjectVersion": acls.READ,
    "s3:GetObjectAcl": acls.READ_ACP,
    "s3:GetObjectVersionAcl": acls.READ_ACP,
    "s3:PutObjectAcl": acls.WRITE_ACP,
    "s3:PutObjectVersionAcl": acls.WRITE_ACP,
}
"""What an ACL's permission is worth (S3 User Guide, mapping of ACL permissions and access policy permissions)."""


class Visitor(NamedTuple):
    """Who calls, from where, and who decides."""

    authority: Authority
    caller: Caller
    region: str
    request: RequestInfo

    @property
    def scope(self) -> Scope:
        return Scope(account=self.caller.account, region=self.region)


def permitted(
    tx: ReadTransaction, visitor: Visitor, operation: str, parameters: dict[str, Any]
) -> tuple[Bucket, list[Need]]:
    """The bucket that a call names, and what had to be permitted. Raises NoSuchBucket or AccessDenied."""
    bucket = buckets.get(tx, parameters["Bucket"])
    return bucket, check(tx, bucket, visitor, operation, parameters)


def check(
    tx: ReadTransaction,
    bucket: Bucket,
    visitor: Visitor,
    operation: str,
    parameters: dict[str, Any],
    via: AccessPoint | None = None,
) -> list[Need]:
    """What a call had to be permitted. Raises AccessDenied unless the caller may do `operation` with `parameters`."""
    rights = actions.needed(operation, parameters)
    if via is None and _is_unquestioned(tx, bucket, visitor):
        return [
            Need(action=right.action, resource=_arn(bucket, right, parameters), account=bucket.account)
            for right in rights
        ]
    visit = _Visit(tx, bucket, visitor, operation, parameters, via)
    if visit.caller.kind is Kind.SERVICE:
        # Services send x-amz-acl where policies ask for it, and are let in by s3:PutObject alone (the policies in the
        # guides of S3 Inventory, CloudTrail and others).
        rights = [right for right in rights if right.action != "s3:PutObjectAcl"]
    for right in rights:
        visit.demand(right)
    if operation == "put_bucket_replication":
        visit.demand_passing((parameters.get("ReplicationConfiguration") or {}).get("Role") or "")
    if operation in ("get_object", "head_object") and visit.found is None:
        visit.demand_learning()
    return visit.asked


def check_owner(bucket: Bucket, expected: str | None) -> None:
    """Raises AccessDenied if the bucket is not whose the caller thinks it is, or InvalidBucketOwnerAWSAccountID."""
    if expected is None or expected == bucket.account:
        return
    if not (len(expected) == 12 and expected.isdecimal()):
        raise InvalidBucketOwnerAWSAccountID
    raise AccessDenied


def check_deletion(
    tx: ReadTransaction,
    bucket: Bucket,
    visitor: Visitor,
    key: str,
    version_id: str | None,
    via: AccessPoint | None = None,
) -> list[Need]:
    """What it takes to delete this one of the objects that a DeleteObjects names. Raises AccessDenied."""
    return check(
        tx, bucket, visitor, "delete_object", {"Bucket": bucket.name, "Key": key, "VersionId": version_id}, via
    )


def listing(bucket: Bucket) -> Need:
    """What it takes to learn that an object is not there."""
    return Need(action=_LIST.action, resource=bucket.arn, account=bucket.account)


def may(tx: ReadTransaction, bucket: Bucket, visitor: Visitor, action: str, key: str) -> bool:
    """Whether the caller may do one thing with an object, where no request of the caller's own asks (replication)."""
    if _is_unquestioned(tx, bucket, visitor):
        return True
    return _Visit(tx, bucket, visitor, "", {"Bucket": bucket.name, "Key": key}).may(Right(action, OBJECT))


def _is_unquestioned(tx: ReadTransaction, bucket: Bucket, visitor: Visitor) -> bool:
    """The common case, without a look at anything: the owner's root, no policy, and no objects of others."""
    return (
        visitor.caller.account == bucket.account
        and not bucket.has("policy")
        and not public_access.has_acls(bucket)
        and visitor.authority.standing(tx, visitor.caller).is_unbound
    )


class _Visit:
    """One call by one caller, and what has been found out about it so far."""

    def __init__(
        self,
        tx: ReadTransaction,
        bucket: Bucket,
        visitor: Visitor,
        operation: str,
        parameters: dict[str, Any],
        via: AccessPoint | None = None,
    ) -> None:
        self.tx = tx
        self.via = via
        self.bucket = bucket
        self.visitor = visitor
        self.caller = visitor.caller
        self.operation = operation
        self.parameters = parameters
        self.asked: list[Need] = []

    def may(self, right: Right) -> bool:
        return self._decide(right)[0].allowed

    def demand(self, right: Right) -> None:
        """Raises AccessDenied; those of the bucket's own account are told why."""
        decision, need = self._decide(right)
        self.asked.append(need)
        if decision.allowed:
            return
        raise self._refusal(decision, need, in_words=self._is_of_owner())

    def demand_learning(self) -> None:
        """Raises AccessDenied unless the caller may learn that the object is not there: whoever may not list must not,
        and is not told why."""
        decision, need = self._decide(_LIST)
        self.asked.append(need)
        if not decision.allowed:
            raise self._refusal(decision, need, in_words=False)

    def demand_passing(self, role: str) -> None:
        """Raises AccessDenied unless the caller may give this role to S3."""
        decision, need = self._ask(pass_role(role, "s3.amazonaws.com"))
        if not decision.allowed:
            raise self._refusal(decision, need, in_words=True)

    def _refusal(self, decision: Decision, need: Need, *, in_words: bool) -> AccessDenied:
        refusal = AccessDenied(self._words(need, decision)) if in_words else AccessDenied()
        refusal.because, refusal.asked = decision, need
        visitor = self.visitor
        refusal.explained = visitor.authority.explain(
            self.tx, visitor.caller, visitor.scope, visitor.request, need
        )  # fmt: skip
        return refusal

    def need(
        self, right: Right, *, account: str = "", policy: str | None = None, granted: bool = False, resource: str = ""
    ) -> Need:
        return Need(
            action=right.action,
            resource=resource or _arn(self.bucket, right, self.parameters),
            account=account or self.bucket.account,
            policy=policy,
            granted=granted,
            canonical_user=canonical_id(self.caller.account) if policy and "CanonicalUser" in policy else "",
            context=self._facts,
        )

    def _decide(self, right: Right) -> tuple[Decision, Need]:
        """The decision, and the question that it answers."""
        if self.via is not None:
            decision, need = self._at_access_point(right, self.via)
            if not decision.allowed:
                return decision, need
            said = self._at_bucket(right)
            # Whom the owner's access point lets in, only a Deny of the bucket's keeps out, if he is of the account.
            is_kept_out = said[0].reason is Reason.EXPLICIT_DENY or not self._is_of_owner()
            return said if is_kept_out else (decision, need)
        return self._at_bucket(right)

    def _at_access_point(self, right: Right, via: AccessPoint) -> tuple[Decision, Need]:
        key = self.parameters.get("Key", "")
        resource = f"{via.arn}/object/{key}" if right.level == OBJECT else via.arn
        policy = policies.evaluated(via.policy) if via.policy is not None else None
        is_closed = bool(via.policy and via.policy["public"] and via.blocks.get(public_access.RESTRICT))
        return self._asked_of(right, via.account, policy, is_closed, False, resource)

    def _at_bucket(self, right: Right) -> tuple[Decision, Need]:
        if self._is_foreign(right):  # what others own, only their ACL gives away
            owner = acls.owner_of(self.bucket, self.found) if self.found is not None else ""
            denied = self._asked_of(right, self.bucket.account, self._policy_text, False, False)
            if denied[0].reason is Reason.EXPLICIT_DENY:
                return denied
            return self._ask(self.need(right, account=owner, granted=self._by_acl(right)))
        policy = self._policy_text
        if self.operation in _POLICY_OPERATIONS and self.caller.kind is Kind.ROOT and self._is_of_owner():
            policy = None  # so that nobody locks himself out for good
        is_closed = bool(policy and (self._policy or {})["public"] and public_access.RESTRICT in self._blocks)
        granted = not self._is_of_owner() and self._by_acl(right)
        return self._asked_of(right, self.bucket.account, policy, is_closed, granted)

    def _asked_of(
        self, right: Right, account: str, policy: str | None, is_closed: bool, granted: bool, resource: str = ""
    ) -> tuple[Decision, Need]:
        """Under RestrictPublicBuckets (`is_closed`) a public policy lets in only AWS's services and the account itself,
        but denies as ever."""
        found = self._ask(self.need(right, account=account, policy=policy, granted=granted, resource=resource))
        is_stranger = self.caller.account != account and self.caller.kind is not Kind.SERVICE
        if is_closed and is_stranger and found[0].reason is not Reason.EXPLICIT_DENY:
            return self._ask(self.need(right, account=account, granted=granted, resource=resource))
        return found

    def _ask(self, need: Need) -> tuple[Decision, Need]:
        visitor = self.visitor
        decision = visitor.authority.decide(self.tx, visitor.caller, visitor.scope, visitor.request, need)
        return decision, need

    def _words(self, need: Need, decision: Decision) -> str:
        visitor = self.visitor
        return visitor.authority.words(self.tx, visitor.caller, visitor.scope, visitor.request, need, decision)

    def _is_of_owner(self) -> bool:
        return self.caller.account == self.bucket.account and self.caller.kind is not Kind.SERVICE

    def _is_foreign(self, right: Right) -> bool:
        if not public_access.has_acls(self.bucket) or right.action not in _BY_OBJECT_ACL or self.found is None:
            return False
        return acls.owner_of(self.bucket, self.found) not in (self.bucket.account, self.caller.account)

    def _by_acl(self, right: Right) -> bool:
        if not public_access.has_acls(self.bucket):
            return False
        ignore = public_access.IGNORE_ACLS in self._blocks
        if right.action in _BY_OBJECT_ACL and self.operation not in actions.WRITES:
            if self.found is None:
                # Nothing to read: with the right to list, the caller may learn that it is not there.
                return right.action in _READS and self.may(_LIST)
            grants = acls.of_object(self.bucket, self.found)
            return acls.allow(grants, self.caller, _BY_OBJECT_ACL[right.action], ignore_public=ignore)
        # Who may write by ACL owns what he writes, and so may say its ACL and tags along with it.
        permission = acls.WRITE if self.operation in actions.WRITES else _BY_BUCKET_ACL.get(right.action)
        if permission is None or (permission == acls.WRITE and self._belongs_to_another()):
            return False
        return acls.allow(acls.of_bucket(self.tx, self.bucket), self.caller, permission, ignore_public=ignore)

    def _belongs_to_another(self) -> bool:
        """WRITE lets in new objects; to replace or delete one, its own writer has to come (S3 User Guide, ACLs)."""
        writer = acls.writer(self.caller)
        return self.found is not None and acls.owner_of(self.bucket, self.found) != writer

    @cached_property
    def found(self) -> Object | None:
        """The version that the call is about, if there is one to be read."""
        key, version_id = self.parameters.get("Key"), self.parameters.get("VersionId")
        if key is None:
            return None
        if version_id is None:
            found = objects.current(self.tx, self.bucket.name, key)
        else:
            found = objects.version(self.tx, self.bucket.name, key, version_id)
        return None if found is None or found.delete_marker else found

    @cached_property
    def _policy(self) -> dict[str, Any] | None:
        return buckets.configuration(self.tx, self.bucket.name, "policy") if self.bucket.has("policy") else None

    @cached_property
    def _policy_text(self) -> str | None:
        return policies.evaluated(self._policy) if self._policy is not None else None

    @cached_property
    def _blocks(self) -> frozenset[str]:
        return public_access.in_force(self.tx, self.bucket)

    @cached_property
    def _facts(self) -> Facts:
        return Facts(
            self.operation, self.parameters, self.visitor.request, self.tx.now, self.bucket.account, self.via,
            lambda: self.found,
        )  # fmt: skip


def _arn(bucket: Bucket, right: Right, parameters: dict[str, Any]) -> str:
    """What a right is on: the bucket, or the object that the call names."""
    return f"{bucket.arn}/{parameters.get('Key', '')}" if right.level == OBJECT else bucket.arn
