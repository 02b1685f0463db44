"""Request ids: S3's have a form of their own, in answers and refusals alike."""

from __future__ import annotations

import re

import pytest
from botocore.exceptions import ClientError
from tests.conftest import connect
from tests.s3.wire import send
from tests.s3control.conftest import at_aws

_S3 = re.compile(r"[A-Z0-9]{16}")


def test_ids_are_sixteen_capitals_and_digits(shared_cloud, s3, bucket, account):
    answered = s3.list_objects_v2(Bucket=bucket)["ResponseMetadata"]
    again = s3.list_objects_v2(Bucket=bucket)["ResponseMetadata"]
    assert _S3.fullmatch(answered["RequestId"]) and answered["RequestId"] != again["RequestId"]
    control = at_aws(shared_cloud, "s3control", account).list_access_points(AccountId=account)["ResponseMetadata"]
    assert _S3.fullmatch(control["RequestId"])


def test_refusals_have_them_too(shared_cloud, s3, bucket):
    with pytest.raises(ClientError) as missing:
        s3.get_object(Bucket=bucket, Key="none")
    told = missing.value.response["ResponseMetadata"]
    assert _S3.fullmatch(told["RequestId"]) and told["RequestId"] == told["HTTPHeaders"]["x-amz-request-id"]
    nowhere = send("POST", f"{shared_cloud.url}/", headers={"host": "s3.amazonaws.com"})
    assert nowhere.status == 405 and _S3.fullmatch(nowhere.headers["x-amz-request-id"])
    body = re.search(rb"<RequestId>([^<]*)<", nowhere.body)
    assert body is not None and body[1].decode() == nowhere.headers["x-amz-request-id"]


def test_other_services_have_uuids(shared_cloud, account):
    answered = connect(shared_cloud, "sqs", account=account).list_queues()["ResponseMetadata"]
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", answered["RequestId"])
