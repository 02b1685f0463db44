"""Queues that a key of KMS protects."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cumulet.kernel.errors import ServiceError
from cumulet.kernel.identity import service_principal
from tests.kms.refusals import refused
from tests.sqs.conftest import bodies
from tests.sts.people import Account, acting, allow

EVENTS = "events.amazonaws.com"


@pytest.fixture
def here(shared_cloud, account) -> Account:
    return Account(shared_cloud, account)


@pytest.fixture
def kms(client) -> Any:
    return client("kms")


@pytest.fixture
def key(kms) -> str:
    return kms.create_key()["KeyMetadata"]["Arn"]


@pytest.fixture
def secret_url(sqs, key) -> str:
    return sqs.create_queue(QueueName="secrets", Attributes={"KmsMasterKeyId": key})["QueueUrl"]


def stored(cloud: Any, account: str) -> bytes:
    """All that the store holds of an account's queues."""

    def read(tx) -> bytes:
        return repr(list(tx.items(("sqs", account)))).encode()

    return cloud.run(cloud.cloud.kernel.store.read(read))


@pytest.mark.spec("integration:SQS-26")
def test_what_a_message_carries_lies_encrypted(shared_cloud, sqs, secret_url, url, account):
    attributes = {
        "colour": {"DataType": "String", "StringValue": "ultramarine"},
        "raw": {"DataType": "Binary", "BinaryValue": b"\x00raw\xff"},
    }
    sqs.send_message(QueueUrl=secret_url, MessageBody="my hidden words", MessageAttributes=attributes)
    sqs.send_message_batch(QueueUrl=secret_url, Entries=[{"Id": "a", "MessageBody": "more hidden words"}])
    sqs.send_message(QueueUrl=url, MessageBody="my open words")

    held = stored(shared_cloud, account)
    found = sqs.receive_message(QueueUrl=secret_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])["Messages"]

    assert b"my open words" in held
    assert b"hidden words" not in held and b"ultramarine" not in held
    assert [message["Body"] for message in found] == ["my hidden words", "more hidden words"]
    assert found[0]["MessageAttributes"] == attributes


def test_a_key_may_be_named_by_alias_and_the_default_one_comes_when_it_is_used(sqs, kms, key):
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
    for name in ("alias/mine", "alias/aws/sqs", key.rpartition("/")[2]):
        attributes = {"KmsMasterKeyId": name}
        url = sqs.create_queue(QueueName=name.replace("/", "-"), Attributes=attributes)["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody=name)
        assert bodies(sqs.receive_message(QueueUrl=url)) == [name]
    assert kms.describe_key(KeyId="alias/aws/sqs")["KeyMetadata"]["KeyManager"] == "AWS"


@pytest.mark.spec("integration:SQS-24")
def test_sender_and_receiver_need_leave_of_the_key(shared_cloud, here, sqs, key, secret_url):
    user = acting(shared_cloud, here.user("ana", allow("sqs:*")), "sqs")
    sqs.send_message(QueueUrl=secret_url, MessageBody="a")

    with refused("KMS.AccessDeniedException", "kms:GenerateDataKey"):
        user.send_message(QueueUrl=secret_url, MessageBody="b")
    with refused("KMS.AccessDeniedException", "kms:Decrypt"):
        user.receive_message(QueueUrl=secret_url)

    seen = sqs.receive_message(QueueUrl=secret_url, AttributeNames=["ApproximateReceiveCount"])["Messages"]
    assert [message["Attributes"]["ApproximateReceiveCount"] for message in seen] == ["1"], "nothing was taken"
    sender = acting(shared_cloud, here.user("ben", allow(["sqs:*", "kms:GenerateDataKey"], "*")), "sqs")
    with refused("KMS.AccessDeniedException", "kms:Decrypt"):
        sender.send_message(QueueUrl=secret_url, MessageBody="b")
    both = acting(shared_cloud, here.user("cem", allow(["sqs:*", "kms:GenerateDataKey", "kms:Decrypt"])), "sqs")
    both.send_message(QueueUrl=secret_url, MessageBody="c")
    assert bodies(both.receive_message(QueueUrl=secret_url)) == ["c"]


def test_services_need_leave_in_the_keys_policy(shared_cloud, sqs, kms, key, secret_url, here, account):
    anyone = {"Effect": "Allow", "Principal": {"Service": EVENTS}, "Action": "sqs:SendMessage", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [anyone]})
    sqs.set_queue_attributes(QueueUrl=secret_url, Attributes={"Policy": text})
    events = shared_cloud.cloud.kernel.client(service_principal("events", account), "sqs", "us-east-1")

    with pytest.raises(ServiceError) as raised:
        shared_cloud.run(events.send_message(QueueUrl=secret_url, MessageBody="event"))
    owner = {"Effect": "Allow", "Principal": {"AWS": here.root}, "Action": "kms:*", "Resource": "*"}
    use = {"Effect": "Allow", "Principal": {"Service": EVENTS}, "Resource": "*"}
    use["Action"] = ["kms:GenerateDataKey", "kms:Decrypt"]
    kms.put_key_policy(KeyId=key, Policy=json.dumps({"Version": "2012-10-17", "Statement": [owner, use]}))
    shared_cloud.run(events.send_message(QueueUrl=secret_url, MessageBody="event"))

    assert raised.value.code == "KmsAccessDenied"
    assert bodies(sqs.receive_message(QueueUrl=secret_url)) == ["event"]


