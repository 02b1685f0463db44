"""Who may do what with a bucket and its objects. `permitted` is the door; everything else serves it.

An account may do everything with its own buckets, unless the bucket's policy denies it. Others, anonymous callers and
services may do what the policy allows or, where ACLs count, an ACL grants, unless Block Public Access stands before
it. What an account's own users and roles may do is not narrowed here: that is for identity policies to say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from cumulet.kernel.identity import Caller, Kind
from cumulet.kernel.service import RequestInfo
from cumulet.kernel.store import ReadTransaction
from cumulet.services.s3 import access_points, acls, actions, buckets, objects, policies, public_access
from cumulet.services.s3.access_points import AccessPoint
from cumulet.services.s3.actions import OBJECT, Need
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.errors import AccessDenied, InvalidBucketOwnerAWSAccountID
from cumulet.services.s3.objects import Object
from cumulet.services.s3.policies import Decision, Question

_LIST = Need("s3:ListBucket", actions.BUCKET)
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


def check_account(caller: Caller) -> None:
    """Raises AccessDenied for a caller without an account."""
    if caller.kind is Kind.ANONYMOUS:
        raise AccessDenied


def permitted(
    tx: ReadTransaction, caller: Caller, operation: str, parameters: dict[str, Any], request: RequestInfo
) -> Bucket:
    """The bucket that a call names, if the caller may make the call. Raises NoSuchBucket or AccessDenied."""
    bucket = buckets.get(tx, parameters["Bucket"])
    check(tx, bucket, caller, operation, parameters, request)
    return bucket


def check(
    tx: ReadTransaction,
    bucket: Bucket,
    caller: Caller,
    operation: str,
    parameters: dict[str, Any],
    request: RequestInfo,
    via: AccessPoint | None = None,
) -> None:
    """Raises AccessDenied unless the caller may do `operation` with `parameters` on `bucket`."""
    if via is None and _is_unquestioned(bucket, caller):
        return
    visit = _Visit(tx, bucket, caller, operation, parameters, request, via)
    for need in actions.needed(operation, parameters):
        # Services send x-amz-acl where policies ask for it, and are let in by s3:PutObject alone (the policies in the
        # guides of S3 Inventory, CloudTrail and others).
        if need.action != "s3:PutObjectAcl" or caller.kind is not Kind.SERVICE:
            visit.demand(need)
    if operation in ("get_object", "head_object") and visit.found is None and not visit.may(_LIST):
        raise AccessDenied  # whoever may not list must not learn what is missing either


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
    caller: Caller,
    key: str,
    version_id: str | None,
    request: RequestInfo,
    via: AccessPoint | None = None,
) -> None:
    """Raises AccessDenied unless the caller may delete this one of the objects that a DeleteObjects names."""
    if via is not None or not _is_unquestioned(bucket, caller):
        parameters = {"Bucket": bucket.name, "Key": key, "VersionId": version_id}
        check(tx, bucket, caller, "delete_object", parameters, request, via)


def may(tx: ReadTransaction, bucket: Bucket, caller: Caller, action: str, key: str) -> bool:
    """Whether the caller may do one thing with an object, where no request of the caller's own asks (replication)."""
    if _is_unquestioned(bucket, caller):
        return True
    parameters = {"Bucket": bucket.name, "Key": key}
    return _Visit(tx, bucket, caller, "", parameters, RequestInfo()).may(Need(action, OBJECT))


def _is_unquestioned(bucket: Bucket, caller: Caller) -> bool:
    """The common case, without a look at anything: the owner, no policy, and no objects of others."""
    return _is_owner(bucket, caller) and not bucket.has("policy") and not public_access.has_acls(bucket)


def _is_owner(bucket: Bucket, caller: Caller) -> bool:
    return caller.account == bucket.account and caller.kind is not Kind.SERVICE


