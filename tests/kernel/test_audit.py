"""The audit record: who is on it and how, what it hides, and the ledger of use."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cumulet.kernel import identity
from cumulet.kernel.audit import entries, readers, use
from cumulet.kernel.audit.readers import Reader
from cumulet.kernel.audit.telling import HIDDEN, request, response
from cumulet.kernel.audit.use import MOST_RESOURCES, Use
from cumulet.kernel.clock import Clock
from cumulet.kernel.identity import Caller, Kind
from cumulet.kernel.ids import Ids
from cumulet.kernel.models import load
from cumulet.kernel.scope import Scope
from cumulet.kernel.service import RequestInfo
from cumulet.kernel.store import MemoryEngine, Transaction
from cumulet.kernel.store.cache import Cache
from tests import admin_client
from tests.cloudtrail.conftest import events, find

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ANYBODY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@pytest.fixture
def cloudtrail(client) -> Any:
    return client("cloudtrail")


@pytest.fixture
def tx() -> Transaction:
    """A transaction on an empty store."""
    return Transaction(MemoryEngine(), Clock(), Ids(seed=1), Cache(), now=NOON)


def read(cloud, rule, *args, **more) -> Any:
    """What a rule reads once everything is recorded."""

    async def go():
        await cloud.cloud.kernel.audit.written()
        return await cloud.cloud.kernel.store.read(rule, *args, **more)

    return cloud.run(go())


def user(client, shared_cloud, name="ann", policy=ANYBODY) -> tuple[str, Any]:
    """A user's ARN, and clients of its own."""
    iam = client("iam")
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    if policy is not None:
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return arn, as_somebody(shared_cloud, key)


def as_somebody(cloud, given) -> Any:
    credentials = {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given.get("SessionToken"),
    }
    return lambda service, **more: cloud.client(service, **credentials, **more)


# Who


def test_a_user_is_on_record_by_name(client, shared_cloud, cloudtrail, account):
    arn, ann = user(client, shared_cloud)
    ann("sqs").create_queue(QueueName="orders")

    who = find(cloudtrail, "CreateQueue")["userIdentity"]

    assert who.pop("principalId").startswith("AIDA")
    assert who.pop("accessKeyId").startswith("AKIA")
    assert who == {"type": "IAMUser", "arn": arn, "accountId": account, "userName": "ann"}


def test_the_session_of_a_role_is_on_record_with_its_role(client, shared_cloud, cloudtrail, account):
    role = make_role(client, account)
    given = client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="monday")["Credentials"]
    as_somebody(shared_cloud, given)("sqs").create_queue(QueueName="orders")

    who = find(cloudtrail, "CreateQueue")["userIdentity"]

    assert who["type"] == "AssumedRole"
    assert who["arn"] == f"arn:aws:sts::{account}:assumed-role/worker/monday"
    assert who["principalId"] == f"{role['RoleId']}:monday"
    assert who["sessionContext"]["sessionIssuer"] == {
        "type": "Role",
        "principalId": role["RoleId"],
        "arn": role["Arn"],
        "accountId": account,
        "userName": "worker",
    }
    assert who["sessionContext"]["attributes"]["mfaAuthenticated"] == "false"


def test_assuming_a_role_tells_the_key_and_not_its_secret(client, cloudtrail, account):
    role = make_role(client, account)
    given = client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="monday")["Credentials"]

    event = find(cloudtrail, "AssumeRole")

    assert event["readOnly"] is True
    assert event["responseElements"]["credentials"]["accessKeyId"] == given["AccessKeyId"]
    assert given["SecretAccessKey"] not in json.dumps(event)
    assert given["SessionToken"] not in json.dumps(event)


def make_role(client, account) -> Any:
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam = client("iam")
    role = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=document)["Role"]
    iam.put_role_policy(RoleName="worker", PolicyName="p", PolicyDocument=json.dumps(ANYBODY))
    return role


def test_a_denial_is_on_record_with_what_decided(client, shared_cloud, cloudtrail, account):
    deny = {"Sid": "NoQueues", "Effect": "Deny", "Action": "sqs:*", "Resource": "*"}
    _, ann = user(client, shared_cloud, policy={**ANYBODY, "Statement": [*ANYBODY["Statement"], deny]})
    with pytest.raises(ClientError) as refused:
        ann("sqs").create_queue(QueueName="orders")

    event = find(cloudtrail, "CreateQueue")
    request_id = refused.value.response["ResponseMetadata"]["RequestId"]
    [entry] = read(shared_cloud, entries.denials, account, request_id)

    assert "AccessDenied" in event["errorCode"]
    assert "explicit deny" in event["errorMessage"]
    assert entry.denial.action == "sqs:CreateQueue"
    assert entry.denial.resource == f"arn:aws:sqs:us-east-1:{account}:orders"
    assert entry.denial.reason == "EXPLICIT_DENY"
    assert entry.denial.statement == "NoQueues"


