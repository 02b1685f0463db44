"""Requester Pays, and the accelerated address."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from tests.s3.answers import plain, refusal
from tests.s3.strangers import anonymous, fetch, open_up, policy


@pytest.fixture
def stranger(client, account):
    return client("s3", account=f"7{account[1:]}")


def test_who_pays_is_kept(s3, bucket):
    assert plain(s3.get_bucket_request_payment(Bucket=bucket)) == {"Payer": "BucketOwner"}
    for payer in ("Requester", "BucketOwner"):
        s3.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration={"Payer": payer})
        assert plain(s3.get_bucket_request_payment(Bucket=bucket)) == {"Payer": payer}
    wrong = refusal(s3.put_bucket_request_payment, Bucket=bucket, RequestPaymentConfiguration={"Payer": "Nobody"})
    assert wrong["Code"] == "MalformedXML"


@pytest.mark.spec("storage:S3-102")
def test_a_requester_has_to_agree_to_pay(s3, bucket, stranger, client):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    open_up(s3, bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, {"Action": ["s3:GetObject", "s3:PutObject"]}))
    s3.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration={"Payer": "Requester"})

    assert refusal(stranger.get_object, Bucket=bucket, Key="k")["Code"] == "AccessDenied"
    paid = stranger.get_object(Bucket=bucket, Key="k", RequestPayer="requester")
    assert (paid["RequestCharged"], paid["Body"].read()) == ("requester", b"x")
    assert stranger.put_object(Bucket=bucket, Key="new", RequestPayer="requester")["RequestCharged"] == "requester"
    assert refusal(anonymous(client).get_object, Bucket=bucket, Key="k", RequestPayer="requester")["status"] == 403
    assert "RequestCharged" not in s3.get_object(Bucket=bucket, Key="k")


@pytest.mark.spec("storage:S3-102")
def test_a_signed_url_can_agree_to_pay(s3, bucket, stranger):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    open_up(s3, bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, {}))
    s3.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration={"Payer": "Requester"})
    url = stranger.generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": "k", "RequestPayer": "requester"}
    )

    answer = fetch(s3.meta.endpoint_url, url.removeprefix(s3.meta.endpoint_url), x_amz_request_payer="requester")
    assert (answer.status, answer.headers["x-amz-request-charged"]) == (200, "requester")


@pytest.mark.spec("storage:S3TA-01", "storage:S3TA-03")
def test_the_accelerated_address_leads_to_the_bucket_while_it_is_on(s3, bucket, account):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    open_up(s3, bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, {}))
    host = f"{bucket}.s3-accelerate.localhost:{urlsplit(s3.meta.endpoint_url).port}"

    def visit():
        return fetch(s3.meta.endpoint_url, "/k", host=host)

    assert plain(s3.get_bucket_accelerate_configuration(Bucket=bucket)) == {}
    assert "S3 Transfer Acceleration is not configured on this bucket" in visit().body
    s3.put_bucket_accelerate_configuration(Bucket=bucket, AccelerateConfiguration={"Status": "Enabled"})
    assert plain(s3.get_bucket_accelerate_configuration(Bucket=bucket)) == {"Status": "Enabled"}
    assert (visit().status, visit().body) == (200, "x")
    s3.put_bucket_accelerate_configuration(Bucket=bucket, AccelerateConfiguration={"Status": "Suspended"})
    assert (visit().status, "is disabled on this bucket" in visit().body) == (400, True)


def test_acceleration_is_refused_in_words(s3, bucket, account):
    for status in ("enabled", "Random"):
        error = refusal(
            s3.put_bucket_accelerate_configuration, Bucket=bucket, AccelerateConfiguration={"Status": status}
        )
        assert error["Code"] == "MalformedXML"
    dotted = f"a.{account}"
    s3.create_bucket(Bucket=dotted)
    error = refusal(
        s3.put_bucket_accelerate_configuration, Bucket=dotted, AccelerateConfiguration={"Status": "Enabled"}
    )
    assert error["Code"] == "InvalidRequest"
    assert error["Message"] == ("S3 Transfer Acceleration is not supported for buckets with periods (.) in their names")
