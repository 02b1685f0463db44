"""Lifecycle rules: what S3 takes, and what they do to objects as the days go by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.s3.refusals import code, refused

from cumulet.kernel import events

LARGE = b"x" * (128 * 1024)
EXPIRE = {"Expiration": {"Days": 1}}


def rule(**parts) -> dict:
    return {"ID": "rule", "Filter": {}, "Status": "Enabled", **parts}


def put_rules(s3, bucket: str, *rules: dict, **given):
    return s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": list(rules)}, **given)


def refusal(s3, bucket: str, rules: list[dict], **given) -> tuple[str, str]:
    configuration = {"Rules": rules}
    return refused(s3.put_bucket_lifecycle_configuration, Bucket=bucket, LifecycleConfiguration=configuration, **given)


def classes(s3, bucket: str) -> dict[str, str]:
    return {o["Key"]: o["StorageClass"] for o in s3.list_objects_v2(Bucket=bucket).get("Contents", [])}


def versions(s3, bucket: str) -> tuple[int, int]:
    """How many versions, how many delete markers."""
    found = s3.list_object_versions(Bucket=bucket)
    return len(found.get("Versions", [])), len(found.get("DeleteMarkers", []))


# What S3 takes


def test_rules_are_kept_as_given(s3, bucket):
    given = rule(
        Filter={"And": {"Prefix": "logs/", "Tags": [{"Key": "a", "Value": "b"}], "ObjectSizeGreaterThan": 500}},
        Transitions=[{"Days": 30, "StorageClass": "STANDARD_IA"}, {"Days": 90, "StorageClass": "GLACIER"}],
        Expiration={"Days": 1095},
        NoncurrentVersionTransitions=[{"NoncurrentDays": 30, "StorageClass": "GLACIER_IR"}],
        NoncurrentVersionExpiration={"NoncurrentDays": 60, "NewerNoncurrentVersions": 3},
    )
    missing = code(s3.get_bucket_lifecycle_configuration, Bucket=bucket)
    answer = put_rules(s3, bucket, given)
    kept = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    s3.delete_bucket_lifecycle(Bucket=bucket)

    assert missing == code(s3.get_bucket_lifecycle_configuration, Bucket=bucket) == "NoSuchLifecycleConfiguration"
    assert kept["Rules"] == [given]
    assert answer["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"
    assert kept["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"


def test_a_date_comes_back(s3, bucket):
    date = datetime(2030, 1, 1, tzinfo=UTC)
    put_rules(s3, bucket, rule(Expiration={"Date": date}))

    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"][0]["Expiration"] == {"Date": date}


def test_a_rule_without_a_name_gets_one(s3, bucket):
    put_rules(s3, bucket, {"Filter": {}, "Status": "Enabled", **EXPIRE})

    assert len(s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"][0]["ID"]) == 48


def test_the_default_minimum_size_is_one_of_two(s3, bucket):
    varies = put_rules(s3, bucket, rule(**EXPIRE), TransitionDefaultMinimumObjectSize="varies_by_storage_class")
    wrong = refusal(s3, bucket, [rule(**EXPIRE)], TransitionDefaultMinimumObjectSize="value")

    assert varies["TransitionDefaultMinimumObjectSize"] == "varies_by_storage_class"
    assert wrong == ("InvalidRequest", "Invalid TransitionDefaultMinimumObjectSize found: value")


TAGS = [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]
MALFORMED = {
    "no filter": {"ID": "x", "Status": "Enabled", **EXPIRE},
    "status": rule(Status="On", **EXPIRE),
    "two predicates": rule(Filter={"Prefix": "a", "ObjectSizeGreaterThan": 1}, **EXPIRE),
    "and beside a prefix": rule(Filter={"And": {"Prefix": "a"}, "Prefix": "b"}, **EXPIRE),
    "and beside a size": rule(Filter={"And": {"Prefix": "a"}, "ObjectSizeLessThan": 9}, **EXPIRE),
    "filter and prefix": rule(Prefix="a", **EXPIRE),
    "marker and days": rule(Expiration={"Days": 1, "ExpiredObjectDeleteMarker": True}),
    "empty expiration": rule(Expiration={}),
    "noncurrent without days": rule(NoncurrentVersionExpiration={"NewerNoncurrentVersions": 1}),
    "transition without days": rule(Transitions=[{"StorageClass": "GLACIER"}]),
    "transition to nowhere": rule(Transitions=[{"Days": 1, "StorageClass": "STANDARD"}]),
    "abort without days": rule(AbortIncompleteMultipartUpload={}),
}


@pytest.mark.parametrize("wrong", MALFORMED.values(), ids=MALFORMED)
def test_malformed_rules_are_refused(s3, bucket, wrong):
    assert refusal(s3, bucket, [wrong])[0] == "MalformedXML"


def test_there_are_one_to_a_thousand_rules(s3, bucket):
    many = [rule(ID=str(n), **EXPIRE) for n in range(1001)]

    assert refusal(s3, bucket, [])[0] == refusal(s3, bucket, many)[0] == "MalformedXML"


GLACIER, INFREQUENT = {"Days": 30, "StorageClass": "GLACIER"}, {"Days": 30, "StorageClass": "STANDARD_IA"}
WRONG = {
    "a date in the day": (
        rule(Expiration={"Date": datetime(2030, 1, 1, 7, tzinfo=UTC)}), "InvalidArgument",
        "'Date' must be at midnight GMT",
    ),
    "no days": (
        rule(Expiration={"Days": 0}), "InvalidArgument",
        "'Days' for Expiration action must be a positive integer",
    ),
    "no action": (rule(), "InvalidRequest", "At least one action needs to be specified in a rule"),
    "a tag twice": (
        rule(Filter={"And": {"Tags": TAGS}}, **EXPIRE), "InvalidRequest", "Duplicate Tag Keys are not allowed.",
    ),
    "infrequent too early": (
        rule(Transitions=[{"Days": 29, "StorageClass": "STANDARD_IA"}]), "InvalidArgument",
        "'Days' in Transition action must be greater than or equal to 30 for storageClass 'STANDARD_IA'",
    ),
    "a class twice": (rule(Transitions=[GLACIER, {**GLACIER, "Days": 60}]), "InvalidRequest", None),
    "infrequent for 29 days": (rule(Transitions=[INFREQUENT, {**GLACIER, "Days": 59}]), "InvalidArgument", None),
    "gone before it is moved": (rule(Transitions=[GLACIER], Expiration={"Days": 30}), "InvalidArgument", None),
    "days and dates": (
        rule(Transitions=[GLACIER], Expiration={"Date": datetime(2030, 1, 1, tzinfo=UTC)}), "InvalidRequest", None,
    ),
    "kept too many": (
        rule(NoncurrentVersionExpiration={"NoncurrentDays": 1, "NewerNoncurrentVersions": 101}),
        "InvalidArgument", None,
    ),
    "markers by tag": (
        rule(Filter={"Tag": TAGS[0]}, Expiration={"ExpiredObjectDeleteMarker": True}), "InvalidRequest", None,
    ),
    "uploads by tag": (
        rule(Filter={"Tag": TAGS[0]}, AbortIncompleteMultipartUpload={"DaysAfterInitiation": 1}),
        "InvalidRequest", None,
    ),
    "sizes crossed": (
        rule(Filter={"And": {"ObjectSizeGreaterThan": 9, "ObjectSizeLessThan": 9}}, **EXPIRE),
        "InvalidRequest", None,
    ),
    "a long name": (rule(ID="x" * 256, **EXPIRE), "InvalidArgument", None),
}  # fmt: skip


@pytest.mark.parametrize(("wrong", "wanted", "words"), WRONG.values(), ids=WRONG)
def test_wrong_rules_are_refused(s3, bucket, wrong, wanted, words):
    told, said = refusal(s3, bucket, [wrong])

    assert told == wanted
    assert words in (None, said)


def test_names_are_unique(s3, bucket):
    assert refusal(s3, bucket, [rule(**EXPIRE), rule(**EXPIRE)])[0] == "InvalidArgument"


# What answers tell


def test_answers_tell_when_an_object_will_expire(s3, bucket):
    put_rules(
        s3, bucket,
        rule(ID="late & soon", Filter={"Prefix": "a/"}, Expiration={"Days": 7}),
        rule(ID="late", Filter={"Prefix": "a/"}, Expiration={"Days": 30}),
    )  # fmt: skip
    put = s3.put_object(Bucket=bucket, Key="a/k", Body=b"1")
    got = s3.get_object(Bucket=bucket, Key="a/k")
    head = s3.head_object(Bucket=bucket, Key="a/k")
    copy = s3.copy_object(Bucket=bucket, Key="a/copy", CopySource=f"{bucket}/a/k")
    other = s3.put_object(Bucket=bucket, Key="b/k", Body=b"1")
    day = (got["LastModified"] + timedelta(days=8)).strftime("%a, %d %b %Y")

    assert put["Expiration"] == f'expiry-date="{day} 00:00:00 GMT", rule-id="late%20%26%20soon"'
    assert put["Expiration"] == got["Expiration"] == head["Expiration"] == copy["Expiration"]
    assert "Expiration" not in other


def test_answers_tell_when_an_upload_will_be_aborted(s3, bucket):
    put_rules(s3, bucket, rule(AbortIncompleteMultipartUpload={"DaysAfterInitiation": 3}))
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")
    listed = s3.list_parts(Bucket=bucket, Key="k", UploadId=upload["UploadId"])

    assert upload["AbortRuleId"] == listed["AbortRuleId"] == "rule"
    assert upload["AbortDate"] == listed["AbortDate"] > datetime.now(UTC) + timedelta(days=3)


# What the rules do


@pytest.fixture
def store(own_cloud):
    client = own_cloud.client("s3")
    client.create_bucket(Bucket="store")
    return client


def version_bucket(s3, state: str = "Enabled") -> None:
    s3.put_bucket_versioning(Bucket="store", VersioningConfiguration={"Status": state})


@pytest.mark.spec("storage:S3-71")
@pytest.mark.spec("storage:S3-74")
def test_a_chain_of_steps_is_gone_through_in_order(own_cloud, store):
    put_rules(store, "store", rule(Transitions=[INFREQUENT, {**GLACIER, "Days": 90}], Expiration={"Days": 1095}))
    before = store.put_object(Bucket="store", Key="k", Body=LARGE)
    seen = []
    for days in (29, 3, 57, 3, 1000, 5):
        own_cloud.advance(days=days)
        seen.append(classes(store, "store").get("k"))
        if seen == ["STANDARD", "STANDARD_IA"]:
            after = store.head_object(Bucket="store", Key="k")

    assert seen == ["STANDARD", "STANDARD_IA", "STANDARD_IA", "GLACIER", "GLACIER", None]
    assert after["ETag"] == before["ETag"]


@pytest.mark.spec("storage:S3-72")
def test_days_are_counted_from_creation_up_to_the_next_midnight(own_cloud, store):
    put_rules(store, "store", rule(Expiration={"Days": 3}))
    store.put_object(Bucket="store", Key="k", Body=b"1")
    midnight = own_cloud.now().replace(hour=0, minute=0, second=0, microsecond=0)
    end = midnight + timedelta(days=4)
    own_cloud.advance(seconds=(end - own_cloud.now()).total_seconds() - 60)
    before = classes(store, "store")
    own_cloud.advance(minutes=2)

    assert before == {"k": "STANDARD"}
    assert classes(store, "store") == {}


def test_objects_older_than_a_new_rule_go_at_the_next_midnight(own_cloud, store):
    store.put_object(Bucket="store", Key="old", Body=b"1")
    own_cloud.advance(days=10)
    put_rules(store, "store", rule(Expiration={"Days": 5}))
    store.put_object(Bucket="store", Key="new", Body=b"1")
    own_cloud.advance(days=1)

    assert classes(store, "store") == {"new": "STANDARD"}


def test_a_date_is_kept_to(own_cloud, store):
    midnight = own_cloud.now().replace(hour=0, minute=0, second=0, microsecond=0)
    put_rules(store, "store", rule(Expiration={"Date": midnight + timedelta(days=20)}))
    store.put_object(Bucket="store", Key="k", Body=b"1")
    own_cloud.advance(days=18)
    before = classes(store, "store")
    own_cloud.advance(days=3)

    assert (before, classes(store, "store")) == ({"k": "STANDARD"}, {})


@pytest.mark.spec("storage:S3-73")
def test_a_rule_is_for_a_prefix_or_tags_or_sizes(own_cloud, store):
    put_rules(
        store, "store",
        rule(ID="prefix", Filter={"Prefix": "tmp/"}, **EXPIRE),
        rule(ID="tag", Filter={"Tag": {"Key": "keep", "Value": "no"}}, **EXPIRE),
        rule(ID="size", Filter={"ObjectSizeGreaterThan": 100}, **EXPIRE),
        rule(ID="off", Status="Disabled", **EXPIRE),
        rule(
            ID="both",
            Filter={"And": {"Prefix": "a/", "Tags": [{"Key": "x", "Value": "1"}, {"Key": "y", "Value": "2"}]}},
            **EXPIRE,
        ),
    )  # fmt: skip
    for key, size, tags in [
        ("tmp/gone", 1, ""), ("tag-gone", 1, "keep=no"), ("large-gone", 101, ""), ("a/gone", 1, "x=1&y=2"),
        ("kept", 1, ""), ("tag-kept", 1, "keep=yes"), ("size-kept", 100, ""), ("a/kept", 1, "x=1"),
    ]:  # fmt: skip
        store.put_object(Bucket="store", Key=key, Body=b"x" * size, Tagging=tags)
    own_cloud.advance(days=3)

    assert sorted(classes(store, "store")) == ["a/kept", "kept", "size-kept", "tag-kept"]


def test_small_objects_are_not_moved_unless_a_rule_speaks_of_sizes(own_cloud, store):
    put_rules(
        store, "store",
        rule(ID="all", Filter={"Prefix": "a/"}, Transitions=[GLACIER]),
        rule(
            ID="sized", Filter={"And": {"Prefix": "b/", "ObjectSizeGreaterThan": 1}}, Transitions=[GLACIER]
        ),
    )  # fmt: skip
    for key in ("a/small", "b/small"):
        store.put_object(Bucket="store", Key=key, Body=b"small")
    own_cloud.advance(days=40)

    assert classes(store, "store") == {"a/small": "STANDARD", "b/small": "GLACIER"}


def test_where_the_size_varies_by_class_small_objects_may_go_to_the_archives(own_cloud, store):
    put_rules(
        store, "store",
        rule(Transitions=[INFREQUENT, {**GLACIER, "Days": 90}]),
        TransitionDefaultMinimumObjectSize="varies_by_storage_class",
    )  # fmt: skip
    store.put_object(Bucket="store", Key="k", Body=b"small")
    own_cloud.advance(days=40)
    before = classes(store, "store")
    own_cloud.advance(days=60)

    assert (before, classes(store, "store")) == ({"k": "STANDARD"}, {"k": "GLACIER"})


def test_objects_move_to_deeper_classes_only(own_cloud, store):
    put_rules(store, "store", rule(Transitions=[INFREQUENT]))
    store.put_object(Bucket="store", Key="k", Body=LARGE, StorageClass="GLACIER_IR")
    own_cloud.advance(days=40)

    assert classes(store, "store") == {"k": "GLACIER_IR"}


@pytest.mark.spec("storage:S3-75")
def test_where_versions_are_kept_an_expired_object_can_be_had_back(own_cloud, store):
    version_bucket(store)
    put_rules(store, "store", rule(**EXPIRE))
    version = store.put_object(Bucket="store", Key="k", Body=b"precious")["VersionId"]
    own_cloud.advance(days=3)

    assert code(store.get_object, Bucket="store", Key="k") == "NoSuchKey"
    assert store.get_object(Bucket="store", Key="k", VersionId=version)["Body"].read() == b"precious"
    assert versions(store, "store") == (1, 1)


def test_a_jump_of_a_year_gives_what_a_year_of_days_gives(own_cloud, store):
    """Expired on day 2, so its old version goes on day 13, and then the marker that hides nothing."""
    version_bucket(store)
    put_rules(
        store, "store",
        rule(Expiration={"Days": 1}, NoncurrentVersionExpiration={"NoncurrentDays": 10}),
    )  # fmt: skip
    store.put_object(Bucket="store", Key="k", Body=b"1")
    own_cloud.advance(days=365)

    assert versions(store, "store") == (0, 0)


def test_markers_with_nothing_behind_them_go(own_cloud, store):
    version_bucket(store)
    put_rules(store, "store", rule(Expiration={"ExpiredObjectDeleteMarker": True}))
    store.delete_object(Bucket="store", Key="never-was")
    store.put_object(Bucket="store", Key="hidden", Body=b"1")
    store.delete_object(Bucket="store", Key="hidden")
    own_cloud.advance(days=2)

    found = store.list_object_versions(Bucket="store")
    assert [each["Key"] for each in found["DeleteMarkers"]] == ["hidden"]


def test_the_newest_noncurrent_versions_can_be_kept(own_cloud, store):
    version_bucket(store)
    kept = {"NoncurrentDays": 5, "NewerNoncurrentVersions": 2}
    put_rules(store, "store", rule(NoncurrentVersionExpiration=kept))
    for number in range(6):
        store.put_object(Bucket="store", Key="k", Body=b"%d" % number)
    own_cloud.advance(days=4)
    before = versions(store, "store")
    own_cloud.advance(days=4)
    left = store.list_object_versions(Bucket="store")["Versions"]
    bodies = [store.get_object(Bucket="store", Key="k", VersionId=v["VersionId"])["Body"].read() for v in left]

    assert before == (6, 0)
    assert bodies == [b"5", b"4", b"3"]


def test_noncurrent_versions_move_by_the_day_they_were_replaced(own_cloud, store):
    version_bucket(store)
    move = {"NoncurrentDays": 30, "StorageClass": "GLACIER"}
    put_rules(store, "store", rule(NoncurrentVersionTransitions=[move]))
    store.put_object(Bucket="store", Key="k", Body=LARGE)
    own_cloud.advance(days=100)
    store.put_object(Bucket="store", Key="k", Body=LARGE)
    own_cloud.advance(days=20)
    before = [v["StorageClass"] for v in store.list_object_versions(Bucket="store")["Versions"]]
    own_cloud.advance(days=20)
    after = [v["StorageClass"] for v in store.list_object_versions(Bucket="store")["Versions"]]

    assert before == ["STANDARD", "STANDARD"]
    assert after == ["STANDARD", "GLACIER"]


def test_while_versioning_is_suspended_an_expired_object_leaves_a_marker_called_null(own_cloud, store):
    version_bucket(store)
    version_bucket(store, "Suspended")
    put_rules(store, "store", rule(**EXPIRE))
    store.put_object(Bucket="store", Key="k", Body=b"1")
    own_cloud.advance(days=2)
    found = store.list_object_versions(Bucket="store")

    assert "Versions" not in found
    assert [each["VersionId"] for each in found["DeleteMarkers"]] == ["null"]


@pytest.mark.spec("storage:S3-21")
def test_uploads_left_incomplete_are_aborted_and_their_parts_freed(own_cloud, store):
    put_rules(
        store, "store",
        rule(Filter={"Prefix": "a/"}, AbortIncompleteMultipartUpload={"DaysAfterInitiation": 7}),
    )  # fmt: skip
    for key in ("a/k", "b/k"):
        upload = store.create_multipart_upload(Bucket="store", Key=key)["UploadId"]
        store.upload_part(Bucket="store", Key=key, UploadId=upload, PartNumber=1, Body=LARGE)
    blobs = own_cloud.cloud.kernel.store
    own_cloud.advance(days=6)
    before = len(store.list_multipart_uploads(Bucket="store")["Uploads"])
    own_cloud.advance(days=3)
    left = store.list_multipart_uploads(Bucket="store")["Uploads"]

    assert before == 2
    assert [each["Key"] for each in left] == ["b/k"]
    assert own_cloud.run(blobs.read(lambda tx: len(list(tx.range(("blobs", "owners")))))) == 1


def test_more_objects_than_one_slice_holds_are_all_looked_at(own_cloud, store):
    put_rules(
        store, "store",
        rule(ID="a", Filter={"Prefix": "a"}, **EXPIRE), rule(ID="c", Filter={"Prefix": "c"}, **EXPIRE),
    )  # fmt: skip
    for letter, count in (("a", 510), ("b", 3), ("c", 3)):
        for number in range(count):
            store.put_object(Bucket="store", Key=f"{letter}/{number}", Body=b"")
    own_cloud.advance(days=3)

    assert list(classes(store, "store")) == ["b/0", "b/1", "b/2"]


def test_a_rule_taken_away_does_nothing_more(own_cloud, store):
    put_rules(store, "store", rule(Expiration={"Days": 5}))
    store.put_object(Bucket="store", Key="k", Body=b"1")
    own_cloud.advance(days=2)
    store.delete_bucket_lifecycle(Bucket="store")
    own_cloud.advance(days=30)

    assert classes(store, "store") == {"k": "STANDARD"}


def test_what_is_put_between_two_looks_is_not_late(own_cloud, store):
    put_rules(store, "store", rule(Expiration={"Days": 5}))
    left = []
    for day in range(8):
        store.put_object(Bucket="store", Key=str(day), Body=b"1")
        own_cloud.advance(days=1)
        left.append(sorted(classes(store, "store")))

    assert left[4] == ["0", "1", "2", "3", "4"]
    assert left[5:] == [["1", "2", "3", "4", "5"], ["2", "3", "4", "5", "6"], ["3", "4", "5", "6", "7"]]


def test_versioning_turned_on_later_counts(own_cloud, store):
    put_rules(store, "store", rule(Expiration={"Days": 300}, NoncurrentVersionExpiration={"NoncurrentDays": 2}))
    store.put_object(Bucket="store", Key="k", Body=b"1")
    own_cloud.advance(days=10)
    version_bucket(store)
    store.put_object(Bucket="store", Key="k", Body=b"2")
    own_cloud.advance(days=4)

    assert versions(store, "store") == (1, 0)


def test_the_rules_tell_what_they_did(own_cloud, store):
    store.put_bucket_notification_configuration(
        Bucket="store", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    put_rules(store, "store", rule(Transitions=[{"Days": 1, "StorageClass": "GLACIER_IR"}], Expiration={"Days": 3}))
    store.put_object(Bucket="store", Key="k", Body=LARGE)
    told = []
    for _ in range(5):
        own_cloud.advance(days=1)
        told += [event.type for event in own_cloud.run(own_cloud.cloud.kernel.store.read(events.logged))]

    # What was put is older than a day, and forgotten by the log, when it is first looked at.
    assert told == ["s3.LifecycleTransition", "s3.LifecycleExpiration:Delete"]


def test_a_key_may_have_more_versions_than_go_at_once(own_cloud, store):
    version_bucket(store)
    put_rules(store, "store", rule(Expiration={"Days": 1}, NoncurrentVersionExpiration={"NoncurrentDays": 1}))
    for _ in range(550):
        store.put_object(Bucket="store", Key="k", Body=b"")
    own_cloud.advance(days=3)
    before = versions(store, "store")
    own_cloud.advance(days=3)

    assert before == (1, 1)
    assert versions(store, "store") == (0, 0)