def test_a_call_across_accounts_is_on_both_records(client, cloudtrail, s3, account):
    s3.create_bucket(Bucket=f"shared-{account}")
    share = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::999900001111:root"},
        "Action": "s3:GetBucketVersioning",
        "Resource": f"arn:aws:s3:::shared-{account}",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [share]})
    s3.put_bucket_policy(Bucket=f"shared-{account}", Policy=policy)
    client("s3", account="999900001111").get_bucket_versioning(Bucket=f"shared-{account}")

    mine = find(cloudtrail, "GetBucketVersioning")
    theirs = find(client("cloudtrail", account="999900001111"), "GetBucketVersioning")

    assert mine["recipientAccountId"] == account
    assert mine["userIdentity"]["type"] == "AWSAccount"
    assert mine["userIdentity"]["accountId"] == "999900001111"
    assert theirs["userIdentity"]["type"] == "Root"
    assert mine["sharedEventID"] == theirs["sharedEventID"]
    assert mine["eventID"] != theirs["eventID"]


@pytest.mark.spec("integration:CTR-11", "security:ACCT-12")
def test_what_is_no_call_can_be_recorded(shared_cloud, cloudtrail, account):
    async def sign_in():
        request = RequestInfo(id="r", source_ip="203.0.113.9", user_agent="Browser/1")
        scope = Scope(account=account, region="us-east-1")
        shared_cloud.cloud.kernel.audit.note_event(
            identity.root_of(account), scope, request, "signin.amazonaws.com", "ConsoleLogin",
            kind="AwsConsoleSignIn", response={"ConsoleLogin": "Success"}, additional={"MFAUsed": "No"},
        )  # fmt: skip

    shared_cloud.run(sign_in())
    event = find(cloudtrail, "ConsoleLogin")

    assert event["eventSource"] == "signin.amazonaws.com"
    assert event["eventType"] == "AwsConsoleSignIn"
    assert event["sourceIPAddress"] == "203.0.113.9"
    assert event["responseElements"] == {"ConsoleLogin": "Success"}
    assert event["additionalEventData"] == {"MFAUsed": "No"}
    assert event["userIdentity"]["type"] == "Root"


def test_an_operation_that_is_missing_is_no_event(client, cloudtrail):
    with pytest.raises(ClientError):
        cloudtrail.generate_query(
            EventDataStores=["arn:aws:cloudtrail:us-east-1:000000000000:eventdatastore/x"], Prompt="who?"
        )

    assert "GenerateQuery" not in {event["eventName"] for event in events(cloudtrail)}


# What is told


@pytest.mark.parametrize(
    ("service", "operation", "given", "told"),
    [
        ("iam", "CreateLoginProfile", {"UserName": "a", "Password": "p"}, {"userName": "a", "password": HIDDEN}),
        ("secretsmanager", "PutSecretValue", {"SecretId": "s", "SecretString": "p"},
         {"secretId": "s", "secretString": HIDDEN}),
        ("kms", "Encrypt", {"KeyId": "k", "Plaintext": b"p"}, {"keyId": "k", "plaintext": HIDDEN}),
        ("sqs", "SendMessage", {"QueueUrl": "u", "MessageBody": "p"}, {"queueUrl": "u", "messageBody": HIDDEN}),
        ("sts", "AssumeRole", {"RoleArn": "r", "TokenCode": "123456"}, {"roleArn": "r", "tokenCode": HIDDEN}),
        ("rds", "CreateDBInstance", {"DBInstanceIdentifier": "d", "MasterUserPassword": "p"},
         {"dBInstanceIdentifier": "d", "masterUserPassword": HIDDEN}),
        ("lambda", "CreateFunction", {"FunctionName": "f", "Code": {"ZipFile": b"p"}},
         {"functionName": "f", "code": {"zipFile": HIDDEN}}),
        ("s3", "PutObject", {"Bucket": "b", "Key": "k", "Body": b"p", "SSECustomerKey": "p"},
         {"bucketName": "b", "key": "k", "x-amz-server-side-encryption-customer-key": HIDDEN}),
        ("s3", "PutBucketPolicy", {"Bucket": "b", "Policy": '{"Statement":[]}'},
         {"bucketName": "b", "bucketPolicy": {"Statement": []}, "policy": ""}),
        ("sqs", "ListQueues", {}, None),
    ],
)  # fmt: skip
def test_parameters_are_told_without_secrets(service, operation, given, told):
    assert request(load(service).operations[operation])(given) == told


