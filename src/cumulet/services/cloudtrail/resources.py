"""What an event was about: the ARNs in its record, and the names by which LookupEvents finds it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cumulet.kernel.audit.entries import Entry

_OBJECT, _BUCKET = "AWS::S3::Object", "AWS::S3::Bucket"
_OF_ARNS = {
    ("sqs", ""): "AWS::SQS::Queue",
    ("sns", ""): "AWS::SNS::Topic",
    ("lambda", "function"): "AWS::Lambda::Function",
    ("dynamodb", "table"): "AWS::DynamoDB::Table",
    ("kinesis", "stream"): "AWS::Kinesis::Stream",
    ("kms", "key"): "AWS::KMS::Key",
    ("iam", "user"): "AWS::IAM::User",
    ("iam", "role"): "AWS::IAM::Role",
    ("iam", "group"): "AWS::IAM::Group",
    ("iam", "policy"): "AWS::IAM::Policy",
    ("iam", "instance-profile"): "AWS::IAM::InstanceProfile",
    ("cloudtrail", "trail"): "AWS::CloudTrail::Trail",
    ("cloudtrail", "eventdatastore"): "AWS::CloudTrail::EventDataStore",
    ("logs", "log-group"): "AWS::Logs::LogGroup",
    ("secretsmanager", "secret"): "AWS::SecretsManager::Secret",
    ("ssm", "parameter"): "AWS::SSM::Parameter",
    ("events", "rule"): "AWS::Events::Rule",
    ("states", "stateMachine"): "AWS::StepFunctions::StateMachine",
    ("ec2", "instance"): "AWS::EC2::Instance",
    ("ec2", "security-group"): "AWS::EC2::SecurityGroup",
    ("ec2", "vpc"): "AWS::EC2::VPC",
    ("cloudformation", "stack"): "AWS::CloudFormation::Stack",
    ("rds", "db"): "AWS::RDS::DBInstance",
}
_OF_MEMBERS = {
    "iam": {
        "userName": "AWS::IAM::User",
        "groupName": "AWS::IAM::Group",
        "roleName": "AWS::IAM::Role",
        "policyArn": "AWS::IAM::Policy",
        "policyName": "AWS::IAM::Policy",
        "instanceProfileName": "AWS::IAM::InstanceProfile",
        "accessKeyId": "AWS::IAM::AccessKey",
    },
    "sts": {"roleArn": "AWS::IAM::Role", "roleSessionName": "AWS::STS::AssumedRole"},
    "s3": {"bucketName": _BUCKET},
    "kms": {"keyId": "AWS::KMS::Key", "aliasName": "AWS::KMS::Alias"},
    "sqs": {"queueName": "AWS::SQS::Queue", "queueUrl": "AWS::SQS::Queue"},
    "cloudtrail": {"name": "AWS::CloudTrail::Trail", "s3BucketName": _BUCKET},
    "lambda": {"functionName": "AWS::Lambda::Function"},
    "dynamodb": {"tableName": "AWS::DynamoDB::Table"},
    "cloudformation": {"stackName": "AWS::CloudFormation::Stack"},
    "logs": {"logGroupName": "AWS::Logs::LogGroup"},
    "ec2": {
        "instanceId": "AWS::EC2::Instance",
        "groupId": "AWS::EC2::SecurityGroup",
        "vpcId": "AWS::EC2::VPC",
        "subnetId": "AWS::EC2::Subnet",
    },
}
"""Members of parameters and answers that name resources (CloudTrail User Guide, resource types in the history)."""

SERVICES = {
    "AWS::S3::Object": "s3",
    "AWS::Lambda::Function": "lambda",
    "AWS::DynamoDB::Table": "dynamodb",
    "AWS::DynamoDB::Stream": "dynamodbstreams",
    "AWS::SQS::Queue": "sqs",
    "AWS::SNS::Topic": "sns",
    "AWS::SNS::PlatformEndpoint": "sns",
    "AWS::Kinesis::Stream": "kinesis",
    "AWS::KinesisFirehose::DeliveryStream": "firehose",
    "AWS::Cognito::IdentityPool": "cognito-identity",
    "AWS::StepFunctions::StateMachine": "stepfunctions",
    "AWS::CloudWatch::Metric": "cloudwatch",
    "AWS::SES::EmailIdentity": "ses",
    "AWS::SSMMessages::ControlChannel": "ssm",
    "AWS::RDS::DBCluster": "rds-data",
    "AWS::CloudTrail::Channel": "cloudtrail-data",
    "AWS::S3::AccessPoint": "s3",
}
"""Whose data events are about a resource type, as boto3 names the service."""


def touched(entry: Entry) -> list[dict[str, str]]:
    """The `resources` of a record."""
    found: dict[str, dict[str, str]] = {}
    for arn, account in entry.resources or _of_parameters(entry):
        for each in _of_arn(arn, account):
            found.setdefault(each["ARN"], each)
    told = list(found.values())
    if entry.data and entry.service == "s3" and not any(each.get("type") == _OBJECT for each in told):
        # An operation on a bucket that is a data event all the same, as ListObjects is: on all that is in it.
        told = [{"type": _OBJECT, "ARNPrefix": f"{each['ARN']}/"} for each in told] + told
    return told


def _of_parameters(entry: Entry) -> list[tuple[str, str]]:
    if entry.service != "s3" or not isinstance(entry.parameters, dict) or "bucketName" not in entry.parameters:
        return []
    bucket, key = entry.parameters["bucketName"], entry.parameters.get("key")
    return [(f"arn:aws:s3:::{bucket}" + (f"/{key}" if key is not None else ""), entry.account)]


def _of_arn(arn: str, account: str) -> Iterator[dict[str, str]]:
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn" or "*" in parts[5]:
        return
    if parts[2] == "s3" and not parts[4]:
        bucket, _, key = parts[5].partition("/")
        if key:
            yield {"type": _OBJECT, "ARN": arn}
        yield {"accountId": account, "type": _BUCKET, "ARN": f"arn:{parts[1]}:s3:::{bucket}"}
        return
    told = {"accountId": account, "ARN": arn}
    kind = type_of(arn)
    yield {"accountId": account, "type": kind, "ARN": arn} if kind else told


def type_of(arn: str) -> str:
    """The resource type of an ARN, or nothing where we do not know it."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return ""
    if parts[2] == "s3":
        return _OBJECT if "/" in parts[5] else _BUCKET
    head = parts[5].replace(":", "/").partition("/")[0]
    return _OF_ARNS.get((parts[2], head)) or _OF_ARNS.get((parts[2], ""), "")


def named(entry: Entry) -> list[dict[str, str]]:
    """The `Resources` of an event in LookupEvents."""
    found: dict[tuple[str, str], None] = {}
    members = _OF_MEMBERS.get(entry.service, {})
    for part in (entry.parameters, entry.response):
        for name, value in _members(part):
            if name in members and isinstance(value, str) and value:
                found[members[name], value.rpartition("/")[2] if name == "queueUrl" else value] = None
    for each in touched(entry):
        if "type" in each and "ARN" in each:
            found[each["type"], each["ARN"]] = None
    return [{"ResourceType": kind, "ResourceName": name} for kind, name in found]


def _members(part: Any) -> Iterator[tuple[str, Any]]:
    """Members of a structure, and of those directly in it."""
    if not isinstance(part, dict):
        return
    for name, value in part.items():
        yield name, value
        if isinstance(value, dict):
            yield from value.items()