class _Visit:
    """One call by one caller, and what has been found out about it so far."""

    def __init__(
        self,
        tx: ReadTransaction,
        bucket: Bucket,
        caller: Caller,
        operation: str,
        parameters: dict[str, Any],
        request: RequestInfo,
        via: AccessPoint | None = None,
    ) -> None:
        self.tx = tx
        self.via = via
        self.bucket = bucket
        self.caller = caller
        self.operation = operation
        self.parameters = parameters
        self.request = request

    def may(self, need: Need) -> bool:
        return self._decide(need) is Decision.ALLOW

    def demand(self, need: Need) -> None:
        """Raises AccessDenied; the bucket's own account is told why."""
        decision = self._decide(need)
        if decision is Decision.ALLOW:
            return
        if decision is Decision.DENY and _is_owner(self.bucket, self.caller):
            raise AccessDenied(
                f"User: {self.caller.arn} is not authorized to perform: {need.action} on resource: "
                f'"{self._arn(need)}" with an explicit deny in a resource-based policy'
            )
        raise AccessDenied

    def _decide(self, need: Need) -> Decision:
        decision = self._by_policy(need)
        if decision is Decision.DENY:
            return decision
        if self.via is not None:
            key = self.parameters.get("Key", "")
            said = access_points.decide(self.via, self.bucket, self.caller, need, key, self._context)
            if said is not Decision.ALLOW:
                return said
        if self._is_foreign(need):  # what others own, only their ACL gives away
            return Decision.ALLOW if self._by_acl(need) else Decision.NEITHER
        if decision is Decision.ALLOW or _is_owner(self.bucket, self.caller) or self._by_acl(need):
            return Decision.ALLOW
        return Decision.NEITHER

    def _by_policy(self, need: Need) -> Decision:
        if self._policy is None:
            return Decision.NEITHER
        decision = policies.decide(self._policy, Question(self.caller, need.action, self._arn(need), self._context))
        if decision is Decision.DENY and self.operation in _POLICY_OPERATIONS and self._is_root_of_owner():
            return Decision.NEITHER  # so that nobody locks himself out for good
        if decision is Decision.ALLOW and self._policy["public"] and self._is_restricted():
            return Decision.NEITHER
        return decision

    def _is_root_of_owner(self) -> bool:
        return self.caller.kind is Kind.ROOT and self.caller.account == self.bucket.account

    def _is_restricted(self) -> bool:
        """Under RestrictPublicBuckets a public policy lets in only AWS's services and the account itself."""
        return self.caller.kind is not Kind.SERVICE and public_access.RESTRICT in self._blocks

    def _is_foreign(self, need: Need) -> bool:
        if not public_access.has_acls(self.bucket) or need.action not in _BY_OBJECT_ACL or self.found is None:
            return False
        return acls.owner_of(self.bucket, self.found) not in (self.bucket.account, self.caller.account)

    def _by_acl(self, need: Need) -> bool:
        if not public_access.has_acls(self.bucket):
            return False
        ignore = public_access.IGNORE_ACLS in self._blocks
        if need.action in _BY_OBJECT_ACL and self.operation not in actions.WRITES:
            if self.found is None:
                # Nothing to read: with the right to list, the caller may learn that it is not there.
                return need.action in _READS and self.may(_LIST)
            grants = acls.of_object(self.bucket, self.found)
            return acls.allow(grants, self.caller, _BY_OBJECT_ACL[need.action], ignore_public=ignore)
        # Who may write by ACL owns what he writes, and so may say its ACL and tags along with it.
        permission = acls.WRITE if self.operation in actions.WRITES else _BY_BUCKET_ACL.get(need.action)
        if permission is None or (permission == acls.WRITE and self._belongs_to_another()):
            return False
        return acls.allow(acls.of_bucket(self.tx, self.bucket), self.caller, permission, ignore_public=ignore)

    def _belongs_to_another(self) -> bool:
        """WRITE lets in new objects; to replace or delete one, its own writer has to come (S3 User Guide, ACLs)."""
        writer = acls.writer(self.caller)
        return self.found is not None and acls.owner_of(self.bucket, self.found) != writer

    def _arn(self, need: Need) -> str:
        return f"{self.bucket.arn}/{self.parameters.get('Key', '')}" if need.level == OBJECT else self.bucket.arn

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
    def _blocks(self) -> frozenset[str]:
        return public_access.in_force(self.tx, self.bucket)

    @cached_property
    def _context(self) -> dict[str, list[str]]:
        context = {
            name: [value]
            for name, value in (
                *_of_request(self.request, self.tx.now),
                *_of_caller(self.caller),
                *_of_parameters(self.parameters),
            )
            if value or name == "s3:prefix"  # listing without a prefix is listing under ""
        }
        if self.via is not None:
            context |= access_points.context_of(self.via)
        for account in ("s3:resourceaccount", "aws:resourceaccount"):
            context[account] = [self.bucket.account]
        tags = _tags_asked_for(self.parameters.get("Tagging"))
        context |= {f"s3:requestobjecttag/{name.lower()}": [value] for name, value in tags.items()}
        if tags:
            context["s3:requestobjecttagkeys"] = list(tags)
        if "xistingobjecttag" in (self._policy or {}).get("text", "").lower() and self.found is not None:
            context |= {f"s3:existingobjecttag/{name.lower()}": [value] for name, value in self.found.tags.items()}
        return context


