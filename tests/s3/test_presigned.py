"""Signatures: URLs that carry one, uploads signed chunk by chunk, and bytes that are not the ones signed for."""

from __future__ import annotations

import hashlib
import re
import time

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from tests.s3.wire import put_in_chunks, send

from cumulet.kernel import identity


@pytest.fixture
def key(own_cloud):
    """A key that the cloud issued to the root of an account, and so verifies: its id and secret."""
    store = own_cloud.cloud.kernel.store
    issued = own_cloud.run(store.write(identity.issue_root_key, "123456789012"))
    return issued.id, issued.secret


@pytest.fixture
def s3(own_cloud, key):
    """A client with that key and a bucket `private` that holds `k`."""
    made = own_cloud.client("s3", aws_access_key_id=key[0], aws_secret_access_key=key[1])
    made.create_bucket(Bucket="private")
    made.put_object(Bucket="private", Key="k", Body=b"something", ContentType="text/plain")
    return made


def code(answer) -> str:
    found = re.search(rb"<Code>(\w+)</Code>", answer.body)
    return found[1].decode() if found else ""


def keys(s3) -> list[str]:
    return [o["Key"] for o in s3.list_objects_v2(Bucket="private").get("Contents", [])]


@pytest.fixture(params=["s3v4", "s3"])
def signed(request, own_cloud, key, s3):
    """Presigns in one of the two ways there are."""
    client = own_cloud.client(
        "s3", aws_access_key_id=key[0], aws_secret_access_key=key[1], config=Config(signature_version=request.param)
    )

    def presign(operation: str, seconds: int = 3600, **params: str) -> str:
        return client.generate_presigned_url(operation, Params={"Bucket": "private", **params}, ExpiresIn=seconds)

    presign.version = request.param
    return presign


def next_second() -> None:
    """Signatures tell whole seconds: one made in the second in which the clock is moved may be of after the move."""
    time.sleep(1.1)


v4_only = pytest.mark.parametrize("signed", ["s3v4"], indirect=True)
"""Version 2 tells an instant of the signer's own clock, which the cloud's may have left behind."""


@v4_only
@pytest.mark.spec("storage:S3-39")
def test_the_holder_of_a_url_reads_until_it_expires(own_cloud, signed):
    url = signed("get_object", seconds=600, Key="k")
    plain = f"{own_cloud.url}/private/k"

    during = send("GET", url)
    next_second()
    own_cloud.advance(seconds=500)
    still = send("GET", url)
    own_cloud.advance(seconds=102)
    after = send("GET", url)

    assert (during.status, during.body) == (still.status, still.body) == (200, b"something")
    assert (after.status, code(after)) == (403, "AccessDenied")
    assert b"<Message>Request has expired</Message>" in after.body
    assert (send("GET", plain).status, code(send("GET", plain))) == (403, "AccessDenied")


@v4_only
@pytest.mark.spec("storage:S3-40")
def test_the_holder_of_a_url_writes_to_that_key_for_a_time(own_cloud, s3, signed):
    url = signed("put_object", seconds=600, Key="upload")

    put = send("PUT", url, b"from a stranger")
    other_key = send("PUT", url.replace("/upload?", "/other?"), b"x")
    other_method = send("GET", url)
    deleted = send("DELETE", url)
    found = s3.get_object(Bucket="private", Key="upload")["Body"].read()
    next_second()
    own_cloud.advance(seconds=601)
    late = send("PUT", url, b"late")

    assert (put.status, found) == (200, b"from a stranger")
    for refused in (other_key, other_method, deleted):
        assert (refused.status, code(refused)) == (403, "SignatureDoesNotMatch")
    assert (late.status, code(late)) == (403, "AccessDenied")


@pytest.mark.spec("storage:S3-39")
def test_a_url_of_either_version_grants_one_thing(own_cloud, s3, signed):
    written = send("PUT", signed("put_object", Key="upload"), b"from a stranger")
    expired = send("PUT", signed("put_object", seconds=-901, Key="upload"), b"late") if signed.version == "s3" else None
    url = signed("get_object", Key="k", ResponseContentType="text/x")

    assert (written.status, s3.get_object(Bucket="private", Key="upload")["Body"].read()) == (200, b"from a stranger")
    assert expired is None or (expired.status, code(expired)) == (403, "AccessDenied")

    assert send("GET", url).headers["content-type"] == "text/x"
    other_signature = re.sub("Signature=(.)", lambda at: "Signature=" + "01"[at[1] == "0"], url)
    for changed in (
        url.replace("text%2Fx", "text%2Fhtml"),
        url.replace("/private/k?", "/private/other?"),
        url.replace("/k?", "/k?versionId=null&"),
        other_signature,
    ):
        assert code(send("GET", changed)) == "SignatureDoesNotMatch"
    assert send("HEAD", url).status == 403


