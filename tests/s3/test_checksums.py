"""Checksums: what a client promises of its bytes is held, and what S3 keeps is told."""

from __future__ import annotations

import base64
import hashlib
import zlib

import pytest
from botocore.config import Config
from tests.s3.answers import plain, refusal

BODY = b"test data.."
KNOWN = {
    "CRC32": "cZWHwQ==",
    "CRC32C": "Pf4upw==",
    "CRC64NVME": "qUVrWYOrIAM=",
    "SHA1": "B++3uSfJMSHWToQMQ1g6lIJY5Eo=",
    "SHA256": "2l26x0trnT0r2AvakoFk2MB7eKVKzYESLMxSAKAzoik=",
}
PART = 5 * 1024 * 1024


@pytest.fixture
def bare(client):
    """A client that adds no checksums of its own."""
    return client("s3", config=Config(request_checksum_calculation="when_required"))


@pytest.mark.parametrize("algorithm", KNOWN)
def test_a_checksum_is_held_kept_and_told(s3, bucket, algorithm):
    name, value = f"Checksum{algorithm}", KNOWN[algorithm]

    made = s3.put_object(Bucket=bucket, Key="made", Body=BODY, ChecksumAlgorithm=algorithm)
    given = s3.put_object(Bucket=bucket, Key="given", Body=BODY, **{name: value})
    wrong = refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"other", **{name: value})
    odd = refusal(s3.put_object, Bucket=bucket, Key="k", Body=BODY, **{name: "no base64"})

    assert made[name] == given[name] == value
    assert made["ChecksumType"] == "FULL_OBJECT"
    head = s3.head_object(Bucket=bucket, Key="made", ChecksumMode="ENABLED")
    assert (head[name], head["ChecksumType"]) == (value, "FULL_OBJECT")
    assert name not in s3.head_object(Bucket=bucket, Key="made")
    attributes = s3.get_object_attributes(Bucket=bucket, Key="made", ObjectAttributes=["Checksum"])
    assert attributes["Checksum"] == {name: value, "ChecksumType": "FULL_OBJECT"}
    assert wrong["Message"] == f"The {algorithm} you specified did not match the calculated checksum."
    assert (wrong["Code"], wrong["status"]) == ("BadDigest", 400)
    assert odd["Message"] == f"Value for x-amz-checksum-{algorithm.lower()} header is invalid."
    assert odd["Code"] == "InvalidRequest"
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["given", "made"]


def test_an_object_without_a_checksum_gets_one(bare, bucket):
    put = bare.put_object(Bucket=bucket, Key="k", Body=BODY)

    assert put["ChecksumCRC64NVME"] == KNOWN["CRC64NVME"]
    entry = bare.list_objects_v2(Bucket=bucket)["Contents"][0]
    assert (entry["ChecksumAlgorithm"], entry["ChecksumType"]) == (["CRC64NVME"], "FULL_OBJECT")


def test_only_one_checksum_is_taken(bare, bucket):
    refused = refusal(
        bare.put_object, Bucket=bucket, Key="k", Body=BODY, ChecksumSHA256=KNOWN["SHA256"], ChecksumCRC32=KNOWN["CRC32"]
    )

    assert refused["Message"] == ("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")


def test_content_md5_is_held(bare, bucket):
    good = base64.b64encode(hashlib.md5(b"something").digest()).decode()
    upload = bare.create_multipart_upload(Bucket=bucket, Key="part")["UploadId"]
    part = {"Bucket": bucket, "Key": "part", "UploadId": upload, "PartNumber": 1}

    bare.put_object(Bucket=bucket, Key="k", Body=b"something", ContentMD5=good)
    bare.upload_part(**part, Body=b"something", ContentMD5=good)

    for call, given in ((bare.put_object, {"Bucket": bucket, "Key": "bad"}), (bare.upload_part, part)):
        for odd in ("__invalid__", "000", "not base64 encoded checksum", "MTIz", "dGVzdC1zdHJpbmc="):
            refused = refusal(call, **given, Body=b"something", ContentMD5=odd)
            assert (refused["Code"], refused["Content-MD5"], refused["status"]) == ("InvalidDigest", odd, 400)
    mismatch = refusal(bare.put_object, Bucket=bucket, Key="bad", Body=b"something", ContentMD5=md5(b"other"))
    assert (mismatch["Code"], mismatch["CalculatedDigest"]) == ("BadDigest", good)
    assert mismatch["ExpectedDigest"] == hashlib.md5(b"other").hexdigest()
    mismatch = refusal(bare.upload_part, **part, Body=b"something", ContentMD5=md5(b"other"))
    assert (mismatch["Code"], mismatch["ExpectedDigest"]) == ("BadDigest", md5(b"other"))
    assert bare.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


