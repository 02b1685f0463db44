"""Random operations on buckets of every state of versioning, against a model of a few lines."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest
from botocore.exceptions import ClientError

RUNS = int(os.environ.get("CUMULET_MODEL_RUNS", "2"))
STEPS = 100
KEYS = ("a", "a/b", "a/c", "b", "é")
PART = 5 * 1024 * 1024


class Model:
    """What a bucket should hold: for each key its versions, newest first, as (id, body); a body of None is a marker."""

    def __init__(self) -> None:
        self.versioning = ""
        self.keys: dict[str, list[tuple[str, bytes | None]]] = {}

    def put(self, key: str, version: str, body: bytes | None) -> None:
        kept = [each for each in self.keys.get(key, []) if each[0] != version]
        self.keys[key] = [(version, body), *kept]

    def delete(self, key: str, version: str) -> None:
        kept = [each for each in self.keys.get(key, []) if each[0] != version]
        self.keys[key] = kept
        if not kept:
            del self.keys[key]

    def current(self, key: str) -> bytes | None:
        return self.keys[key][0][1] if key in self.keys else None

    def versions(self) -> list[tuple[str, str, bool]]:
        return [
            (key, version, n == 0)
            for key in sorted(self.keys)
            for n, (version, _) in enumerate(self.keys[key])
        ]  # fmt: skip


class Run:
    """One sequence of operations, each done to the bucket and to the model."""

    def __init__(self, s3: Any, bucket: str, seed: int) -> None:
        self.s3, self.bucket = s3, bucket
        self.chance = random.Random(seed)
        self.model = Model()

    def step(self) -> str:
        operation = self.chance.choice(
            [
                self.put,
                self.put,
                self.copy,
                self.upload,
                self.delete,
                self.delete_version,
                self.delete_many,
                self.version,
            ]
        )
        return f"{operation.__name__}({operation()})"

    def _body(self) -> bytes:
        return self.chance.randbytes(self.chance.choice([0, 10, 20_000, 70_000]))

    def _written(self, key: str, body: bytes, told: str | None) -> str:
        enabled = self.model.versioning == "Enabled"
        assert enabled == (told is not None)
        self.model.put(key, told or "null", body)
        return f"{key}, {len(body)} bytes"

    def put(self) -> str:
        key, body = self.chance.choice(KEYS), self._body()
        made = self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        return self._written(key, body, made.get("VersionId"))

    def copy(self) -> str:
        source, key = self.chance.sample(KEYS, 2)
        wanted = self.model.current(source)
        try:
            made = self.s3.copy_object(Bucket=self.bucket, Key=key, CopySource={"Bucket": self.bucket, "Key": source})
        except ClientError as error:
            assert wanted is None and error.response["Error"]["Code"] == "NoSuchKey"
            return f"{source} is not there"
        assert wanted is not None
        told = made.get("VersionId")
        return self._written(key, wanted, None if told == "null" else told)

    def upload(self) -> str:
        key, body = self.chance.choice(KEYS), self._body()
        begun = {"Bucket": self.bucket, "Key": key}
        begun["UploadId"] = self.s3.create_multipart_upload(**begun)["UploadId"]
        etag = self.s3.upload_part(**begun, PartNumber=self.chance.randint(1, 10_000), Body=body)["ETag"]
        if self.chance.random() < 0.3:
            self.s3.abort_multipart_upload(**begun)
            return f"{key}, aborted"
        number = self.s3.list_parts(**begun)["Parts"][0]["PartNumber"]
        parts = {"Parts": [{"PartNumber": number, "ETag": etag}]}
        made = self.s3.complete_multipart_upload(**begun, MultipartUpload=parts)
        return self._written(key, body, made.get("VersionId"))

    def delete(self) -> str:
        key = self.chance.choice(KEYS)
        told = self.s3.delete_object(Bucket=self.bucket, Key=key).get("VersionId")
        self._deleted(key, told)
        return key

    def _deleted(self, key: str, marker: str | None) -> None:
        if self.model.versioning:
            assert (marker == "null") == (self.model.versioning == "Suspended")
            self.model.put(key, marker or "", None)
        elif key in self.model.keys:
            self.model.delete(key, "null")

    def delete_version(self) -> str:
        every = self.model.versions()
        if not every:
            return "nothing"
        key, version, _ = self.chance.choice(every)
        self.s3.delete_object(Bucket=self.bucket, Key=key, VersionId=version)
        self.model.delete(key, version)
        return f"{key}, {version}"

    def delete_many(self) -> str:
        keys = self.chance.sample(KEYS, 2)
        answer = self.s3.delete_objects(Bucket=self.bucket, Delete={"Objects": [{"Key": key} for key in keys]})
        for each in answer["Deleted"]:
            self._deleted(each["Key"], each.get("DeleteMarkerVersionId"))
        return ", ".join(keys)

    def version(self) -> str:
        if self.chance.random() < 0.6:
            return "as it is"
        self.model.versioning = self.chance.choice(["Enabled", "Suspended"])
        self.s3.put_bucket_versioning(
            Bucket=self.bucket, VersioningConfiguration={"Status": self.model.versioning}
        )  # fmt: skip
        return self.model.versioning

    def compare(self) -> None:
        living = [key for key in sorted(self.model.keys) if self.model.current(key) is not None]
        size = self.chance.randint(1, 4)
        assert self._listed(size) == living
        assert self._all_versions(size) == self.model.versions()
        key = self.chance.choice(KEYS)
        for version, body in self.model.keys.get(key, []):
            if body is not None:
                found = self.s3.get_object(Bucket=self.bucket, Key=key, VersionId=version)
                assert found["Body"].read() == body
        if key in living:
            assert self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read() == self.model.current(key)

    def _listed(self, size: int) -> list[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, PaginationConfig={"PageSize": size}
        )  # fmt: skip
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def _all_versions(self, size: int) -> list[tuple[str, str, bool]]:
        """In the order of the pages; within one, versions and markers are told apart and so put in order here."""
        found: list[tuple[str, str, bool]] = []
        pages = self.s3.get_paginator("list_object_versions").paginate(
            Bucket=self.bucket, PaginationConfig={"PageSize": size}
        )  # fmt: skip
        order = {(key, version): n for n, (key, version, _) in enumerate(self.model.versions())}
        for page in pages:
            entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            told = [(each["Key"], each["VersionId"], each["IsLatest"]) for each in entries]
            found += sorted(told, key=lambda each: order.get(each[:2], -1))
        return found


@pytest.mark.spec("storage:S3-42", "storage:S3-46")
def test_random_operations_leave_what_the_model_says(s3, shared_cloud, account):
    for _ in range(RUNS):
        seed = (
            random.SystemRandom().randrange(1 << 32)
            if "CUMULET_SEED" not in os.environ
            else int(os.environ["CUMULET_SEED"])
        )
        bucket = f"model-{seed}-{account}"
        s3.create_bucket(Bucket=bucket)
        run, done = Run(s3, bucket, seed), []
        try:
            for _ in range(STEPS):
                done.append(run.step())
                if len(done) % 5 == 0:
                    run.compare()
            run.compare()
        except Exception as error:
            raise AssertionError(f"CUMULET_SEED={seed}, step {len(done)}: {error!r}, after {done[-6:]}") from error
