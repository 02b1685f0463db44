"""Access control lists: the oldest way to let others in, kept as the API's own lists of grants.

They count only where the bucket's ownership setting allows them. Source: S3 User Guide, "Access control list (ACL)
overview"; S3 API Reference, PutBucketAcl and PutObjectAcl; error words as AWS answers them."""

from __future__ import annotations

import re
from typing import Any

from cumulet.kernel.identity import Caller, Kind
from cumulet.kernel.store import ReadTransaction
from cumulet.services.s3 import buckets, public_access
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.errors import (
    AccessControlListNotSupported,
    AccessDenied,
    InvalidArgument,
    InvalidBucketAclWithBlockPublicAccessError,
    InvalidBucketAclWithObjectOwnership,
    InvalidRequest,
    MalformedACLError,
    MissingSecurityHeader,
    UnexpectedContent,
    UnresolvableGrantByEmailAddress,
)
from cumulet.services.s3.objects import Object
from cumulet.services.s3.owners import ANONYMOUS, canonical_id, is_canonical_id, owner

KIND = "acl"
MOST_GRANTS = 100
READ, WRITE, READ_ACP, WRITE_ACP, FULL_CONTROL = PERMISSIONS = (
    "READ",
    "WRITE",
    "READ_ACP",
    "WRITE_ACP",
    "FULL_CONTROL",
)

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"
GROUPS = (ALL_USERS, AUTHENTICATED, LOG_DELIVERY)
_PUBLIC = (ALL_USERS, AUTHENTICATED)
_LOG_SERVICE = "logging.s3.amazonaws.com"

_HEADERS = {
    "GrantFullControl": ("x-amz-grant-full-control", FULL_CONTROL),
    "GrantRead": ("x-amz-grant-read", READ),
    "GrantReadACP": ("x-amz-grant-read-acp", READ_ACP),
    "GrantWrite": ("x-amz-grant-write", WRITE),
    "GrantWriteACP": ("x-amz-grant-write-acp", WRITE_ACP),
}
_CANNED = {
    "private": (),
    "public-read": ((ALL_USERS, READ),),
    "public-read-write": ((ALL_USERS, READ), (ALL_USERS, WRITE)),
    "authenticated-read": ((AUTHENTICATED, READ),),
    "log-delivery-write": ((LOG_DELIVERY, WRITE), (LOG_DELIVERY, READ_ACP)),
    "bucket-owner-read": (),
    "bucket-owner-full-control": (),
    "aws-exec-read": (),
}
_FOR_BUCKET_OWNER = {"bucket-owner-read": READ, "bucket-owner-full-control": FULL_CONTROL}
_GRANTEE = re.compile(r'\s*(id|uri|emailAddress)\s*=\s*"?([^",]{1,512})"?\s*', re.I)
_MALFORMED_HEADER = "Argument format not recognized"

Grants = list[dict[str, Any]]


def own(account: str) -> Grants:
    """What there is without any ACL: full control for the owner."""
    return [_grant(_user(account), FULL_CONTROL)]


def asks(given: dict[str, Any]) -> bool:
    """Whether a request names an ACL in its headers."""
    return given.get("ACL") is not None or any(given.get(name) is not None for name in _HEADERS)


def from_headers(given: dict[str, Any], account: str, bucket_owner: str) -> Grants | None:
    """The grants that a canned ACL or grant headers ask for, the thing being owned by `account`; None for none.

    Raises InvalidRequest or InvalidArgument."""
    granted = {name: given[name] for name in _HEADERS if given.get(name) is not None}
    canned = given.get("ACL")
    if canned is not None and granted:
        raise InvalidRequest("Specifying both Canned ACLs and Header Grants is not allowed")
    if granted:
        return [grant for name, text in granted.items() for grant in _from_header(*_HEADERS[name], text)]
    return None if canned is None else _from_canned(canned, account, bucket_owner)


def wanted(given: dict[str, Any], account: str, bucket_owner: str) -> Grants:
    """The grants of a PutBucketAcl or PutObjectAcl, which says them in exactly one of three ways.

    Raises MissingSecurityHeader, UnexpectedContent, MalformedACLError, InvalidArgument and others."""
    policy = given.get("AccessControlPolicy")
    grants = from_headers(given, account, bucket_owner)
    if grants is not None:
        if policy is not None:
            raise UnexpectedContent
        return grants
    if policy is None:
        raise MissingSecurityHeader(MissingHeaderName="x-amz-acl")
    return _from_policy(policy, account)


def of_bucket(tx: ReadTransaction, bucket: Bucket) -> Grants:
    kept = buckets.configuration(tx, bucket.name, KIND) if bucket.has(KIND) else None
    return kept["Grants"] if kept is not None and public_access.has_acls(bucket) else own(bucket.account)


def of_object(bucket: Bucket, found: Object) -> Grants:
    kept = found.acl if public_access.has_acls(bucket) else None
    return kept["Grants"] if kept is not None else own(owner_of(bucket, found))


def owner_of(bucket: Bucket, found: Object) -> str:
    """The account that owns an object: the writer's, unless the bucket's owner owns everything in it."""
    return (found.owner if public_access.has_acls(bucket) else "") or bucket.account


def described(account: str, grants: Grants) -> dict[str, Any]:
    return {"Owner": owner(account), "Grants": grants}


def is_public(grants: Grants) -> bool:
    return any(grant["Grantee"].get("URI") in _PUBLIC for grant in grants)


