"""Who may use a queue: its account, and whom its policy lets in."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from cumulet.kernel.errors import ServiceError
from cumulet.kernel.identity import service_principal
from tests.sqs.conftest import bodies
from tests.sqs.test_queues import refusal
from tests.sts.people import Account, acting

STRANGER = "999999999999"


@pytest.fixture
def stranger(client) -> Any:
    return client("sqs", account=STRANGER)


def policy(sqs, url: str) -> dict | None:
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]).get("Attributes")
    return json.loads(attributes["Policy"]) if attributes else None


def set_policy(sqs, url: str, *statements: dict) -> None:
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(document)})


def allow(principal: Any, action: Any = "sqs:SendMessage", effect: str = "Allow", **more: Any) -> dict:
    return {"Effect": effect, "Principal": principal, "Action": action, "Resource": "*", **more}


def test_strangers_are_refused(stranger, url, account):
    assert refusal(stranger.send_message, QueueUrl=url, MessageBody="a") == (
        "AccessDenied",
        f"User: arn:aws:iam::{STRANGER}:root is not authorized to perform: sqs:sendmessage on resource: "
        f"arn:aws:sqs:us-east-1:{account}:orders because no resource-based policy allows the sqs:sendmessage action",
    )
    for call in (stranger.receive_message, stranger.delete_queue, stranger.purge_queue, stranger.list_queue_tags):
        assert refusal(call, QueueUrl=url)[0] == "AccessDenied"
    lookup = {"QueueName": "orders", "QueueOwnerAWSAccountId": account}
    assert refusal(stranger.get_queue_url, **lookup)[0] == "AccessDenied"


def test_who_does_not_sign_is_refused(shared_cloud, sqs, url):
    config = Config(signature_version=UNSIGNED, retries={"max_attempts": 0})
    anonymous = boto3.client("sqs", endpoint_url=shared_cloud.url, region_name="us-east-1", config=config)
    assert refusal(anonymous.send_message, QueueUrl=url, MessageBody="a")[0] == "AccessDenied"
    assert refusal(anonymous.list_queues)[0] == "AccessDenied"
    set_policy(sqs, url, allow("*"))
    anonymous.send_message(QueueUrl=url, MessageBody="a")


def test_permissions_are_edited_statement_by_statement(sqs, url, stranger, account):
    arn = f"arn:aws:sqs:us-east-1:{account}:orders"
    sqs.add_permission(QueueUrl=url, Label="one", AWSAccountIds=[STRANGER], Actions=["SendMessage", "GetQueueUrl"])
    stranger.send_message(QueueUrl=url, MessageBody="a")
    assert stranger.get_queue_url(QueueName="orders", QueueOwnerAWSAccountId=account)["QueueUrl"] == url
    assert refusal(stranger.receive_message, QueueUrl=url)[0] == "AccessDenied"
    sqs.add_permission(QueueUrl=url, Label="two", AWSAccountIds=[STRANGER, account], Actions=["*"])
    assert policy(sqs, url) == {
        "Version": "2008-10-17",
        "Id": f"{arn}/SQSDefaultPolicy",
        "Statement": [
            {
                "Sid": "one",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{STRANGER}:root"},
                "Action": ["SQS:SendMessage", "SQS:GetQueueUrl"],
                "Resource": arn,
            },
            {
                "Sid": "two",
                "Effect": "Allow",
                "Principal": {"AWS": [f"arn:aws:iam::{STRANGER}:root", f"arn:aws:iam::{account}:root"]},
                "Action": "SQS:*",
                "Resource": arn,
            },
        ],
    }
    assert bodies(stranger.receive_message(QueueUrl=url)) == ["a"]
    assert refusal(stranger.delete_queue, QueueUrl=url)[0] == "AccessDenied", "no policy can grant this"
    sqs.remove_permission(QueueUrl=url, Label="two")
    assert refusal(stranger.receive_message, QueueUrl=url)[0] == "AccessDenied"
    sqs.remove_permission(QueueUrl=url, Label="one")
    assert policy(sqs, url) is None


def test_permissions_that_are_refused(sqs, url):
    grant = {"QueueUrl": url, "Label": "one", "AWSAccountIds": [STRANGER], "Actions": ["SendMessage"]}
    sqs.add_permission(**grant)
    assert refusal(sqs.add_permission, **grant) == (
        "InvalidParameterValue",
        "Value one for parameter Label is invalid. Reason: Already exists.",
    )
    assert refusal(sqs.remove_permission, QueueUrl=url, Label="two") == (
        "InvalidParameterValue",
        "Value two for parameter Label is invalid. Reason: can't find label.",
    )
    for wrong in ({"Label": "a b"}, {"AWSAccountIds": ["me"]}, {"Actions": ["DeleteQueue"]}):
        assert refusal(sqs.add_permission, **{**grant, "Label": "two", **wrong})[0] == "InvalidParameterValue"
    for missing in ({"AWSAccountIds": []}, {"Actions": []}):
        assert refusal(sqs.add_permission, **{**grant, "Label": "two", **missing})[0] == "MissingParameter"


@pytest.mark.parametrize(
    "statement",
    [
        allow({"AWS": "*"}),
        allow("*", ["sqs:SendMessage", "sqs:ReceiveMessage"]),
        allow({"AWS": STRANGER}, "SQS:Send*"),
        allow({"AWS": [f"arn:aws:iam::{STRANGER}:root"]}, "*"),
        allow("*", Condition={"StringEquals": {"aws:PrincipalAccount": [STRANGER]}}),
        allow("*", Condition={"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}),
    ],
)
def test_grants(sqs, url, stranger, statement):
    set_policy(sqs, url, statement)
    stranger.send_message(QueueUrl=url, MessageBody="a")


@pytest.mark.parametrize(
    "statement",
    [allow({"AWS": {"odd": [1]}}, [{}], Condition=[1]), allow([1], 1, Condition={"StringEquals": 1}), {}],
)
def test_a_malformed_policy_is_refused(sqs, url, statement):
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    refused = refusal(sqs.set_queue_attributes, QueueUrl=url, Attributes={"Policy": policy})
    assert refused[0] == "InvalidAttributeValue"


@pytest.mark.parametrize(
    "statements",
    [
        [allow({"AWS": "111122223333"})],
        [allow({"Service": "s3.amazonaws.com"})],
        [allow("*", "sqs:ReceiveMessage")],
        [allow("*", Resource="arn:aws:sqs:us-east-1:111122223333:orders")],
        [allow("*", Condition={"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}})],
        [allow("*", Condition={"StringEquals": {"aws:SourceArn": "x"}})],
        [allow("*"), allow({"AWS": STRANGER}, effect="Deny")],
        [allow("*"), allow("*", effect="Deny", Condition={"Bool": {"aws:SecureTransport": "false"}})],
    ],
)
def test_no_grants(sqs, url, stranger, statements):
    set_policy(sqs, url, *statements)
    assert refusal(stranger.send_message, QueueUrl=url, MessageBody="a")[0] == "AccessDenied"


BUCKET = "arn:aws:s3:::pictures"


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        (allow({"Service": "s3.amazonaws.com"}), True),
        (allow("*"), True),
        (allow({"Service": "sns.amazonaws.com"}), False),
        (allow({"AWS": "*"}), True),
        (allow("*", Condition={"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:pictures"}}), True),
        (allow("*", Condition={"ArnEquals": {"AWS:SourceArn": [BUCKET + "x", BUCKET]}}), True),
        (allow("*", Condition={"StringLike": {"aws:SourceArn": "arn:aws:s3:::p?cture*"}}), True),
        (allow("*", Condition={"StringEquals": {"aws:SourceAccount": "123456789012"}}), True),
        (allow("*", Condition={"StringEquals": {"aws:SourceAccount": "123456789013"}}), False),
        (allow("*", Condition={"ArnLike": {"aws:SourceArn": BUCKET + "s"}}), False),
        (
            allow("*", Condition={"ArnLike": {"aws:SourceArn": BUCKET}, "StringEquals": {"aws:SourceAccount": "1"}}),
            False,
        ),
    ],
)
def test_a_service_needs_a_grant_of_its_own(shared_cloud, sqs, url, account, statement, allowed):
    assert not _delivers(shared_cloud, account, url)
    set_policy(sqs, url, statement)
    assert _delivers(shared_cloud, account, url) == allowed
    assert bodies(sqs.receive_message(QueueUrl=url)) == ["event"] * allowed


def _delivers(cloud, account: str, url: str) -> bool:
    """Whether S3 can send to the queue on behalf of a bucket."""
    caller = service_principal("s3", account, source_arn=BUCKET, source_account="123456789012")
    queue = cloud.cloud.kernel.client(caller, "sqs", "us-east-1")
    try:
        cloud.run(queue.send_message(QueueUrl=url, MessageBody="event"))
    except ServiceError as refused:
        assert refused.code == "AccessDeniedException"
        return False
    return True


@pytest.mark.spec("integration:SQS-24")
def test_a_policy_means_the_user_and_not_the_name(sqs, url, shared_cloud, account):
    """Who comes after a deleted user under its name is somebody else; who is renamed keeps what was given."""
    here = Account(shared_cloud, account)
    ana = acting(shared_cloud, here.user("ana"), "sqs")
    ben = here.user("ben")
    set_policy(sqs, url, allow({"AWS": [here.user_arn("ana"), here.user_arn("ben")]}))
    here.iam.update_user(UserName="ana", NewUserName="eve")
    here.iam.delete_access_key(UserName="ben", AccessKeyId=ben["AccessKeyId"])
    here.iam.delete_user(UserName="ben")
    namesake = acting(shared_cloud, here.user("ben"), "sqs")
    sqs.add_permission(QueueUrl=url, Label="one", AWSAccountIds=[STRANGER], Actions=["SendMessage"])

    ana.send_message(QueueUrl=url, MessageBody="a")
    assert refusal(namesake.send_message, QueueUrl=url, MessageBody="b")[0] == "AccessDenied"
    shown = policy(sqs, url)["Statement"][0]["Principal"]["AWS"]
    assert shown[0] == here.user_arn("eve") and shown[1].startswith("AIDA")


@pytest.mark.parametrize("kind", ["user", "role"])
def test_whom_a_policy_names_has_to_be_there(sqs, url, account, kind):
    document = {"Version": "2012-10-17", "Statement": [allow({"AWS": f"arn:aws:iam::{account}:{kind}/nobody"})]}
    attributes = {"Policy": json.dumps(document)}
    told = ("InvalidAttributeValue", "Invalid value for the parameter Policy.")
    assert refusal(sqs.set_queue_attributes, QueueUrl=url, Attributes=attributes) == told
    assert refusal(sqs.create_queue, QueueName="new", Attributes=attributes) == told
    assert len(sqs.list_queues()["QueueUrls"]) == 1
