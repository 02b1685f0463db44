"""One of everything that is cheap to make, in an account: what operations can be called on.

A maker takes a client of a service and returns the members by which operations name what it made. A service without
a maker is walked with names of things that do not exist."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from cumulet.kernel.identity import root_of
from cumulet.kernel.kernel import Kernel

Maker = Callable[[Any, str], Awaitable[dict[str, Any]]]


async def make(kernel: Kernel, service: str, account: str) -> dict[str, Any]:
    """Have one of everything that the service's maker makes. The names say whose they are."""
    maker = MAKERS.get(service, _nothing)
    made = await maker(lambda name: kernel.client(root_of(account), name, "us-east-1"), account)
    return {"AccountId": account, **made}


def named(account: str) -> str:
    """A name that no other account has, and in which the account's number cannot be found."""
    return account.translate(str.maketrans("0123456789", "abcdefghij"))


async def _nothing(client: Any, account: str) -> dict[str, Any]:
    return {}


async def _sqs(client: Any, account: str) -> dict[str, Any]:
    made = await client("sqs").create_queue(QueueName=f"queue-{named(account)}")
    return {"QueueUrl": made["QueueUrl"], "QueueName": f"queue-{named(account)}"}


async def _s3(client: Any, account: str) -> dict[str, Any]:
    bucket = f"bucket-of-{named(account)}"
    await client("s3").create_bucket(Bucket=bucket)
    await client("s3").put_object(Bucket=bucket, Key="key", Body=b"content")
    upload = (await client("s3").create_multipart_upload(Bucket=bucket, Key="key"))["UploadId"]
    return {"Bucket": bucket, "Key": "key", "CopySource": f"{bucket}/key", "UploadId": upload}


async def _s3control(client: Any, account: str) -> dict[str, Any]:
    bucket = f"shared-by-{named(account)}"
    await client("s3").create_bucket(Bucket=bucket)
    await client("s3control").create_access_point(AccountId=account, Name=f"point-{named(account)}", Bucket=bucket)
    return {"AccountId": account, "Name": f"point-{named(account)}", "Bucket": bucket}


async def _iam(client: Any, account: str) -> dict[str, Any]:
    iam = client("iam")
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "a4b:*", "Resource": "*"}]}
    trust = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}
    names = {
        "UserName": f"user-{named(account)}",
        "GroupName": f"group-{named(account)}",
        "RoleName": f"role-{named(account)}",
    }
    await iam.create_user(UserName=names["UserName"])
    await iam.create_group(GroupName=names["GroupName"])
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    await iam.create_role(RoleName=names["RoleName"], AssumeRolePolicyDocument=document)
    made = await iam.create_policy(PolicyName=f"policy-{named(account)}", PolicyDocument=json.dumps(allow))
    profile = f"profile-{named(account)}"
    await iam.create_instance_profile(InstanceProfileName=profile)
    device = (await iam.create_virtual_mfa_device(VirtualMFADeviceName=f"device-{named(account)}"))["VirtualMFADevice"]
    key = (await iam.create_access_key(UserName=names["UserName"]))["AccessKey"]["AccessKeyId"]
    return {
        **names,
        "PolicyArn": made["Policy"]["Arn"],
        "InstanceProfileName": profile,
        "AccessKeyId": key,
        "SerialNumber": device["SerialNumber"],
    }


async def _kms(client: Any, account: str) -> dict[str, Any]:
    made = (await client("kms").create_key())["KeyMetadata"]
    alias, root = f"alias/of-{named(account)}", f"arn:aws:iam::{account}:root"
    await client("kms").create_alias(AliasName=alias, TargetKeyId=made["KeyId"])
    arn = made["Arn"]
    blob = (await client("kms").encrypt(KeyId=arn, Plaintext=b"plain"))["CiphertextBlob"]
    token = (await client("kms").create_grant(KeyId=arn, GranteePrincipal=root, Operations=["Decrypt"]))["GrantToken"]
    more = {"ReEncrypt": {"CiphertextBlob": blob}, "RetireGrant": {"GrantToken": token}}
    names = {"SourceKeyId": arn, "DestinationKeyId": arn, "TargetKeyId": made["KeyId"], "AliasName": alias}
    return {"KeyId": arn, "CiphertextBlob": blob, **names, "Decrypt": {"CiphertextBlob": blob}, **more}