def test_what_kms_refuses(sqs, kms, key, secret_url):
    kms.disable_key(KeyId=key)
    with refused("KMS.DisabledException"):
        sqs.send_message(QueueUrl=secret_url, MessageBody="a")
    kms.schedule_key_deletion(KeyId=key)
    with refused("KMS.InvalidStateException"):
        sqs.send_message(QueueUrl=secret_url, MessageBody="a")
    signing = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["Arn"]
    for other, code in ((signing, "InvalidKeyUsage"), ("alias/nobody", "NotFound")):
        sqs.set_queue_attributes(QueueUrl=secret_url, Attributes={"KmsMasterKeyId": other})
        with refused(f"KMS.{code}Exception"):
            sqs.send_message_batch(QueueUrl=secret_url, Entries=[{"Id": "a", "MessageBody": "a"}])


def test_a_data_key_serves_as_long_as_the_queue_says(own_cloud, own_sqs):
    kms = own_cloud.client("kms", account="111111111111")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    attributes = {"KmsMasterKeyId": key, "KmsDataKeyReusePeriodSeconds": "60"}
    url = own_sqs.create_queue(QueueName="q", Attributes=attributes)["QueueUrl"]
    own_sqs.send_message(QueueUrl=url, MessageBody="a")
    kms.disable_key(KeyId=key)

    own_sqs.send_message(QueueUrl=url, MessageBody="b")
    own_cloud.advance(seconds=61)

    with refused("KMS.DisabledException"):
        own_sqs.receive_message(QueueUrl=url)
    kms.enable_key(KeyId=key)
    assert bodies(own_sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)) == ["a", "b"]


def test_messages_stay_sealed_when_the_queue_changes(sqs, secret_url):
    sqs.send_message(QueueUrl=secret_url, MessageBody="a")
    sqs.set_queue_attributes(QueueUrl=secret_url, Attributes={"SqsManagedSseEnabled": "true"})
    assert bodies(sqs.receive_message(QueueUrl=secret_url)) == ["a"]


def test_a_dead_letter_opens_with_the_key_that_sealed_it(sqs, url, secret_url, account):
    redrive = {"deadLetterTargetArn": f"arn:aws:sqs:us-east-1:{account}:orders", "maxReceiveCount": 1}
    sqs.set_queue_attributes(QueueUrl=secret_url, Attributes={"RedrivePolicy": json.dumps(redrive)})
    sqs.send_message(QueueUrl=secret_url, MessageBody="a")
    sqs.receive_message(QueueUrl=secret_url, VisibilityTimeout=0)
    sqs.receive_message(QueueUrl=secret_url)
    assert bodies(sqs.receive_message(QueueUrl=url)) == ["a"]