def test_a_url_may_be_used_with_a_range(signed):
    answer = send("GET", signed("get_object", Key="k"), headers={"Range": "bytes=0-3"})

    assert (answer.status, answer.body) == (206, b"some")


def test_metadata_of_a_presigned_put_is_bound(s3, own_cloud, key):
    client = own_cloud.client(
        "s3", aws_access_key_id=key[0], aws_secret_access_key=key[1], config=Config(signature_version="s3v4")
    )
    url = client.generate_presigned_url(
        "put_object", Params={"Bucket": "private", "Key": "m", "Metadata": {"foo": "bar"}}
    )

    right = send("PUT", url, b"x", {"x-amz-meta-foo": "bar"})
    other = send("PUT", url, b"x", {"x-amz-meta-foo": "bar", "x-amz-meta-wrong": "x"})

    assert right.status == 200
    assert s3.head_object(Bucket="private", Key="m")["Metadata"] == {"foo": "bar"}
    assert code(other) == "AccessDenied" and b"<HeadersNotSigned>x-amz-meta-wrong</HeadersNotSigned>" in other.body


def test_a_wrong_secret_is_refused(own_cloud, key, s3):
    other = own_cloud.client("s3", aws_access_key_id=key[0], aws_secret_access_key="wrong")

    with pytest.raises(other.exceptions.ClientError, match="SignatureDoesNotMatch"):
        other.get_object(Bucket="private", Key="k")


@pytest.mark.parametrize("size", [9, 200_000])
def test_chunks_are_signed_one_by_one(own_cloud, key, s3, size):
    body = b"abcdefghi" * (size // 9)
    chunks = [body[n : n + 65536] for n in range(0, len(body), 65536)]

    answer = put_in_chunks(key, f"{own_cloud.url}/private/chunks", chunks)

    assert answer.status == 200
    found = s3.get_object(Bucket="private", Key="chunks")
    assert found["Body"].read() == body
    assert "ContentEncoding" not in found


@pytest.mark.parametrize("size", [9, 200_000])
@pytest.mark.parametrize("spoil", ["first", "last"])
def test_a_chunk_that_was_altered_spoils_the_upload(own_cloud, key, s3, size, spoil):
    body = b"abcdefghi" * (size // 9)
    chunks = [body[n : n + 65536] for n in range(0, len(body), 65536)]

    answer = put_in_chunks(
        key, f"{own_cloud.url}/private/chunks", chunks, spoil=0 if spoil == "first" else len(chunks) - 1
    )

    assert (answer.status, code(answer)) == (403, "SignatureDoesNotMatch")
    assert keys(s3) == ["k"]


@pytest.mark.parametrize("size", [9, 200_000])
def test_a_trailer_brings_the_checksum(own_cloud, key, s3, size):
    body = b"abcdefghi" * (size // 9)
    chunks = [body[n : n + 65536] for n in range(0, len(body), 65536)]
    url = f"{own_cloud.url}/private/trailed"

    wrong = put_in_chunks(key, url, chunks, crc32=b"other")
    nothing = keys(s3)
    right = put_in_chunks(key, url, chunks, crc32=body)

    assert (wrong.status, code(wrong), nothing) == (400, "BadDigest", ["k"])
    assert right.status == 200 and "x-amz-checksum-crc32" in right.headers
    assert s3.get_object(Bucket="private", Key="trailed")["Body"].read() == body


class _Claim(S3SigV4Auth):
    """Signs for bytes other than those that are sent."""

    def payload(self, request):
        return hashlib.sha256(b"promised").hexdigest()


@pytest.mark.parametrize("size", [10, 20_000, 200_000])
def test_other_bytes_than_signed_for_leave_nothing_behind(own_cloud, key, s3, size):
    url = f"{own_cloud.url}/private/other"
    request = AWSRequest("PUT", url, data=b"")
    _Claim(Credentials(*key), "s3", "us-east-1").add_auth(request)

    answer = send("PUT", url, b"x" * size, dict(request.headers.items()))

    assert (answer.status, code(answer)) == (400, "XAmzContentSHA256Mismatch")
    assert keys(s3) == ["k"]
    assert [path for path in (own_cloud.cloud.settings.home / "blobs").rglob("*") if path.is_file()] == []


def test_strangers_may_not_ask_for_other_headers(own_cloud, s3):
    s3.delete_public_access_block(Bucket="private")
    policy = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", '
        '"Resource": "arn:aws:s3:::private/*"}]}'
    )
    s3.put_bucket_policy(Bucket="private", Policy=policy)

    plain = send("GET", f"{own_cloud.url}/private/k")
    answer = send("GET", f"{own_cloud.url}/private/k?response-content-type=text/html")

    assert (plain.status, plain.headers["content-type"]) == (200, "text/plain")
    assert (answer.status, code(answer)) == (400, "InvalidRequest")