async def _sts(client: Any, account: str) -> dict[str, Any]:
    names = await _iam(client, account)
    return {
        "RoleArn": f"arn:aws:iam::{account}:role/{names['RoleName']}",
        "RoleSessionName": "walk",
        "Name": "walk",
        "TargetPrincipal": account,
        "AssumeRoot": {"TaskPolicyArn": {"arn": "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"}},
    }


async def _cloudtrail(client: Any, account: str) -> dict[str, Any]:
    bucket = f"trail-of-{named(account)}"
    await client("s3").create_bucket(Bucket=bucket)
    await client("s3").put_bucket_policy(Bucket=bucket, Policy=_trail_policy(bucket))
    trail = (await client("cloudtrail").create_trail(Name=f"trail-{named(account)}", S3BucketName=bucket))["TrailARN"]
    own: dict[str, Any] = {"ListTags": {"ResourceIdList": [trail]}}
    own |= {name: {"Name": "new"} for name in ("CreateEventDataStore", "CreateChannel", "CreateDashboard")}
    store = (await client("cloudtrail").create_event_data_store(Name=f"store-{named(account)}"))["EventDataStoreArn"]
    return {
        "Name": trail,
        "TrailName": trail,
        "EventDataStore": store,
        "ResourceId": trail,
        "S3BucketName": bucket,
        **own,
    }


def _trail_policy(bucket: str) -> str:
    arn = f"arn:aws:s3:::{bucket}"
    allow = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    reading = {**allow, "Action": "s3:GetBucketAcl", "Resource": arn}
    writing = {**allow, "Action": "s3:PutObject", "Resource": f"{arn}/*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [reading, writing]})


async def _organizations(client: Any, account: str) -> dict[str, Any]:
    organizations = client("organizations")
    await organizations.create_organization(FeatureSet="ALL")
    root = (await organizations.list_roots())["Roots"][0]["Id"]
    unit = (await organizations.create_organizational_unit(ParentId=root, Name="unit"))["OrganizationalUnit"]["Id"]
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    made = await organizations.create_policy(
        Name="policy", Description="", Type="SERVICE_CONTROL_POLICY", Content=json.dumps(allow)
    )
    policy = made["Policy"]["PolicySummary"]["Id"]
    places = {"RootId": root, "ParentId": root, "ChildId": unit, "TargetId": unit, "OrganizationalUnitId": unit}
    return {**places, "PolicyId": policy, "ResourceId": policy}


async def _dynamodb(client: Any, account: str) -> dict[str, Any]:
    table = f"table-{named(account)}"
    made = await client("dynamodb").create_table(
        TableName=table, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )  # fmt: skip
    item = {"pk": {"S": "a"}}
    await client("dynamodb").put_item(TableName=table, Item=item)
    statement = f"SELECT * FROM \"{table}\" WHERE pk = 'a'"
    return {
        "TableName": table, "ResourceArn": made["TableDescription"]["TableArn"], "Item": item, "Key": item,
        "BatchGetItem": {"RequestItems": {table: {"Keys": [item]}}},
        "BatchWriteItem": {"RequestItems": {table: [{"PutRequest": {"Item": item}}]}},
        "TransactGetItems": {"TransactItems": [{"Get": {"TableName": table, "Key": item}}]},
        "TransactWriteItems": {"TransactItems": [{"Put": {"TableName": table, "Item": item}}]},
        "ExecuteStatement": {"Statement": statement},
        "BatchExecuteStatement": {"Statements": [{"Statement": statement}]},
        "ExecuteTransaction": {"TransactStatements": [{"Statement": statement}]},
    }  # fmt: skip


MAKERS: Mapping[str, Maker] = {
    "dynamodb": _dynamodb,
    "cloudtrail": _cloudtrail,
    "iam": _iam,
    "kms": _kms,
    "organizations": _organizations,
    "s3": _s3,
    "s3control": _s3control,
    "sqs": _sqs,
    "sts": _sts,
}
