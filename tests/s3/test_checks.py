"""The self-check of the store finds what it looks for."""

from __future__ import annotations

import pytest

from cumulet.kernel.records import replace


def spoil_owners(tx):
    for key, count in list(tx.items(("blobs", "owners"))):
        tx.put(key, count + 1)


def spoil_quota(tx):
    for key, count in list(tx.items(("s3", "quota"))):
        tx.put(key, count + 1)


def lose_an_older_version(tx):
    for key, _ in list(tx.items(("s3", "null"))):
        tx.put(key, 5)


def lose_a_part(tx):
    for key, _ in list(tx.items(("s3", "part"))):
        tx.delete(key)


def show_what_is_hidden(tx):
    for key, found in list(tx.items(("s3", "hidden"))):
        tx.put(("s3", "object", *key[2:]), found)


def lose_a_bucket(tx):
    tx.delete(("s3", "bucket", "checked"))


def tell_of_more_bytes(tx):
    for key, found in list(tx.items(("s3", "object"))):
        tx.put(key, replace(found, size=found.size + 1))


@pytest.mark.parametrize(
    ("spoil", "finding"),
    [
        (spoil_owners, "owners and counts"), (spoil_quota, "as are counted"), (lose_an_older_version, "version null"),
        (lose_a_part, "parts of"), (show_what_is_hidden, "both listed and hidden"),
        (tell_of_more_bytes, "has not the bytes"), (lose_a_bucket, "there is no bucket"),
    ],
)  # fmt: skip
def test_what_does_not_agree_is_found(own_cloud, spoil, finding):
    s3 = own_cloud.client("s3")
    s3.create_bucket(Bucket="checked")
    s3.put_object(Bucket="checked", Key="a", Body=b"x" * 50_000)
    s3.put_object(Bucket="checked", Key="hidden", Body=b"null")
    s3.put_bucket_versioning(Bucket="checked", VersioningConfiguration={"Status": "Enabled"})
    s3.delete_object(Bucket="checked", Key="hidden")
    upload = s3.create_multipart_upload(Bucket="checked", Key="parts")["UploadId"]
    part = s3.upload_part(Bucket="checked", Key="parts", UploadId=upload, PartNumber=1, Body=b"y" * 50_000)
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket="checked", Key="parts", UploadId=upload, MultipartUpload=parts)
    assert own_cloud.check() == []
    store = own_cloud.cloud.kernel.store

    own_cloud.run(store.write(spoil))

    assert any(finding in each for each in own_cloud.check())
    with pytest.raises(AssertionError, match=finding):
        own_cloud.stop()


def test_a_missing_file_is_found(own_cloud):
    s3 = own_cloud.client("s3")
    s3.create_bucket(Bucket="checked")
    s3.put_object(Bucket="checked", Key="a", Body=b"x" * 50_000)
    for path in (own_cloud.cloud.settings.home / "blobs").rglob("*"):
        if path.is_file():
            path.unlink()

    assert ["is missing" in each for each in own_cloud.check()] == [True]
    with pytest.raises(AssertionError, match="is missing"):
        own_cloud.stop()