_BY_PARAMETER = {
    "Prefix": "s3:prefix",
    "Delimiter": "s3:delimiter",
    "MaxKeys": "s3:max-keys",
    "VersionId": "s3:versionid",
    "ACL": "s3:x-amz-acl",
    "GrantFullControl": "s3:x-amz-grant-full-control",
    "GrantRead": "s3:x-amz-grant-read",
    "GrantReadACP": "s3:x-amz-grant-read-acp",
    "GrantWrite": "s3:x-amz-grant-write",
    "GrantWriteACP": "s3:x-amz-grant-write-acp",
    "CopySource": "s3:x-amz-copy-source",
    "MetadataDirective": "s3:x-amz-metadata-directive",
    "ObjectOwnership": "s3:x-amz-object-ownership",
    "ServerSideEncryption": "s3:x-amz-server-side-encryption",
    "SSEKMSKeyId": "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "SSECustomerAlgorithm": "s3:x-amz-server-side-encryption-customer-algorithm",
    "StorageClass": "s3:x-amz-storage-class",
    "WebsiteRedirectLocation": "s3:x-amz-website-redirect-location",
    "ObjectLockMode": "s3:object-lock-mode",
    "ObjectLockLegalHoldStatus": "s3:object-lock-legal-hold",
    "IfMatch": "s3:if-match",
    "IfNoneMatch": "s3:if-none-match",
}


def _of_request(request: RequestInfo, now: datetime) -> Iterator[tuple[str, str]]:
    headers = request.headers
    yield "aws:sourceip", request.source_ip
    yield "aws:securetransport", "true" if request.secure else "false"
    yield "aws:currenttime", now.isoformat()
    yield "aws:epochtime", str(int(now.timestamp()))
    yield "aws:useragent", request.user_agent
    yield "aws:referer", headers.get("referer", "")
    yield "s3:x-amz-content-sha256", headers.get("x-amz-content-sha256", "")
    if headers.get("authorization", "").startswith("AWS4-"):
        yield from (("s3:signatureversion", "AWS4-HMAC-SHA256"), ("s3:authtype", "REST-HEADER"))
    elif "X-Amz-Signature=" in request.query:
        yield from (("s3:signatureversion", "AWS4-HMAC-SHA256"), ("s3:authtype", "REST-QUERY-STRING"))


def _of_caller(caller: Caller) -> Iterator[tuple[str, str]]:
    yield "aws:sourcearn", caller.source_arn
    yield "aws:sourceaccount", caller.source_account
    is_service = caller.kind is Kind.SERVICE
    yield "aws:principalisawsservice", "true" if is_service else "false"
    yield "aws:viaawsservice", "false"
    if is_service:
        yield "aws:principalservicename", caller.arn
        return
    if caller.kind is Kind.ANONYMOUS:
        yield "aws:principaltype", "Anonymous"
        return
    yield "aws:principalaccount", caller.account
    yield "aws:principalarn", caller.arn
    yield "aws:principaltype", {Kind.ROOT: "Account", Kind.USER: "User"}.get(caller.kind, "AssumedRole")
    if caller.kind is Kind.ROOT:
        yield "aws:userid", caller.account
    if caller.kind is Kind.USER:
        yield "aws:username", caller.arn.rpartition("/")[2]


def _of_parameters(parameters: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for member, key in _BY_PARAMETER.items():
        value = parameters.get(member)
        if value is not None and not isinstance(value, dict | list):
            yield key, str(value)


def _tags_asked_for(tagging: Any) -> dict[str, str]:
    if isinstance(tagging, str):
        return dict(parse_qsl(tagging[:8192], keep_blank_values=True))
    if isinstance(tagging, dict):
        return {tag.get("Key", ""): tag.get("Value", "") for tag in tagging.get("TagSet") or []}
    return {}
