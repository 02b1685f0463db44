"""Access points: further names of a bucket, each with a policy of its own.

A call that comes by an access point needs what the point's policy says beside what the bucket's does. The point is
named by its ARN, by a host made of it, or by its alias, which stands wherever a bucket's name may.
Source: S3 User Guide, "Managing access to shared datasets with access points"."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from cumulet.kernel.authority import Authority
from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace
from cumulet.kernel.service import RequestInfo
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.s3 import buckets, policies, public_access
from cumulet.services.s3.errors import (
    AccessDenied,
    AccessPointAlreadyOwnedByYou,
    InvalidRequest,
    MalformedPolicy,
    MethodNotAllowed,
    NoSuchAccessPoint,
    NoSuchAccessPointPolicy,
    NoSuchBucket,
    TooManyAccessPoints,
)

KIND = "access-points"
MOST = 10_000
"""Of one account in one Region (S3 quotas)."""
INTERNET, VPC = "Internet", "VPC"
_ARN = re.compile(r"arn:aws[a-z-]*:s3:([a-z0-9-]+):([0-9]{12}):accesspoint[/:]([a-z0-9-]{3,50})")
_ALIAS_END = "-s3alias"
_OPERATIONS = frozenset(
    (
        "abort_multipart_upload", "complete_multipart_upload", "copy_object", "create_multipart_upload",
        "delete_object", "delete_object_tagging", "delete_objects", "get_bucket_acl", "get_bucket_cors",
        "get_bucket_location", "get_bucket_notification_configuration", "get_bucket_policy", "get_object",
        "get_object_acl", "get_object_attributes", "get_object_legal_hold", "get_object_retention",
        "get_object_tagging", "head_bucket", "head_object", "list_multipart_uploads", "list_objects",
        "list_objects_v2", "list_object_versions", "list_parts", "put_object", "put_object_acl",
        "put_object_legal_hold", "put_object_retention", "put_object_tagging", "restore_object",
        "select_object_content", "upload_part", "upload_part_copy",
    )
)  # fmt: skip
"""What can be done by an access point: objects, and a little of what is known of their bucket."""


class AccessPoint(Record):
    name: str
    account: str
    region: str
    bucket: str
    alias: str
    created: datetime
    vpc: str = ""
    blocks: dict[str, bool] = {}  # noqa: RUF012 - records are frozen
    policy: dict[str, Any] | None = None
    """As policies.parse reads it; `text` is what was put."""
    tags: dict[str, str] = {}  # noqa: RUF012

    @property
    def arn(self) -> str:
        return f"arn:aws:s3:{self.region}:{self.account}:accesspoint/{self.name}"

    @property
    def origin(self) -> str:
        return VPC if self.vpc else INTERNET


def create(tx: Transaction, point: AccessPoint) -> None:
    """Raises InvalidRequest where there is no such bucket here, AccessPointAlreadyOwnedByYou, TooManyAccessPoints."""
    bucket = buckets.find(tx, point.bucket)
    if bucket is None or bucket.region != point.region:
        raise InvalidRequest("Amazon S3 AccessPoint can only be created for existing bucket")
    if tx.get(_key(point.account, point.region, point.name)) is not None:
        raise AccessPointAlreadyOwnedByYou(AccessPointName=point.name)
    if len(list(tx.items(_key(point.account, point.region), limit=MOST))) >= MOST:
        raise TooManyAccessPoints
    tx.put(_key(point.account, point.region, point.name), point)
    tx.put(_alias(point.alias), [point.account, point.region, point.name])
    buckets.configure(tx, point.bucket, KIND, {"Arn": point.arn}, point.arn)


def get(tx: ReadTransaction, account: str, region: str, name: str) -> AccessPoint:
    """Raises NoSuchAccessPoint."""
    point: AccessPoint | None = tx.get(_key(account, region, name))
    if point is None:
        raise NoSuchAccessPoint(AccessPointName=name)
    return point


def owned_by(
    tx: ReadTransaction, account: str, region: str, bucket: str | None, after: str, limit: int
) -> list[AccessPoint]:
    """By name, those behind `after`."""
    found = tx.range(_key(account, region), after=after or None)
    points: list[AccessPoint] = []
    for point in found:
        if bucket in (None, point.bucket):
            points.append(point)
        if len(points) == limit:
            break
    return points


def described(tx: ReadTransaction, point: AccessPoint) -> dict[str, Any]:
    """As the API lists it. The account of a bucket that is gone is not told."""
    bucket = buckets.find(tx, point.bucket)
    told: dict[str, Any] = {
        "Name": point.name,
        "NetworkOrigin": point.origin,
        "Bucket": point.bucket,
        "AccessPointArn": point.arn,
        "Alias": point.alias,
    }
    if point.vpc:
        told["VpcConfiguration"] = {"VpcId": point.vpc}
    return told if bucket is None else {**told, "BucketAccountId": bucket.account}


def delete(tx: Transaction, account: str, region: str, name: str) -> None:
    """Raises NoSuchAccessPoint."""
    point = get(tx, account, region, name)
    tx.delete(_key(account, region, name))
    tx.delete(_alias(point.alias))
    if buckets.find(tx, point.bucket) is not None:
        buckets.unconfigure(tx, point.bucket, KIND, point.arn)


def put_policy(tx: Transaction, authority: Authority, account: str, region: str, name: str, text: str) -> None:
    """Raises NoSuchAccessPoint, MalformedPolicy, or AccessDenied for a public policy that the point's blocks refuse."""
    point = get(tx, account, region, name)
    policy = policies.bound(tx, authority, _parse(point, text))
    if policy["public"] and point.blocks.get(public_access.BLOCK_POLICY):
        raise AccessDenied
    tx.put(_key(account, region, name), replace(point, policy=policy))


