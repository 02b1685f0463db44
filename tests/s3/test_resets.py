"""Resetting S3 for one account forgets all that it has, and nothing of others."""

from __future__ import annotations

from pathlib import Path


def test_an_account_is_forgotten_with_its_bytes(own_cloud):
    for account, name in (("111111111111", "mine"), ("222222222222", "theirs")):
        s3 = own_cloud.client("s3", account=account)
        s3.create_bucket(Bucket=name)
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
        for _ in range(2):
            s3.put_object(Bucket=name, Key="k", Body=b"x" * 50_000)
        s3.delete_object(Bucket=name, Key="k")
        begun = {"Bucket": name, "Key": "parts"}
        begun["UploadId"] = s3.create_multipart_upload(**begun)["UploadId"]
        etag = s3.upload_part(**begun, PartNumber=1, Body=b"y" * 50_000)["ETag"]
        s3.complete_multipart_upload(**begun, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})
        begun["UploadId"] = s3.create_multipart_upload(**{name: begun[name] for name in ("Bucket", "Key")})["UploadId"]
        s3.upload_part(**begun, PartNumber=1, Body=b"z" * 50_000)
    kernel = own_cloud.cloud.kernel

    own_cloud.run(kernel.store.write(kernel.registry.load("s3").reset, kernel.blobs, "111111111111"))

    mine, theirs = (own_cloud.client("s3", account=account) for account in ("111111111111", "222222222222"))
    assert mine.list_buckets()["Buckets"] == []
    assert [b["Name"] for b in theirs.list_buckets()["Buckets"]] == ["theirs"]
    assert theirs.get_object(Bucket="theirs", Key="parts")["Body"].read() == b"y" * 50_000
    assert len(_files(own_cloud.cloud.settings.home / "blobs")) == 4
    assert own_cloud.check() == []
    mine.create_bucket(Bucket="mine")
    assert "Versions" not in mine.list_object_versions(Bucket="mine")


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