def md5(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data).digest()).decode()


def upload_two(s3, bucket, body, **given):
    """An upload of two parts: the arguments that complete it, and the answers to the parts."""
    begun = {"Bucket": bucket, "Key": "k"}
    begun["UploadId"] = s3.create_multipart_upload(**begun, **given)["UploadId"]
    algorithm = given.get("ChecksumAlgorithm")
    extra = {"ChecksumAlgorithm": algorithm} if algorithm else {}
    answers = [
        plain(s3.upload_part(**begun, PartNumber=n, Body=piece, **extra))
        for n, piece in enumerate((body[:PART], body[PART:]), 1)
    ]
    return begun, answers


def listed(answers, *names):
    return {
        "Parts": [
            {"PartNumber": n, **{name: answer[name] for name in ("ETag", *names)}}
            for n, answer in enumerate(answers, 1)
        ]
    }


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME"])
def test_the_checksum_of_the_whole_follows_from_its_parts(s3, bucket, algorithm):
    body = b"a" * (PART + 10)
    name = f"Checksum{algorithm}"
    whole = s3.put_object(Bucket=bucket, Key="whole", Body=body, ChecksumAlgorithm=algorithm)[name]
    begun, answers = upload_two(s3, bucket, body, ChecksumAlgorithm=algorithm, ChecksumType="FULL_OBJECT")
    wrong = listed(answers, name)
    wrong["Parts"][1][name] = answers[0][name]

    refused = refusal(s3.complete_multipart_upload, **begun, MultipartUpload=wrong)
    parts = s3.list_parts(**begun)
    done = s3.complete_multipart_upload(**begun, MultipartUpload=listed(answers, name), ChecksumType="FULL_OBJECT")

    assert (refused["Code"], refused["PartNumber"]) == ("InvalidPart", "2")
    assert [part[name] for part in parts["Parts"]] == [answer[name] for answer in answers]
    assert (parts["ChecksumAlgorithm"], parts["ChecksumType"]) == (algorithm, "FULL_OBJECT")
    assert (done[name], done["ChecksumType"]) == (whole, "FULL_OBJECT")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == body
    attributes = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectParts"])
    assert attributes["ObjectParts"] == {"TotalPartsCount": 2}


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_a_composite_checksum_is_that_of_the_parts_checksums(s3, bucket, algorithm):
    body = b"a" * (PART + 10)
    name = f"Checksum{algorithm}"
    begun, answers = upload_two(s3, bucket, body, ChecksumAlgorithm=algorithm)
    joined = b"".join(base64.b64decode(answer[name]) for answer in answers)
    digest = {"CRC32": lambda data: zlib.crc32(data).to_bytes(4, "big")}.get(
        algorithm, lambda data: hashlib.new(algorithm.lower(), data).digest()
    )
    value = base64.b64encode(digest(joined)).decode()

    missing = refusal(s3.complete_multipart_upload, **begun, MultipartUpload=listed(answers))
    done = s3.complete_multipart_upload(**begun, MultipartUpload=listed(answers, name))

    assert missing["Message"] == (
        f"The upload was created using a {algorithm.lower()} checksum. The complete request must include the "
        "checksum for each part. It was missing for part 1 in the request."
    )
    assert (done[name], done["ChecksumType"]) == (f"{value}-2", "COMPOSITE")
    attributes = s3.get_object_attributes(
        Bucket=bucket, Key="k", ObjectAttributes=["Checksum", "ObjectParts"], MaxParts=1
    )
    assert attributes["Checksum"] == {name: value, "ChecksumType": "COMPOSITE"}
    assert attributes["ObjectParts"] == {
        "TotalPartsCount": 2, "PartNumberMarker": 0, "NextPartNumberMarker": 1, "MaxParts": 1, "IsTruncated": True,
        "Parts": [{"PartNumber": 1, "Size": PART, name: answers[0][name]}],
    }  # fmt: skip
    part = s3.get_object(Bucket=bucket, Key="k", PartNumber=2)
    assert part[name] == answers[1][name] and part["Body"].read() == b"a" * 10


