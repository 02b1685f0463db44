"""Temporary credentials at the door: let in until they expire, and nobody passes for another."""

from __future__ import annotations

from datetime import timedelta

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from cumulet.kernel import identity, sessions
from cumulet.kernel.identity import Caller, Kind, Session

ACCOUNT = "111122223333"


def _credentials(cloud, seconds: int = 3600) -> sessions.Credentials:
    kernel = cloud.cloud.kernel
    now = kernel.clock.now()
    arn = f"arn:aws:iam::{ACCOUNT}:root"
    session = Session(issued=now, expires=now + timedelta(seconds=seconds))
    root = Caller(kind=Kind.ROOT, account=ACCOUNT, arn=arn, id=ACCOUNT, session=session)
    return sessions.issue(kernel.keyring, kernel.ids, root, now)


def _client(cloud, service: str, key: str, secret: str, token: str | None):
    return boto3.client(
        service, endpoint_url=cloud.url, region_name="us-east-1", aws_access_key_id=key,
        aws_secret_access_key=secret, aws_session_token=token, config=Config(retries={"max_attempts": 0}),
    )  # fmt: skip


def _refusal(call) -> tuple[str, int]:
    with pytest.raises(ClientError) as refused:
        call()
    answer = refused.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_temporary_credentials_act_in_their_account(own_cloud):
    given = _credentials(own_cloud)
    sqs = _client(own_cloud, "sqs", given.access_key, given.secret, given.token)
    assert f"/{ACCOUNT}/" in sqs.create_queue(QueueName="q")["QueueUrl"]


def test_they_sign_urls_too(own_cloud, tmp_path):
    import urllib.request

    given = _credentials(own_cloud)
    s3 = _client(own_cloud, "s3", given.access_key, given.secret, given.token)
    s3.create_bucket(Bucket="presigned")
    s3.put_object(Bucket="presigned", Key="k", Body=b"bytes")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "presigned", "Key": "k"})
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"bytes"


def test_they_expire_by_the_clock(own_cloud):
    given = _credentials(own_cloud, seconds=900)
    own_cloud.advance(seconds=901)
    assert _refusal(_client(own_cloud, "s3", *_parts(given)).list_buckets) == ("ExpiredToken", 400)
    assert _refusal(_client(own_cloud, "sqs", *_parts(given)).list_queues) == ("ExpiredTokenException", 400)


def test_a_token_goes_with_its_own_key_alone(own_cloud):
    mine, other = _credentials(own_cloud), _credentials(own_cloud)
    sqs = _client(own_cloud, "sqs", mine.access_key, mine.secret, other.token)
    s3 = _client(own_cloud, "s3", mine.access_key, mine.secret, other.token)
    assert _refusal(sqs.list_queues) == ("UnrecognizedClientException", 400)
    assert _refusal(s3.list_buckets) == ("InvalidToken", 400)


def test_a_session_without_its_token_is_nobody(own_cloud):
    given = _credentials(own_cloud)
    s3 = _client(own_cloud, "s3", given.access_key, given.secret, None)
    assert _refusal(s3.list_buckets) == ("InvalidAccessKeyId", 403)


def test_a_wrong_secret_is_refused(own_cloud):
    given = _credentials(own_cloud)
    s3 = _client(own_cloud, "s3", given.access_key, "wrong", given.token)
    assert _refusal(s3.list_buckets) == ("SignatureDoesNotMatch", 403)


def test_a_signature_counts_for_its_own_service_alone(own_cloud):
    given = _credentials(own_cloud)
    sqs = _client(own_cloud, "sqs", *_parts(given))
    sqs._request_signer._signing_name = "sns"
    assert _refusal(sqs.list_queues) == ("InvalidSignatureException", 400)


def test_a_deleted_key_is_not_trusted_as_an_unknown_one(own_cloud):
    store = own_cloud.cloud.kernel.store
    key = own_cloud.run(store.write(identity.issue_root_key, ACCOUNT))
    own_cloud.run(store.write(identity.delete_key, key))
    s3 = _client(own_cloud, "s3", key.id, key.secret, None)
    assert _refusal(s3.list_buckets) == ("InvalidAccessKeyId", 403)


def test_an_inactive_key_is_refused_until_it_is_active_again(own_cloud):
    store = own_cloud.cloud.kernel.store
    key = own_cloud.run(store.write(identity.issue_root_key, ACCOUNT))
    s3 = _client(own_cloud, "s3", key.id, key.secret, None)
    own_cloud.run(store.write(identity.set_active, key, False))
    refused = _refusal(s3.list_buckets)
    own_cloud.run(store.write(identity.set_active, key, True))
    assert refused == ("InvalidAccessKeyId", 403)
    assert s3.list_buckets()["Buckets"] == []


def test_somebody_elses_tokens_are_trusted_as_any_unknown_key(own_cloud):
    sqs = _client(own_cloud, "sqs", "ASIAEXAMPLE", "test", "a-token-of-some-tutorial")
    assert "/000000000000/" in sqs.create_queue(QueueName="q")["QueueUrl"]


def _parts(given: sessions.Credentials) -> tuple[str, str, str]:
    return given.access_key, given.secret, given.token
