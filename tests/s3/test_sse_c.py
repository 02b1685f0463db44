"""Encryption at rest: by S3's keys always, by the customer's where one comes with the request."""

from __future__ import annotations

import base64
import hashlib
import os

import pytest
from tests.s3.answers import plain, refusal

from cumulet.kernel.blobs import place
from cumulet.services.s3.encryption import customer_key
from cumulet.services.s3.errors import InvalidRequest

PART = 5 * 1024 * 1024
INTRO = "Requests specifying Server Side Encryption with Customer provided keys must provide "


def customer(key: bytes, prefix: str = "") -> dict[str, str]:
    return {
        f"{prefix}SSECustomerAlgorithm": "AES256",
        f"{prefix}SSECustomerKey": base64.b64encode(key).decode(),
        f"{prefix}SSECustomerKeyMD5": base64.b64encode(hashlib.md5(key).digest()).decode(),
    }


KEY, OTHER = b"k" * 32, b"o" * 32


def stored_bytes(cloud) -> bytes:
    """Everything that lies on the disk of a cloud."""
    home = cloud.cloud.settings.home
    return b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())


@pytest.mark.spec("storage:S3-76", "storage:S3-77")
@pytest.mark.parametrize("size", [1000, 100_000])
def test_no_plain_byte_lies_on_the_disk(own_cloud, size):
    s3 = own_cloud.client("s3")
    s3.create_bucket(Bucket="secrets")
    secret = (b"the cat is in the bag " * 6000)[:size]

    told = [s3.put_object(Bucket="secrets", Key=f"k{n}", Body=secret)["ServerSideEncryption"] for n in range(2)]

    disk = stored_bytes(own_cloud)
    assert told == ["AES256", "AES256"]
    assert b"cat is in" not in disk
    first = own_cloud.run(_cipher_text(own_cloud, "k0"))
    second = own_cloud.run(_cipher_text(own_cloud, "k1"))
    assert first != second  # a key each
    assert s3.get_object(Bucket="secrets", Key="k0")["Body"].read() == secret


async def _cipher_text(cloud, key: str) -> bytes:
    kernel = cloud.cloud.kernel

    def rule(tx):
        blob = tx.get(("s3", "object", "secrets", key)).blob
        if blob.inline:
            return tx.get(("blobs", "bytes", blob.id))
        return place(cloud.cloud.settings.home / "blobs", blob.id).read_bytes()

    return await kernel.store.read(rule)


@pytest.mark.spec("storage:S3-77")
def test_the_master_key_is_another_next_month(own_cloud):
    s3 = own_cloud.client("s3")
    s3.create_bucket(Bucket="secrets")
    keys = own_cloud.cloud.settings.home / "keys"
    s3.put_object(Bucket="secrets", Key="old", Body=b"old")
    before = stored_keys(keys)

    own_cloud.advance(days=32)
    s3 = own_cloud.client("s3")
    s3.put_object(Bucket="secrets", Key="new", Body=b"new")

    assert len(stored_keys(keys)) > len(before)
    assert s3.get_object(Bucket="secrets", Key="old")["Body"].read() == b"old"
    assert s3.get_object(Bucket="secrets", Key="new")["Body"].read() == b"new"


def stored_keys(folder) -> list[str]:
    """The master keys: files of a folder, or lines of a file, apart from data and data keys."""
    if folder.is_dir():
        return sorted(path.name for path in folder.iterdir())
    return folder.read_text().splitlines()


@pytest.mark.spec("storage:S3-79")
@pytest.mark.parametrize("size", [9, 100_000])
def test_only_the_customers_key_reads_again(s3, bucket, size):
    body = os.urandom(size)
    put = plain(s3.put_object(Bucket=bucket, Key="k", Body=body, **customer(KEY)))

    found = s3.get_object(Bucket=bucket, Key="k", **customer(KEY))

    assert found["Body"].read() == body
    md5 = customer(KEY)["SSECustomerKeyMD5"]
    for told in (put, found, s3.head_object(Bucket=bucket, Key="k", **customer(KEY))):
        assert (told["SSECustomerAlgorithm"], told["SSECustomerKeyMD5"]) == ("AES256", md5)
        assert "ServerSideEncryption" not in told
    assert put["ETag"] != f'"{hashlib.md5(body).hexdigest()}"'
    missing = refusal(s3.get_object, Bucket=bucket, Key="k")
    assert (missing["Code"], missing["status"]) == ("InvalidRequest", 400)
    assert missing["Message"] == (
        "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to "
        "retrieve the object."
    )
    assert refusal(s3.head_object, Bucket=bucket, Key="k")["status"] == 400
    assert refusal(s3.get_object, Bucket=bucket, Key="k", **customer(OTHER))["status"] == 403
    s3.delete_object(Bucket=bucket, Key="k")


@pytest.mark.spec("storage:S3-79")
def test_the_customers_key_is_not_kept(own_cloud):
    s3 = own_cloud.client("s3")
    s3.create_bucket(Bucket="secrets")
    key = os.urandom(32)

    s3.put_object(Bucket="secrets", Key="k", Body=b"x" * 50_000, **customer(key))

    disk = stored_bytes(own_cloud)
    assert key not in disk and base64.b64encode(key) not in disk and key.hex().encode() not in disk