def test_an_answer_is_told_without_the_secret_of_a_key():
    answer = {"AccessKey": {"AccessKeyId": "AKIA", "SecretAccessKey": "p", "CreateDate": NOON, "UserName": "a"}}
    told = response(load("iam").operations["CreateAccessKey"])(answer)
    expected = {"accessKeyId": "AKIA", "createDate": "Jan 1, 2026, 12:00:00 PM", "userName": "a"}
    assert told == {"accessKey": expected}


def test_what_is_too_large_is_left_out_and_said_so():
    told = request(load("iam").operations["CreatePolicy"])({"PolicyName": "p", "PolicyDocument": "x" * 200_000})
    assert told["omitted"] is True
    assert told["originalSize"] > 200_000


def test_what_is_too_deep_ends_somewhere():
    value: dict[str, Any] = {}
    for _ in range(500):
        value = {"M": {"a": value}}
    told = request(load("dynamodb").operations["PutItem"])({"TableName": "t", "Item": {"a": value}})
    assert len(json.dumps(told)) < 5000


def test_every_operation_of_every_service_that_we_have_can_be_told(shared_cloud):
    for name in shared_cloud.cloud.kernel.registry.names:
        for operation in load(name).operations.values():
            request(operation)({"Nothing": 1})
            response(operation)({"Nothing": 1})


def test_half_characters_and_huge_numbers_can_be_kept(tx):
    told = request(load("dynamodb").operations["PutItem"])(
        {"TableName": "a\ud800", "Item": {"\udfff": {"S": "b\udc00"}}, "ReturnValues": 1 << 70}
    )
    entry = entries.Entry(
        id="e", time=NOON, account="1", region="r", service="sqs", operation="X", parameters=told,
        caller=Caller(kind=Kind.ROOT, account="1"),
    )  # fmt: skip

    assert tx.get(entries.keep(tx, [entry])).entries() == [entry]
    assert told["tableName"] == "a?"


def test_strange_names_do_not_keep_other_calls_off_the_record(client, cloudtrail, sqs):
    with pytest.raises(ClientError):
        sqs.create_queue(QueueName="half \ud800")
    sqs.create_queue(QueueName="whole")

    names = [event["requestParameters"] for event in events(cloudtrail) if event["eventName"] == "CreateQueue"]
    assert {"queueName": "whole"} in names


def test_who_is_refused_leaves_no_trace_with_the_owner(client, s3, cloudtrail, account):
    s3.create_bucket(Bucket=f"closed-{account}")
    stranger = client("s3", account="999900002222")
    with pytest.raises(ClientError):
        stranger.get_bucket_versioning(Bucket=f"closed-{account}")

    assert "GetBucketVersioning" not in {event["eventName"] for event in events(cloudtrail)}
    assert find(client("cloudtrail", account="999900002222"), "GetBucketVersioning")["errorCode"] == "AccessDenied"


def test_what_cannot_be_written_now_is_written_later(tmp_path):
    from cumulet.testing import LocalCloud

    with LocalCloud(tmp_path / "cloud") as cloud:
        kernel = cloud.cloud.kernel
        write = kernel.store.write

        def full_disk(*args, **more):
            raise OSError("No space left on device")

        client = cloud.client("sqs")
        client.list_queues()
        kernel.store.write = full_disk
        with pytest.raises(OSError, match="No space"):
            cloud.run(kernel.audit.written())
        kernel.store.write = write

        found = [event["eventName"] for event in events(cloud.client("cloudtrail"))]
        assert found.count("ListQueues") == 1


# The ledger of use


@pytest.mark.spec("security:IAM-63")
def test_what_a_user_does_is_counted_by_action_and_resource(client, shared_cloud, account):
    arn, ann = user(client, shared_cloud)
    sqs = ann("sqs", region="eu-west-1")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    for _ in range(100):
        sqs.send_message(QueueUrl=url, MessageBody="x")

    uses = {each.action: each for each in read(shared_cloud, use.of, account, arn)}
    last = read(shared_cloud, use.last_activity, account, arn)

    assert uses.keys() == {"sqs:CreateQueue", "sqs:SendMessage"}
    sent = uses["sqs:SendMessage"]
    assert sent.count == 100
    assert sent.resources == (f"arn:aws:sqs:eu-west-1:{account}:orders",)
    assert sent.regions == ("eu-west-1",)
    assert sent.first < sent.last
    assert (last.action, last.region) == ("sqs:SendMessage", "eu-west-1")