def policy_of(tx: ReadTransaction, authority: Authority, account: str, region: str, name: str) -> dict[str, Any]:
    """Raises NoSuchAccessPoint or NoSuchAccessPointPolicy."""
    policy = get(tx, account, region, name).policy
    if policy is None:
        raise NoSuchAccessPointPolicy(AccessPointName=name)
    return {**policy, "text": policies.shown(tx, authority, policy)}


def delete_policy(tx: Transaction, account: str, region: str, name: str) -> None:
    """Raises NoSuchAccessPoint."""
    tx.put(_key(account, region, name), replace(get(tx, account, region, name), policy=None))


def set_tags(tx: Transaction, account: str, region: str, name: str, tags: dict[str, str]) -> None:
    """Raises NoSuchAccessPoint."""
    tx.put(_key(account, region, name), replace(get(tx, account, region, name), tags=tags))


def is_name(bucket: str, request: RequestInfo) -> bool:
    """Whether what stands for a bucket names, or may name, an access point instead."""
    return bucket.endswith(_ALIAS_END) or bucket.startswith("arn:") or _may_be_label(bucket, request)


def find(tx: ReadTransaction, bucket: str, region: str) -> AccessPoint | None:
    """The access point that an ARN, an alias or a host's label names; None for the label of a bucket.

    Raises NoSuchAccessPoint, or NoSuchBucket for an alias that is none."""
    named = _ARN.fullmatch(bucket)
    if named is not None:
        return get(tx, named[2], named[1], named[3])
    if bucket.endswith(_ALIAS_END):
        place = tx.get(_alias(bucket))
        if place is None:
            raise NoSuchBucket(BucketName=bucket)
        return get(tx, *place)
    name, _, account = bucket.rpartition("-")
    point: AccessPoint | None = tx.get(_key(account, region, name))
    return point if buckets.find(tx, bucket) is None else None


def _may_be_label(bucket: str, request: RequestInfo) -> bool:
    """NAME-ACCOUNT before a host of ours: what clients make of an ARN that have been told an endpoint."""
    return bucket[-12:].isdigit() and request.headers.get("host", "").startswith(bucket + ".")


def resolve_copy_source(tx: ReadTransaction, source: str) -> str:
    """A copy source with the bucket in the place of an access point's ARN or alias.

    Source: S3 API Reference, CopyObject: ARN/object/KEY."""
    if source.lower().startswith(("arn:", "arn%3a")):
        arn, _, key = source.partition("/object/")
        return f"{_source(tx, unquote(arn))}/{key}"
    name, slash, key = source.removeprefix("/").partition("/")
    return f"{_source(tx, name)}{slash}{key}" if name.endswith(_ALIAS_END) else source


def _source(tx: ReadTransaction, name: str) -> str:
    point = find(tx, name, "")
    if point is None:
        raise NoSuchBucket(BucketName=name)
    return point.bucket


def check_use(point: AccessPoint, operation: str) -> None:
    """Raises MethodNotAllowed, or AccessDenied where the point is for a VPC: no call comes from inside of one yet."""
    if operation not in _OPERATIONS:
        raise MethodNotAllowed(Method=operation, ResourceType="ACCESSPOINT")
    if point.vpc:
        raise AccessDenied


def forget_aliases(tx: Transaction, account: str) -> None:
    """The first step of forgetting an account: aliases lie under names of their own."""
    for point in list(tx.range(_key_of_account(account))):
        tx.delete(_alias(point.alias))


def _parse(point: AccessPoint, text: str) -> dict[str, Any]:
    """The point's policy, its resources put in terms of the bucket, as every policy here is. Raises MalformedPolicy."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise MalformedPolicy from None
    statements = document.get("Statement") if isinstance(document, dict) else None
    for statement in statements if isinstance(statements, list) else [statements]:
        for member in ("Resource", "NotResource"):
            if isinstance(statement, dict) and member in statement:
                given = statement[member]
                statement[member] = [
                    _in_bucket(point, each) for each in (given if isinstance(given, list) else [given])
                ]
    return {**policies.parse(json.dumps(document), point.bucket), "text": text}


def _in_bucket(point: AccessPoint, resource: Any) -> str:
    """arn:...:accesspoint/NAME is the bucket, and /object/KEY behind it what is in it."""
    if isinstance(resource, str):
        arn, mark, key = resource.partition("/object/")
        if arn == point.arn:
            return f"arn:aws:s3:::{point.bucket}/{key}" if mark else f"arn:aws:s3:::{point.bucket}"
    raise MalformedPolicy("Policy has invalid resource")


def _key(account: str, region: str, *name: str) -> Key:
    return (*_key_of_account(account), region, *name)


def _key_of_account(account: str) -> Key:
    return ("s3", "access-point", account)


def _alias(alias: str) -> Key:
    return ("s3", "access-point-alias", alias)