def test_a_key_for_an_object_without_one_is_refused(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k")

    assert refusal(s3.get_object, Bucket=bucket, Key="k", **customer(KEY))["Code"] == "InvalidRequest"


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"SSECustomerAlgorithm": None}, "InvalidArgument", INTRO + "a valid encryption algorithm."),
        ({"SSECustomerKey": None}, "InvalidArgument", INTRO + "an appropriate secret key."),
        ({"SSECustomerKeyMD5": None}, "InvalidArgument", "The secret key was invalid for the specified algorithm."),
        ({"SSECustomerKey": "eA=="}, "InvalidArgument", "The secret key was invalid for the specified algorithm."),
        (
            {"SSECustomerKeyMD5": "JMwgiexXqwuPqIPjYFmIZQ=="}, "InvalidArgument",
            "The calculated MD5 hash of the key did not match the hash that was provided.",
        ),
        (
            {"SSECustomerAlgorithm": "KMS"}, "InvalidEncryptionAlgorithmError",
            "The Encryption request you specified is not valid. Supported value: AES256.",
        ),
        (
            {"ServerSideEncryption": "AES256"}, "InvalidArgument",
            "Server Side Encryption with Customer provided key is incompatible with the encryption method specified",
        ),
    ],
)  # fmt: skip
def test_half_a_key_is_no_key(s3, bucket, change, code, message):
    wanted = customer(KEY) | change
    headers = {
        "SSECustomerAlgorithm": "x-amz-server-side-encryption-customer-algorithm",
        "SSECustomerKey": "x-amz-server-side-encryption-customer-key",
        "SSECustomerKeyMD5": "x-amz-server-side-encryption-customer-key-MD5",
        "ServerSideEncryption": "x-amz-server-side-encryption",
    }

    def as_given(params, **_):
        for name, value in wanted.items():
            if value is not None:
                params["headers"][headers[name]] = value

    s3.meta.events.register("before-call.s3.PutObject", as_given)  # the SDK would put the key right

    refused = refusal(s3.put_object, Bucket=bucket, Key="k")

    assert (refused["Code"], refused["Message"], refused["status"]) == (code, message, 400)
    assert refused["ArgumentName"] == "x-amz-server-side-encryption"


def test_copies_change_keys(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"test_data", **customer(KEY))
    copy = {"Bucket": bucket, "CopySource": f"{bucket}/k"}

    rekeyed = plain(s3.copy_object(**copy, Key="c", **customer(KEY, "CopySource"), **customer(OTHER)))
    opened = plain(s3.copy_object(**copy, Key="p", **customer(KEY, "CopySource")))

    assert rekeyed["SSECustomerKeyMD5"] == customer(OTHER)["SSECustomerKeyMD5"]
    assert opened["ServerSideEncryption"] == "AES256"
    assert s3.get_object(Bucket=bucket, Key="c", **customer(OTHER))["Body"].read() == b"test_data"
    assert s3.get_object(Bucket=bucket, Key="p")["Body"].read() == b"test_data"
    assert refusal(s3.copy_object, **copy, Key="x")["Code"] == "InvalidRequest"
    assert refusal(s3.copy_object, **copy, Key="x", **customer(OTHER, "CopySource"))["Code"] == "AccessDenied"


def test_every_part_of_an_upload_brings_the_key(s3, bucket):
    begun = {"Bucket": bucket, "Key": "k"}
    made = s3.create_multipart_upload(**begun, **customer(KEY))
    begun["UploadId"] = made["UploadId"]
    bodies = [os.urandom(PART), b"end"]

    none = refusal(s3.upload_part, **begun, PartNumber=1, Body=b"x")
    other = refusal(s3.upload_part, **begun, PartNumber=1, Body=b"x", **customer(OTHER))
    parts = [
        {"PartNumber": n, "ETag": s3.upload_part(**begun, PartNumber=n, Body=body, **customer(KEY))["ETag"]}
        for n, body in enumerate(bodies, 1)
    ]
    s3.complete_multipart_upload(**begun, MultipartUpload={"Parts": parts})

    assert made["SSECustomerAlgorithm"] == "AES256"
    assert none["Message"] == (
        "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate "
        "encryption parameters."
    )
    assert other["Message"] == "The provided encryption parameters did not match the ones used originally."
    assert s3.get_object(Bucket=bucket, Key="k", **customer(KEY))["Body"].read() == b"".join(bodies)
    span = s3.get_object(Bucket=bucket, Key="k", Range=f"bytes={PART - 2}-{PART}", **customer(KEY))
    assert span["Body"].read() == (bodies[0] + bodies[1])[PART - 2 : PART + 1]
    plain_upload = s3.create_multipart_upload(Bucket=bucket, Key="p")["UploadId"]
    extra = refusal(
        s3.upload_part, Bucket=bucket, Key="p", UploadId=plain_upload, PartNumber=1, Body=b"x", **customer(KEY)
    )
    assert extra["Message"] == none["Message"]


@pytest.mark.spec("storage:S3-80")
def test_what_the_client_encrypted_is_kept_as_it_is(s3, bucket):
    envelope = {
        "x-amz-key-v2": base64.b64encode(os.urandom(48)).decode(),
        "x-amz-cek-alg": "AES/GCM/NoPadding",
    }
    cipher_text = os.urandom(1000)

    s3.put_object(Bucket=bucket, Key="k", Body=cipher_text, Metadata=envelope)

    found = s3.get_object(Bucket=bucket, Key="k")
    assert (found["Body"].read(), found["Metadata"]) == (cipher_text, envelope)


@pytest.mark.spec("storage:S3-79")
def test_a_key_does_not_travel_over_plain_http():
    with pytest.raises(InvalidRequest, match="must be made over a secure connection"):
        customer_key(customer(KEY), secure=False)
    assert customer_key(customer(KEY), secure=True) is not None
    assert customer_key({}, secure=False) is None
