"""Listings: order, folding, and paging, of objects, versions and uploads."""

from __future__ import annotations

import itertools

import pytest
from tests.s3.answers import plain, refusal


@pytest.fixture
def keys(s3, bucket):
    """Writes empty objects."""

    def write(*names: str) -> None:
        for name in names:
            s3.put_object(Bucket=bucket, Key=name)

    return write


def test_an_empty_bucket(s3, bucket):
    assert plain(s3.list_objects_v2(Bucket=bucket)) == {
        "Name": bucket, "Prefix": "", "MaxKeys": 1000, "KeyCount": 0, "IsTruncated": False, "EncodingType": "url",
    }  # fmt: skip
    assert plain(s3.list_objects(Bucket=bucket)) == {
        "Name": bucket, "Prefix": "", "MaxKeys": 1000, "IsTruncated": False, "EncodingType": "url", "Marker": "",
    }  # fmt: skip
    assert plain(s3.list_object_versions(Bucket=bucket)) == {
        "Name": bucket, "Prefix": "", "MaxKeys": 1000, "IsTruncated": False, "EncodingType": "url", "KeyMarker": "",
        "VersionIdMarker": "",
    }  # fmt: skip
    assert plain(s3.list_multipart_uploads(Bucket=bucket)) == {
        "Bucket": bucket, "MaxUploads": 1000, "IsTruncated": False, "KeyMarker": "", "UploadIdMarker": "",
        "NextKeyMarker": "", "NextUploadIdMarker": "",
    }  # fmt: skip


def test_an_entry_tells_what_a_head_tells(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"something")

    entry = s3.list_objects_v2(Bucket=bucket)["Contents"][0]
    owned = s3.list_objects_v2(Bucket=bucket, FetchOwner=True)["Contents"][0]
    head = s3.head_object(Bucket=bucket, Key="k")

    assert entry == {
        "Key": "k", "Size": 9, "ETag": head["ETag"], "LastModified": head["LastModified"], "StorageClass": "STANDARD",
        "ChecksumAlgorithm": ["CRC32"], "ChecksumType": "FULL_OBJECT",
    }  # fmt: skip
    assert owned.pop("Owner") == s3.list_buckets()["Owner"]
    assert owned == entry
    assert s3.list_objects(Bucket=bucket)["Contents"][0]["Owner"] == s3.list_buckets()["Owner"]


def test_keys_are_in_the_order_of_their_bytes(s3, bucket, keys):
    names = ["B", "a", "a/", "a/b", "a0", "b", "~", "é", "日", "\uffee", "😀"]
    keys(*reversed(names))

    assert [o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]] == names


def test_pages_of_the_second_version(s3, bucket, keys):
    keys(*(f"k{n}" for n in range(7)))

    pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 3}))

    assert [[o["Key"] for o in page["Contents"]] for page in pages] == [
        ["k0", "k1", "k2"], ["k3", "k4", "k5"], ["k6"],
    ]  # fmt: skip
    assert [page["KeyCount"] for page in pages] == [3, 3, 1]
    assert pages[1]["ContinuationToken"] == pages[0]["NextContinuationToken"]
    assert "NextContinuationToken" not in pages[2]
    after = s3.list_objects_v2(Bucket=bucket, StartAfter="k4")
    assert ([o["Key"] for o in after["Contents"]], after["StartAfter"]) == (["k5", "k6"], "k4")
    assert s3.list_objects_v2(Bucket=bucket, MaxKeys=0)["IsTruncated"] is False
    assert s3.list_objects_v2(Bucket=bucket, MaxKeys=5000)["MaxKeys"] == 1000


def test_an_exact_page_has_no_other_behind_it(s3, bucket, keys):
    keys("a", "b")

    assert s3.list_objects_v2(Bucket=bucket, MaxKeys=2)["IsTruncated"] is False


@pytest.mark.parametrize("token", ["nonsense", "é", "", "MWF"])
def test_a_token_of_ones_own_making_is_refused(s3, bucket, token):
    refused = refusal(s3.list_objects_v2, Bucket=bucket, ContinuationToken=token)

    assert (refused["Code"], refused["ArgumentName"]) == ("InvalidArgument", "continuation-token")


def test_markers_of_the_first_version(s3, bucket, keys):
    keys("folder/aSubfolder/subFile1", "folder/aSubfolder/subFile2", "folder/file1", "folder/file2")
    ask = {"Bucket": bucket, "Prefix": "folder/", "Delimiter": "/", "MaxKeys": 1}

    start = s3.list_objects(**ask)
    following = s3.list_objects(**ask, Marker=start["NextMarker"])
    inside = s3.list_objects(**ask, Marker="folder/aSubfolder/subFile1")
    end = s3.list_objects(**ask, Marker=following["NextMarker"])

    assert [p["Prefix"] for p in start["CommonPrefixes"]] == [start["NextMarker"]] == ["folder/aSubfolder/"]
    assert [o["Key"] for o in following["Contents"]] == [following["NextMarker"]] == ["folder/file1"]
    assert [o["Key"] for o in inside["Contents"]] == ["folder/file1"]  # a marker inside a prefix leaves it behind
    assert [o["Key"] for o in end["Contents"]] == ["folder/file2"]
    assert not end["IsTruncated"] and "NextMarker" not in end
    assert "NextMarker" not in s3.list_objects(Bucket=bucket, MaxKeys=1)  # told with a delimiter only


