"""What a job does to one object: a call to S3 in the name of the job's role, and how it ended.

Source: S3 User Guide, "Operations supported by S3 Batch Operations"."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote, urlencode

from cumulet.kernel.errors import NotImplementedYet, ServiceError
from cumulet.kernel.kernel import Client
from cumulet.services.s3control.errors import InvalidRequest, MalformedXML
from cumulet.services.s3control.jobs import BatchJob, Outcome, Task

_TIERS = {"BULK": "Bulk", "STANDARD": "Standard"}
_SUCCESS = Outcome(200, "", "Successful")
_GRANTS = {
    "READ": "GrantRead",
    "READ_ACP": "GrantReadACP",
    "WRITE_ACP": "GrantWriteACP",
    "FULL_CONTROL": "GrantFullControl",
}
_COPIED = {
    "CannedAccessControlList": "ACL",
    "MetadataDirective": "MetadataDirective",
    "StorageClass": "StorageClass",
    "ModifiedSinceConstraint": "CopySourceIfModifiedSince",
    "UnModifiedSinceConstraint": "CopySourceIfUnmodifiedSince",
    "RedirectLocation": "WebsiteRedirectLocation",
    "ObjectLockMode": "ObjectLockMode",
    "ObjectLockLegalHoldStatus": "ObjectLockLegalHoldStatus",
    "ObjectLockRetainUntilDate": "ObjectLockRetainUntilDate",
    "BucketKeyEnabled": "BucketKeyEnabled",
    "ChecksumAlgorithm": "ChecksumAlgorithm",
}
"""Members of S3PutObjectCopy, and what CopyObject calls them."""
_METADATA = ("CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType")


class Clients:
    """Whom a job calls: S3 and Lambda, in the name of its role."""

    def __init__(self, s3: Client, functions: Client) -> None:
        self.s3 = s3
        self.functions = functions


def check(operation: dict[str, Any]) -> None:
    """Raises MalformedXML unless one operation is given, InvalidRequest or NotImplemented for one that cannot be."""
    if len(operation) != 1:
        raise MalformedXML
    (name,) = operation
    if name not in _ACTIONS:
        raise NotImplementedYet(f"Cumulet does not implement jobs with {name} yet.")
    if name == "S3PutObjectCopy" and not str(operation[name].get("TargetResource", "")).startswith("arn:"):
        raise InvalidRequest("The TargetResource has to be the ARN of a bucket.")
    if name == "S3InitiateRestoreObject" and (operation[name].get("GlacierJobTier") or "STANDARD") not in _TIERS:
        raise MalformedXML


async def run(clients: Clients, job: BatchJob, task: Task) -> Outcome:
    """Do the job's operation to one object. What S3 refuses is the task's outcome, never an exception."""
    try:
        said = await _ACTIONS[job.action](clients, job, task, job.operation[job.action])
    except ServiceError as error:
        return Outcome(error.status or 400, error.code, error.message)
    return said or _SUCCESS


async def _copy(clients: Clients, job: BatchJob, task: Task, wanted: dict[str, Any]) -> None:
    prefix = wanted.get("TargetKeyPrefix")
    source = f"{task.bucket}/{quote(task.key)}" + (f"?versionId={task.version_id}" if task.version_id else "")
    given = {name: wanted[member] for member, name in _COPIED.items() if wanted.get(member) is not None}
    given |= _new_metadata(wanted) | _encryption(wanted) | _grants(wanted.get("AccessControlGrants") or [])
    if wanted.get("NewObjectTagging") is not None:
        tags = {tag["Key"]: tag["Value"] for tag in wanted["NewObjectTagging"]}
        given |= {"TaggingDirective": "REPLACE", "Tagging": urlencode(tags)}
    await clients.s3.copy_object(
        Bucket=wanted["TargetResource"].rpartition(":::")[2] or wanted["TargetResource"],
        Key=f"{prefix}/{task.key}" if prefix else task.key,
        CopySource=source,
        **given,
    )


def _new_metadata(wanted: dict[str, Any]) -> dict[str, Any]:
    metadata = wanted.get("NewObjectMetadata") or {}
    given = {name: metadata[name] for name in _METADATA if metadata.get(name) is not None}
    if metadata.get("HttpExpiresDate") is not None:
        given["Expires"] = metadata["HttpExpiresDate"].strftime("%a, %d %b %Y %H:%M:%S GMT")
    if metadata.get("UserMetadata"):
        given["Metadata"] = metadata["UserMetadata"]
    return given | ({"MetadataDirective": "REPLACE"} if given else {})


def _encryption(wanted: dict[str, Any]) -> dict[str, Any]:
    algorithm = (wanted.get("NewObjectMetadata") or {}).get("SSEAlgorithm")
    if wanted.get("SSEAwsKmsKeyId"):
        return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": wanted["SSEAwsKmsKeyId"]}
    return {"ServerSideEncryption": {"KMS": "aws:kms"}.get(algorithm, algorithm)} if algorithm else {}


def _grants(grants: list[dict[str, Any]]) -> dict[str, str]:
    headers: dict[str, list[str]] = {}
    for grant in grants:
        grantee = grant.get("Grantee") or {}
        header = _GRANTS.get(grant.get("Permission", ""))
        if header is None:
            raise InvalidRequest("An object's grants are READ, READ_ACP, WRITE_ACP or FULL_CONTROL.")
        headers.setdefault(header, []).append(f'{grantee.get("TypeIdentifier")}="{grantee.get("Identifier")}"')
    return {header: ", ".join(grantees) for header, grantees in headers.items()}


async def _put_acl(clients: Clients, job: BatchJob, task: Task, wanted: dict[str, Any]) -> None:
    policy = wanted.get("AccessControlPolicy") or {}
    if policy.get("CannedAccessControlList"):
        await clients.s3.put_object_acl(**_named(task), ACL=policy["CannedAccessControlList"])
    else:
        await clients.s3.put_object_acl(
            **_named(task), **_grants((policy.get("AccessControlList") or {}).get("Grants") or [])
        )


async def _put_tags(clients: Clients, job: BatchJob, task: Task, wanted: dict[str, Any]) -> None:
    await clients.s3.put_object_tagging(**_named(task), Tagging={"TagSet": wanted.get("TagSet") or []})


async def _delete_tags(clients: Clients, job: BatchJob, task: Task, wanted: dict[str, Any]) -> None:
    await clients.s3.delete_object_tagging(**_named(task))


async def _restore(clients: Clients, job: BatchJob, task: Task, wanted: dict[str, Any]) -> None:
    request: dict[str, Any] = {"GlacierJobParameters": {"Tier": _TIERS[wanted.get("GlacierJobTier") or "STANDARD"]}}
    if wanted.get("ExpirationInDays") is not None:
        request["Days"] = wanted["ExpirationInDays"]
    await clients.s3.restore_object(**_named(task), RestoreRequest=request)


async def _hold(clients: Clients, job: BatchJob, task: Task, wanted: dict[str, Any]) -> None:
    await clients.s3.put_object_legal_hold(**_named(task), LegalHold=wanted["LegalHold"])


async def _retain(clients: Clients, job: BatchJob, task: Task, wanted: dict[str, Any]) -> None:
    bypass = {"BypassGovernanceRetention": True} if wanted.get("BypassGovernanceRetention") else {}
    await clients.s3.put_object_retention(**_named(task), Retention=wanted["Retention"], **bypass)


async def _replicate(clients: Clients, job: BatchJob, task: Task, wanted: dict[str, Any]) -> Outcome | None:
    status: Any = await clients.s3.replicate_existing(**_named(task))
    return None if status != "FAILED" else Outcome(500, "ReplicationFailed", "The destination did not take the object")


async def _update_encryption(clients: Clients, job: BatchJob, task: Task, wanted: dict[str, Any]) -> None:
    await clients.s3.update_object_encryption(**_named(task), ObjectEncryption=wanted.get("ObjectEncryption") or {})


async def _invoke(clients: Clients, job: BatchJob, task: Task, wanted: dict[str, Any]) -> Outcome | None:
    """Call a function with the task and take its word for how it ended (schema 1.0 of the invocation)."""
    told = {
        "taskId": f"{job.id}-{task.bucket}-{task.key}-{task.version_id}",
        "s3BucketArn": f"arn:aws:s3:::{task.bucket}",
        "s3Key": quote(task.key),
        "s3VersionId": task.version_id or None,
    }
    event = {"invocationSchemaVersion": "1.0", "invocationId": job.id, "job": {"id": job.id}, "tasks": [told]}
    answer = await clients.functions.invoke(FunctionName=wanted.get("FunctionArn"), Payload=json.dumps(event).encode())
    return _said(answer)


def _said(answer: dict[str, Any]) -> Outcome:
    payload = answer.get("Payload")
    text = payload if isinstance(payload, bytes | str) else b"{}"
    try:
        result = json.loads(text)["results"][0]
        code, message = str(result["resultCode"]), str(result.get("resultString", ""))
    except (ValueError, KeyError, IndexError, TypeError):
        return Outcome(200, "PermanentFailure", "Lambda returned function error")
    return Outcome(200, "" if code == "Succeeded" else code, message)


def _named(task: Task) -> dict[str, str]:
    version = {"VersionId": task.version_id} if task.version_id else {}
    return {"Bucket": task.bucket, "Key": task.key, **version}


_Action = Callable[[Clients, BatchJob, Task, dict[str, Any]], Awaitable[Outcome | None]]
_ACTIONS: dict[str, _Action] = {
    "LambdaInvoke": _invoke,
    "S3PutObjectCopy": _copy,
    "S3PutObjectAcl": _put_acl,
    "S3PutObjectTagging": _put_tags,
    "S3DeleteObjectTagging": _delete_tags,
    "S3InitiateRestoreObject": _restore,
    "S3PutObjectLegalHold": _hold,
    "S3PutObjectRetention": _retain,
    "S3ReplicateObject": _replicate,
    "S3UpdateObjectEncryption": _update_encryption,
}