def of_new_object(
    tx: ReadTransaction, bucket: Bucket, caller: Caller, given: dict[str, Any]
) -> tuple[dict[str, Any] | None, str]:
    """The ACL of an object about to be written, and the account that will own it ("" for the bucket's).

    Raises AccessControlListNotSupported where ACLs are off (but for those that give the bucket's owner control, which
    old clients send), AccessDenied for a public one where those are blocked."""
    by = writer(caller)
    is_owner = by == bucket.account or caller.kind is Kind.SERVICE
    grants = from_headers(given, bucket.account if is_owner else by, bucket.account)
    if not public_access.has_acls(bucket):
        if grants is not None and not _only_for(grants, bucket.account, given):
            raise AccessControlListNotSupported
        return None, ""
    if grants is not None:
        refuse_public(tx, bucket, grants)
    gives_away = given.get("ACL") == "bucket-owner-full-control" and bucket.ownership == public_access.PREFERRED
    if gives_away:
        return None, ""
    return (None if grants is None else {"Grants": grants}), "" if is_owner else by


def check_new_bucket(bucket: Bucket, grants: Grants) -> None:
    """Raises unless a new bucket, all of whose public access is blocked, can have an ACL that lets others in."""
    if not public_access.has_acls(bucket):
        raise InvalidBucketAclWithObjectOwnership
    if is_public(grants):
        raise InvalidBucketAclWithBlockPublicAccessError


def writer(caller: Caller) -> str:
    """The account that a caller's objects belong to where writers own them."""
    return ANONYMOUS if caller.kind is Kind.ANONYMOUS else caller.account


def refuse_public(tx: ReadTransaction, bucket: Bucket, grants: Grants) -> None:
    """Raises AccessDenied for grants to everybody where BlockPublicAcls is on."""
    if is_public(grants) and public_access.BLOCK_ACLS in public_access.in_force(tx, bucket):
        raise AccessDenied


def allow(grants: Grants, caller: Caller, permission: str, *, ignore_public: bool) -> bool:
    """Whether any grant gives the caller the permission."""
    return any(
        grant["Permission"] in (permission, FULL_CONTROL) and _means(grant["Grantee"], caller, ignore_public)
        for grant in grants
    )


def _means(grantee: dict[str, str], caller: Caller, ignore_public: bool) -> bool:
    uri = grantee.get("URI")
    if uri is None:
        return caller.kind not in (Kind.ANONYMOUS, Kind.SERVICE) and grantee.get("ID") == canonical_id(caller.account)
    if uri == LOG_DELIVERY:
        return caller.arn == _LOG_SERVICE
    return not ignore_public and (uri == ALL_USERS or caller.kind is not Kind.ANONYMOUS)


def _only_for(grants: Grants, account: str, given: dict[str, Any]) -> bool:
    if given.get("ACL") is not None:
        return given["ACL"] == "bucket-owner-full-control"
    return grants == own(account)


def _from_canned(name: str, account: str, bucket_owner: str) -> Grants:
    if name not in _CANNED:
        raise InvalidArgument("", ArgumentName="x-amz-acl", ArgumentValue=name)
    grants = own(account) + [_grant({"Type": "Group", "URI": uri}, permission) for uri, permission in _CANNED[name]]
    if name in _FOR_BUCKET_OWNER and bucket_owner != account:
        grants.append(_grant(_user(bucket_owner), _FOR_BUCKET_OWNER[name]))
    return grants


def _from_header(header: str, permission: str, text: str) -> Grants:
    parts = [_GRANTEE.fullmatch(part) for part in text[:65536].split(",")]
    if len(parts) > MOST_GRANTS or any(part is None for part in parts):
        raise InvalidArgument(_MALFORMED_HEADER, ArgumentName=header, ArgumentValue=text[:1000])
    return [_grant(_named(part[1].lower(), part[2]), permission) for part in parts if part is not None]


def _named(kind: str, name: str) -> dict[str, str]:
    if kind == "emailaddress":
        raise UnresolvableGrantByEmailAddress
    if kind == "uri":
        return _group(name, "uri")
    return _canonical_user(name, "id")


def _group(uri: str, argument: str) -> dict[str, str]:
    if uri not in GROUPS:
        raise InvalidArgument("Invalid group uri", ArgumentName=argument, ArgumentValue=uri)
    return {"Type": "Group", "URI": uri}


def _canonical_user(name: str, argument: str) -> dict[str, str]:
    if not is_canonical_id(name):
        raise InvalidArgument("Invalid id", ArgumentName=argument, ArgumentValue=name)
    return {"Type": "CanonicalUser", "ID": name}


def _from_policy(policy: dict[str, Any], account: str) -> Grants:
    entries = policy.get("Grants")
    owner_id = (policy.get("Owner") or {}).get("ID")
    if owner_id is None or entries is None or len(entries) > MOST_GRANTS:
        raise MalformedACLError
    _canonical_user(owner_id, "CanonicalUser/ID")
    if owner_id != canonical_id(account):
        raise AccessDenied
    return [_from_entry(entry) for entry in entries]


def _from_entry(entry: dict[str, Any]) -> dict[str, Any]:
    grantee = entry.get("Grantee") or {}
    if entry.get("Permission") not in PERMISSIONS:
        raise MalformedACLError
    match grantee.get("Type"):
        case "CanonicalUser" if grantee.get("ID"):
            return _grant(_canonical_user(grantee["ID"], "CanonicalUser/ID"), entry["Permission"])
        case "Group" if grantee.get("URI"):
            return _grant(_group(grantee["URI"], "Group/URI"), entry["Permission"])
        case "AmazonCustomerByEmail" if grantee.get("EmailAddress"):
            raise UnresolvableGrantByEmailAddress
    raise MalformedACLError


def _user(account: str) -> dict[str, str]:
    return {"Type": "CanonicalUser", "ID": canonical_id(account)}


def _grant(grantee: dict[str, str], permission: str) -> dict[str, Any]:
    return {"Grantee": grantee, "Permission": permission}
