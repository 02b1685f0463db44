"""A jump of the clock makes of any objects under any rules what as many single days make of them."""

from __future__ import annotations

import random

import pytest

from cumulet.testing import LocalCloud

SIZES = (0, 100, 128 * 1024)
TAGS = ("", "kind=log", "kind=log&keep=no")
FILTERS = (
    {},
    {"Prefix": "a"},
    {"Tag": {"Key": "kind", "Value": "log"}},
    {"And": {"Prefix": "b", "ObjectSizeGreaterThan": 10}},
)
CHAINS = (
    [],
    [{"Days": 30, "StorageClass": "STANDARD_IA"}],
    [{"Days": 5, "StorageClass": "GLACIER_IR"}, {"Days": 40, "StorageClass": "DEEP_ARCHIVE"}],
)
DAYS = 100


def some_rule(dice: random.Random, number: int) -> dict:
    """A rule that AWS would take."""
    chain = dice.choice(CHAINS)
    rule = {"ID": str(number), "Filter": dice.choice(FILTERS), "Status": "Enabled"}
    if chain:
        rule["Transitions"] = chain
    if dice.random() < 0.6:
        rule["Expiration"] = {"Days": dice.randint(41, 70) if chain else dice.randint(1, 70)}
    elif "Tag" not in rule["Filter"] and dice.random() < 0.5:
        rule["Expiration"] = {"ExpiredObjectDeleteMarker": True}
    if dice.random() < 0.7:
        rule["NoncurrentVersionExpiration"] = {"NoncurrentDays": dice.randint(1, 30)}
        if dice.random() < 0.5:
            rule["NoncurrentVersionExpiration"]["NewerNoncurrentVersions"] = dice.randint(1, 2)
    if len(rule) == 3:
        rule["Expiration"] = {"Days": dice.randint(1, 70)}
    return rule


def furnish(cloud: LocalCloud, seed: int):
    """Rules and objects, the same ones for the same seed. Returns the client."""
    dice = random.Random(seed)
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="store")
    if dice.random() < 0.8:
        s3.put_bucket_versioning(Bucket="store", VersioningConfiguration={"Status": "Enabled"})
    rules = [some_rule(dice, number) for number in range(dice.randint(1, 3))]
    s3.put_bucket_lifecycle_configuration(Bucket="store", LifecycleConfiguration={"Rules": rules})
    for _ in range(40):
        key = dice.choice("ab") + dice.choice("123456")
        if dice.random() < 0.2:
            s3.delete_object(Bucket="store", Key=key)
        else:
            body, tags = b"x" * dice.choice(SIZES), dice.choice(TAGS)
            s3.put_object(Bucket="store", Key=key, Body=body, Tagging=tags)
        cloud.advance(days=dice.choice((0, 0, 0, 1)))
    return s3


def state(s3) -> list[tuple]:
    found = s3.list_object_versions(Bucket="store")
    kept = [(v["Key"], v["IsLatest"], v["Size"], v["StorageClass"]) for v in found.get("Versions", [])]
    return kept + [(m["Key"], m["IsLatest"], m["LastModified"].date()) for m in found.get("DeleteMarkers", [])]


@pytest.mark.parametrize("seed", range(6))
def test_a_jump_is_as_good_as_single_days(tmp_path, seed):
    with LocalCloud(tmp_path / "slow") as slow, LocalCloud(tmp_path / "fast") as fast:
        patient, hasty = furnish(slow, seed), furnish(fast, seed)
        for _ in range(DAYS):
            slow.advance(days=1)
        fast.advance(days=DAYS)

        assert state(patient) == state(hasty), f"seed {seed}"
