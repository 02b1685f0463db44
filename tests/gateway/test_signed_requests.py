"""An issued key, in every way in which real clients sign, against a live cloud."""

from __future__ import annotations

import io
import uuid
from typing import Any

import boto3
import pytest
import urllib3
from botocore.config import Config
from botocore.exceptions import ClientError

from cumulet.kernel import identity

HTTP = urllib3.PoolManager(retries=False)


@pytest.fixture
def key(shared_cloud, account) -> Any:
    return shared_cloud.run(shared_cloud.cloud.kernel.store.write(identity.issue_root_key, account))


@pytest.fixture
def client(shared_cloud, key):
    def make(service: str, secret: str = key.secret, **config: Any) -> Any:
        config = {"s3": {"addressing_style": "path"}, "retries": {"max_attempts": 0}, **config}
        return boto3.client(
            service, endpoint_url=shared_cloud.url, region_name="us-east-1", aws_access_key_id=key.id,
            aws_secret_access_key=secret, config=Config(**config),
        )  # fmt: skip

    return make


@pytest.fixture
def bucket(client) -> str:
    name = f"signed-{uuid.uuid4().hex[:12]}"
    client("s3").create_bucket(Bucket=name)
    return name


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"request_checksum_calculation": "when_required"},
        {"s3": {"addressing_style": "path", "payload_signing_enabled": True}},
        {"signature_version": "s3v4a"},
    ],
    ids=["default", "no-checksum", "signed-payload", "sigv4a"],
)
@pytest.mark.parametrize("size", [0, 10, 300_000])
def test_objects_travel_signed(client, bucket, config, size):
    s3 = client("s3", **config)
    s3.put_object(Bucket=bucket, Key="a b/é+c", Body=b"x" * size, Metadata={"note": "two  words"})
    s3.upload_fileobj(io.BytesIO(b"y" * size), bucket, "streamed")
    assert s3.get_object(Bucket=bucket, Key="a b/é+c")["Body"].read() == b"x" * size
    assert s3.get_object(Bucket=bucket, Key="streamed")["Body"].read() == b"y" * size
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        client("s3", secret="wrong", **config).put_object(Bucket=bucket, Key="k", Body=b"x" * size)


@pytest.mark.parametrize("version", ["s3", "s3v4", "s3v4a"])
@pytest.mark.spec("storage:S3-39", "storage:S3-40")
def test_presigned_urls(client, bucket, version):
    s3 = client("s3", signature_version=version)
    params = {"Bucket": bucket, "Key": "a b/é+c"}
    written = HTTP.request("PUT", s3.generate_presigned_url("put_object", Params=params), body=b"hello")
    url = s3.generate_presigned_url("get_object", Params={**params, "ResponseContentType": "text/x"})
    read = HTTP.request("GET", url)
    assert (written.status, read.status, read.data, read.headers["content-type"]) == (200, 200, b"hello", "text/x")

    changed = HTTP.request("GET", url.replace("text%2Fx", "text%2Fhtml"))
    other_method = HTTP.request("DELETE", url)
    assert (changed.status, other_method.status) == (403, 403)
    assert b"<Code>SignatureDoesNotMatch</Code>" in changed.data


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_browser_forms_are_held_to_signature_and_policy(client, bucket, version):
    s3 = client("s3", signature_version=version)
    acl = {"acl": "private"}
    post = s3.generate_presigned_post(bucket, "in/${filename}", Fields=acl, Conditions=[acl])

    def send(content: bytes, **changed: str) -> urllib3.BaseHTTPResponse:
        fields = {**post["fields"], **changed, "file": ("cat.png", content, "image/png")}
        return HTTP.request("POST", post["url"], fields=fields)

    assert b"Policy Condition failed" in send(b"meow", acl="public-read").data
    name = "signature" if version == "s3" else "x-amz-signature"
    assert b"<Code>SignatureDoesNotMatch</Code>" in send(b"meow", **{name: "0" * 64}).data


def test_services_of_json_refuse_in_their_words(client):
    with pytest.raises(ClientError) as no:
        client("sqs", secret="wrong").list_queues()
    assert no.value.response["Error"]["Code"] == "InvalidSignatureException"