def test_prefixes_count_as_keys_do(s3, bucket, keys):
    keys("a/1", "a/2", "b", "c/1", "c/2", "d")

    pages = list(
        s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": 2})
    )

    seen = [
        [*(p["Prefix"] for p in page.get("CommonPrefixes", [])), *(o["Key"] for o in page.get("Contents", []))]
        for page in pages
    ]
    assert seen == [["a/", "b"], ["c/", "d"]]


@pytest.mark.parametrize(("delimiter", "prefixes"), [("::", ["x::", "y::"]), ("é", ["né"]), ("%2F", ["p%2F"])])
def test_any_text_delimits(s3, bucket, keys, delimiter, prefixes):
    keys("x::1", "x::2", "x:3", "y::1", "né1", "né2", "p%2Fq", "p/q")

    found = s3.list_objects_v2(Bucket=bucket, Delimiter=delimiter)

    assert [p["Prefix"] for p in found["CommonPrefixes"]] == prefixes
    assert found["KeyCount"] == len(prefixes) + len(found["Contents"])


def test_keys_that_xml_cannot_hold_are_encoded(s3, bucket, keys):
    keys("a=b c+d/é", "\x01")

    found = s3.list_objects_v2(Bucket=bucket, EncodingType="url", StartAfter="\x00=/")

    assert [o["Key"] for o in found["Contents"]] == ["%01", "a%3Db+c%2Bd/%C3%A9"]
    assert found["StartAfter"] == "%00%3D/"
    refused = refusal(s3.list_objects_v2, Bucket=bucket, EncodingType="other")
    assert (refused["Code"], refused["ArgumentName"]) == ("InvalidArgument", "encoding-type")


def test_a_limit_below_zero_is_refused(s3, bucket):
    for call, name in ((s3.list_objects, "MaxKeys"), (s3.list_multipart_uploads, "MaxUploads")):
        assert refusal(call, Bucket=bucket, **{name: -1})["Code"] == "InvalidArgument"


def test_deleted_keys_are_not_listed_nor_are_their_folders(s3, bucket, keys):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    keys("a/1", "a/2", "b/1", "c")
    for key in ("a/1", "a/2", "c"):
        s3.delete_object(Bucket=bucket, Key=key)

    found = s3.list_objects_v2(Bucket=bucket, Delimiter="/")

    assert ([p["Prefix"] for p in found["CommonPrefixes"]], found["KeyCount"]) == (["b/"], 1)