def test_an_upload_of_no_kind_takes_no_kind_at_the_end(s3, bucket):
    begun, answers = upload_two(s3, bucket, b"a" * (PART + 3))

    for kind in ("COMPOSITE", "FULL_OBJECT"):
        refused = refusal(s3.complete_multipart_upload, **begun, MultipartUpload=listed(answers), ChecksumType=kind)
        assert refused["Message"] == (
            "The upload was created using the null checksum mode. The complete request must use the same checksum mode."
        )
    with_sums = refusal(s3.complete_multipart_upload, **begun, MultipartUpload=listed(answers, "ChecksumCRC32"))
    assert with_sums["Code"] == "InvalidPart"
    done = s3.complete_multipart_upload(**begun, MultipartUpload=listed(answers))
    assert done["ChecksumType"] == "FULL_OBJECT" and done["ChecksumCRC64NVME"]
    assert "ChecksumAlgorithm" not in begun


def test_the_kind_of_an_upload_binds_its_parts_and_its_end(bare, bucket):
    begun = {"Bucket": bucket, "Key": "k"}
    made = bare.create_multipart_upload(**begun, ChecksumAlgorithm="CRC32C", ChecksumType="FULL_OBJECT")
    begun["UploadId"] = made["UploadId"]
    assert (made["ChecksumAlgorithm"], made["ChecksumType"]) == ("CRC32C", "FULL_OBJECT")

    other = refusal(bare.upload_part, **begun, PartNumber=1, Body=b"abc", ChecksumAlgorithm="CRC32")
    part = bare.upload_part(**begun, PartNumber=1, Body=b"abc")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    bad = refusal(bare.complete_multipart_upload, **begun, MultipartUpload=parts, ChecksumCRC32C="AAAAAA==")
    kind = refusal(bare.complete_multipart_upload, **begun, MultipartUpload=parts, ChecksumType="COMPOSITE")
    done = bare.complete_multipart_upload(
        **begun, MultipartUpload=parts, ChecksumCRC32C="Nks/tw==", ChecksumType="FULL_OBJECT"
    )

    assert part["ChecksumCRC32C"] == done["ChecksumCRC32C"] == "Nks/tw=="
    assert other["Message"] == (
        "Checksum Type mismatch occurred, expected checksum Type: crc32c, actual checksum Type: crc32"
    )
    assert (bad["Code"], bad["Message"]) == (
        "BadDigest", "The crc32c you specified did not match the calculated checksum.",
    )  # fmt: skip
    assert kind["Message"].startswith("The upload was created using the FULL_OBJECT checksum mode.")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"ChecksumType": "COMPOSITE"},
            "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
        ),
        (
            {"ChecksumAlgorithm": "SHA256", "ChecksumType": "FULL_OBJECT"},
            "The FULL_OBJECT checksum type cannot be used with the sha256 checksum algorithm.",
        ),
        (
            {"ChecksumAlgorithm": "CRC64NVME", "ChecksumType": "COMPOSITE"},
            "The COMPOSITE checksum type cannot be used with the crc64nvme checksum algorithm.",
        ),
    ],
)
def test_kinds_that_do_not_go_together(s3, bucket, given, message):
    refused = refusal(s3.create_multipart_upload, Bucket=bucket, Key="k", **given)

    assert (refused["Code"], refused["Message"]) == ("InvalidRequest", message)