def test_what_is_refused_is_not_use(client, shared_cloud, account):
    arn, ann = user(client, shared_cloud, policy=None)
    with pytest.raises(ClientError):
        ann("sqs").create_queue(QueueName="orders")

    assert read(shared_cloud, use.of, account, arn) == []


def test_the_last_use_of_a_key_is_known(client, shared_cloud):
    _, ann = user(client, shared_cloud)
    sqs = ann("sqs", region="eu-west-1")
    sqs.list_queues()
    key = sqs._request_signer._credentials.access_key

    found = read(shared_cloud, identity.last_used, key)

    assert (found.service, found.region) == ("sqs", "eu-west-1")


def test_many_resources_become_what_they_have_in_common(tx):
    for number in range(MOST_RESOURCES + 10):
        use.add(tx, "1", "ann", used(f"arn:aws:s3:::photos/cats/{number}"))
    few = use.of(tx, "1", "ann")[0]
    use.add(tx, "1", "ann", used("arn:aws:s3:::photos/dogs/1"))
    more = use.of(tx, "1", "ann")[0]

    assert few.resources == ("arn:aws:s3:::photos/cats/*",)
    assert few.count == MOST_RESOURCES + 10
    assert more.resources == ("arn:aws:s3:::photos/*",)


def test_few_resources_stay_as_they_are(tx):
    use.add(tx, "1", "ann", used("arn:b"))
    use.add(tx, "1", "ann", used("arn:a"))
    use.add(tx, "1", "ann", used("arn:b"))

    [found] = use.of(tx, "1", "ann")

    assert found.resources == ("arn:a", "arn:b")
    assert use.of(tx, "1", "ann", since=NOON + timedelta(days=1)) == []


def used(resource: str) -> Use:
    return Use(action="s3:GetObject", count=1, first=NOON, last=NOON, region="r", regions=("r",), resources=(resource,))


# Readers


def test_a_reader_is_called_once_after_the_first_event(tx):
    reader = Reader(name="a", handler="cloudtrail.deliver", scope=Scope(account="1"), data=("s3",))
    readers.set_reader(tx, reader)
    found = readers.of(tx, "1")
    readers.call(tx, found, NOON)
    readers.call(tx, found, NOON + timedelta(hours=1))
    due = [job.at for job in tx.range(("jobs", "due"))]
    readers.remove(tx, "1", "a")

    assert due == [NOON + timedelta(minutes=5)]
    assert readers.of(tx, "1") == ()


def test_a_reader_of_an_organization_reads_of_its_members(tx):
    of_all = Reader(name="a", handler="x.y", scope=Scope(account="1"), organization=True)
    own = Reader(name="b", handler="x.y", scope=Scope(account="1"))
    readers.set_reader(tx, of_all)
    readers.set_reader(tx, own)

    assert readers.of(tx, "2", "1") == (of_all,)
    assert readers.of(tx, "2") == ()
    assert len(readers.of(tx, "1", "1")) == 2


# Keeping and forgetting


def test_a_search_passes_over_what_cannot_match(tx):
    entry = entries.Entry(
        id="e", time=NOON, account="1", region="r", service="sqs", operation="CreateQueue",
        caller=Caller(kind=Kind.ROOT, account="1"),
    )  # fmt: skip
    key = entries.keep(tx, [entry])
    chunk = tx.get(key)

    assert chunk.may_hold("CreateQueue")
    assert not chunk.may_hold("DeleteQueue")
    assert chunk.entries() == [entry]
    assert list(entries.accounts(tx)) == ["1"]
    assert list(entries.regions(tx, "1", entries.MANAGEMENT)) == ["r"]


def test_old_events_are_forgotten(own_cloud):
    account = "111122223333"
    sqs = own_cloud.client("sqs", account=account)
    sqs.create_queue(QueueName="orders")
    own_cloud.advance(days=1)
    own_cloud.advance(days=92)

    kept = read(own_cloud, lambda tx: list(tx.range(entries.space(account, entries.MANAGEMENT))))
    assert [entry.operation for chunk in kept for entry in chunk.entries()] == []


def test_a_reset_forgets_the_record_of_an_account(own_cloud):
    account = "111122223333"
    own_cloud.client("sqs", account=account).create_queue(QueueName="orders")
    read(own_cloud, lambda tx: None)
    assert admin_client.call(own_cloud.url, "POST", f"/_cumulet/reset?account={account}")[0] == 200

    assert read(own_cloud, lambda tx: list(tx.range(("audit", account)))) == []