@pytest.fixture
def versions(s3, bucket):
    """Three keys of three versions each, delete markers among them; (key, id) in the order of a listing."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    made: dict[str, list[str]] = {}
    for n in range(3):
        key = f"test_{n}"
        made[key] = [s3.put_object(Bucket=bucket, Key=key, Body=b"1")["VersionId"]]
        made[key].append(s3.delete_object(Bucket=bucket, Key=key)["VersionId"])
        if n < 2:
            made[key].append(s3.put_object(Bucket=bucket, Key=key, Body=b"2")["VersionId"])
    return [(key, version) for key, ids in made.items() for version in reversed(ids)]


def entries(page):
    """The (key, id) of a page of versions, each kind in its order."""
    return [(each["Key"], each["VersionId"]) for kind in ("Versions", "DeleteMarkers") for each in page.get(kind, [])]


def test_versions_are_listed_newest_first(s3, bucket, versions):
    page = s3.list_object_versions(Bucket=bucket)

    assert sorted(entries(page)) == sorted(versions)
    assert [(v["Key"], v["VersionId"]) for v in page["Versions"]] == [
        v for v in versions if v in {(e["Key"], e["VersionId"]) for e in page["Versions"]}
    ]
    latest = [(e["Key"], e["VersionId"]) for e in page["Versions"] + page["DeleteMarkers"] if e["IsLatest"]]
    assert sorted(latest) == [versions[0], versions[3], versions[6]]
    assert set(page["DeleteMarkers"][0]) == {"Owner", "Key", "VersionId", "IsLatest", "LastModified"}


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8])
def test_versions_are_paged_by_key_and_id(s3, bucket, versions, size):
    ask = {"Bucket": bucket, "MaxKeys": size}
    seen, marker = [], {}
    for _ in range(10):
        page = s3.list_object_versions(**ask, **marker)
        seen += entries(page)
        if not page["IsTruncated"]:
            break
        marker = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"]}
        assert len(entries(page)) == size
    assert sorted(seen) == sorted(versions) and len(seen) == len(versions)


def test_markers_of_versions(s3, bucket, versions):
    ask = {"Bucket": bucket, "MaxKeys": 1}

    by_key = s3.list_object_versions(**ask, KeyMarker="test_1")
    last = s3.list_object_versions(**ask, KeyMarker="test_2")
    alone = refusal(s3.list_object_versions, **ask, VersionIdMarker=versions[0][1])
    odd = refusal(s3.list_object_versions, **ask, KeyMarker="test_1", VersionIdMarker="odd")

    assert entries(by_key) == [versions[6]]
    assert (by_key["NextKeyMarker"], by_key["NextVersionIdMarker"]) == versions[6]
    assert entries(last) == [] and not last["IsTruncated"]
    assert alone["Message"] == "A version-id marker cannot be specified without a key marker."
    assert odd["Code"] == "InvalidArgument"


def test_a_page_of_versions_goes_on_behind_one_that_was_deleted(s3, bucket, versions):
    page = s3.list_object_versions(Bucket=bucket, MaxKeys=2)
    key, version = page["NextKeyMarker"], page["NextVersionIdMarker"]
    s3.delete_object(Bucket=bucket, Key=key, VersionId=version)

    rest = s3.list_object_versions(Bucket=bucket, KeyMarker=key, VersionIdMarker=version)

    assert sorted(entries(rest)) == sorted(versions[2:])


def test_versions_are_folded_too(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for _ in range(2):
        for key in ("dir/test", "dir/subdir/test"):
            s3.put_object(Bucket=bucket, Key=key)

    def ask(prefix):
        page = s3.list_object_versions(Bucket=bucket, Delimiter="/", Prefix=prefix)
        return [p["Prefix"] for p in page.get("CommonPrefixes", [])], [v["Key"] for v in page.get("Versions", [])]

    assert ask("dir/") == (["dir/subdir/"], ["dir/test", "dir/test"])
    assert ask("dir/s") == (["dir/subdir/"], [])
    assert ask("dir/test") == ([], ["dir/test", "dir/test"])


@pytest.fixture
def uploads(s3, bucket):
    """Begun uploads, as (key, id) in the order of a listing."""
    made = {}
    for key in ("key-2", "key-1", "key-1", "key-1", "key-0"):
        made.setdefault(key, []).append(s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"])
    return [(key, upload) for key in sorted(made) for upload in made[key]]


def test_uploads_are_listed_by_key_and_then_by_age(s3, bucket, account, uploads):
    page = plain(s3.list_multipart_uploads(Bucket=bucket))

    assert [(u["Key"], u["UploadId"]) for u in page["Uploads"]] == uploads
    assert (page["NextKeyMarker"], page["NextUploadIdMarker"]) == uploads[-1]
    assert "Prefix" not in page
    entry = page["Uploads"][0]
    assert set(entry) == {"UploadId", "Key", "Initiated", "StorageClass", "Owner", "Initiator"}
    assert entry["Initiator"]["DisplayName"] == account


def test_markers_of_uploads(s3, bucket, uploads):
    def ask(**given):
        page = s3.list_multipart_uploads(Bucket=bucket, MaxUploads=1, **given)
        return [(u["Key"], u["UploadId"]) for u in page.get("Uploads", [])], page["IsTruncated"]

    for earlier, following in itertools.pairwise(uploads):
        last = following == uploads[-1]
        assert ask(KeyMarker=earlier[0], UploadIdMarker=earlier[1]) == ([following], not last)
    assert ask(KeyMarker="key-0") == ([uploads[1]], True)
    assert ask(KeyMarker="key-1") == ([uploads[4]], False)
    assert ask(KeyMarker="key-2") == ([], False)
    assert ask(UploadIdMarker=uploads[2][1]) == ([uploads[0]], True)  # alone it says nothing
    assert s3.list_multipart_uploads(Bucket=bucket, UploadIdMarker=uploads[2][1])["UploadIdMarker"] == ""
    wrong = refusal(s3.list_multipart_uploads, Bucket=bucket, KeyMarker="key-1", UploadIdMarker=uploads[0][1])
    assert wrong == {
        "Code": "InvalidArgument", "ArgumentName": "upload-id-marker", "ArgumentValue": uploads[0][1], "status": 400,
        "Message": "Invalid uploadId marker",
    }  # fmt: skip


def test_uploads_are_folded_and_paged(s3, bucket):
    for key in ("folder/aSubfolder/subFile1", "folder/aSubfolder/subFile2", "folder/file1", "other"):
        s3.create_multipart_upload(Bucket=bucket, Key=key)
    ask = {"Bucket": bucket, "Prefix": "folder/", "Delimiter": "/", "MaxUploads": 1}

    start = s3.list_multipart_uploads(**ask)
    following = s3.list_multipart_uploads(**ask, KeyMarker=start["NextKeyMarker"])
    inside = s3.list_multipart_uploads(**ask, KeyMarker="folder/aSubfolder/subFile1")

    assert [p["Prefix"] for p in start["CommonPrefixes"]] == ["folder/aSubfolder/"] and start["IsTruncated"]
    assert start["Prefix"] == "folder/"
    assert [u["Key"] for u in following["Uploads"]] == [u["Key"] for u in inside["Uploads"]] == ["folder/file1"]
    assert not following["IsTruncated"]
