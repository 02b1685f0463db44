"""Access keys: two for each, shown once, switched off and on at once, and when they were last used."""

from __future__ import annotations

import pytest

from tests.iam.policies import acting, allow, policy, refused, user_with


@pytest.fixture
def iam(client):
    return client("iam")


@pytest.mark.spec("security:IAM-46")
def test_a_user_has_two_keys_and_no_third(iam):
    iam.create_user(UserName="bob")
    first, second = (iam.create_access_key(UserName="bob")["AccessKey"] for _ in range(2))

    listed = iam.list_access_keys(UserName="bob")["AccessKeyMetadata"]
    assert [key["AccessKeyId"] for key in listed] == [first["AccessKeyId"], second["AccessKeyId"]]
    assert (
        refused(iam.create_access_key, UserName="bob") == "LimitExceeded: Cannot exceed quota for AccessKeysPerUser: 2"
    )


@pytest.mark.spec("security:IAM-48", "security:ACCT-11")
def test_the_secret_is_told_once_and_a_deleted_key_is_gone(iam, client):
    key = user_with(iam, "bob", policy(allow("*")))
    assert len(key["SecretAccessKey"]) == 40
    assert "SecretAccessKey" not in iam.list_access_keys(UserName="bob")["AccessKeyMetadata"][0]

    iam.delete_access_key(UserName="bob", AccessKeyId=key["AccessKeyId"])

    assert refused(acting(client, key).list_users).startswith("InvalidClientTokenId")
    missing = f"NoSuchEntity: The Access Key with id {key['AccessKeyId']} cannot be found."
    assert refused(iam.delete_access_key, UserName="bob", AccessKeyId=key["AccessKeyId"]) == missing


@pytest.mark.spec("security:IAM-47", "security:X-26")
def test_an_inactive_key_lets_nobody_in_until_it_is_active_again(iam, client):
    key = user_with(iam, "bob", policy(allow("*")))
    bob, name = acting(client, key), {"UserName": "bob", "AccessKeyId": key["AccessKeyId"]}
    bob.list_users()

    iam.update_access_key(**name, Status="Inactive")
    assert refused(bob.list_users).startswith("InvalidClientTokenId")
    assert iam.list_access_keys(UserName="bob")["AccessKeyMetadata"][0]["Status"] == "Inactive"

    iam.update_access_key(**name, Status="Active")
    bob.list_users()
    assert refused(iam.update_access_key, **name, Status="Expired").startswith("InvalidInput")


@pytest.mark.spec("security:ACC-05")
def test_a_user_manages_its_own_keys_and_no_others(iam, client):
    own = "arn:aws:iam::*:user/${aws:username}"
    bob = acting(client, user_with(iam, "bob", policy(allow("iam:*AccessKey*", resource=own))))
    alice = user_with(iam, "alice")

    made = bob.create_access_key()["AccessKey"]
    assert made["UserName"] == "bob"
    assert len(bob.list_access_keys()["AccessKeyMetadata"]) == 2
    bob.update_access_key(AccessKeyId=made["AccessKeyId"], Status="Inactive")
    bob.delete_access_key(AccessKeyId=made["AccessKeyId"])

    assert refused(bob.list_access_keys, UserName="alice").startswith("AccessDenied")
    assert refused(bob.delete_access_key, AccessKeyId=alice["AccessKeyId"]).startswith(("AccessDenied", "NoSuchEntity"))
    assert len(iam.list_access_keys(UserName="alice")["AccessKeyMetadata"]) == 1


@pytest.mark.spec("security:IAM-49", "security:ACCT-03")
def test_root_rotates_its_own_keys(iam, client, account):
    first = iam.create_access_key()["AccessKey"]
    assert "UserName" not in first
    root = acting(client, first)
    second = root.create_access_key()["AccessKey"]
    root.update_access_key(AccessKeyId=first["AccessKeyId"], Status="Inactive")

    renewed = acting(client, second, "sts")
    assert renewed.get_caller_identity()["Arn"] == f"arn:aws:iam::{account}:root"
    assert iam.list_access_keys()["AccessKeyMetadata"][0]["Status"] == "Inactive"
    assert iam.get_account_summary()["SummaryMap"]["AccountAccessKeysPresent"] == 1


def test_when_a_key_was_last_used(iam, client):
    key = user_with(iam, "bob", policy(allow("sqs:*")))["AccessKeyId"]
    never = iam.get_access_key_last_used(AccessKeyId=key)
    assert (never["UserName"], never["AccessKeyLastUsed"]) == ("bob", {"ServiceName": "N/A", "Region": "N/A"})


def test_a_use_is_told_with_service_and_region(iam, client):
    key = user_with(iam, "bob", policy(allow("sqs:*")))
    acting(client, key, "sqs", region="eu-west-1").list_queues()

    used = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]
    assert (used["ServiceName"], used["Region"]) == ("sqs", "eu-west-1")
    assert used["LastUsedDate"] >= key["CreateDate"].replace(microsecond=0)


def test_of_a_key_of_another_account_nothing_is_told(iam, client):
    foreign = client("iam", account="999999999999").create_access_key()["AccessKey"]["AccessKeyId"]
    client("iam", account="999999999999").delete_access_key(AccessKeyId=foreign)
    for key in (foreign, "AKIAIOSFODNN7EXAMPLE"):
        assert refused(iam.get_access_key_last_used, AccessKeyId=key).startswith("AccessDenied")


def test_lists_come_in_pages(iam):
    iam.create_user(UserName="bob")
    made = [iam.create_access_key(UserName="bob")["AccessKey"]["AccessKeyId"] for _ in range(2)]
    first = iam.list_access_keys(UserName="bob", MaxItems=1)
    second = iam.list_access_keys(UserName="bob", MaxItems=1, Marker=first["Marker"])

    assert first["IsTruncated"] and not second["IsTruncated"]
    assert [page["AccessKeyMetadata"][0]["AccessKeyId"] for page in (first, second)] == made
    assert refused(iam.list_access_keys, UserName="bob", Marker="ü").startswith("ValidationError")


def test_keys_follow_a_user_that_is_renamed(iam, client, account):
    key = user_with(iam, "bob")
    iam.update_user(UserName="bob", NewUserName="robert", NewPath="/staff/")

    identity = acting(client, key, "sts").get_caller_identity()
    assert identity["Arn"] == f"arn:aws:iam::{account}:user/staff/robert"
    assert iam.list_access_keys(UserName="robert")["AccessKeyMetadata"][0]["AccessKeyId"] == key["AccessKeyId"]


def test_a_user_with_keys_is_not_deleted(iam):
    key = user_with(iam, "bob")
    conflict = "DeleteConflict: Cannot delete entity, must delete access keys first."
    assert refused(iam.delete_user, UserName="bob") == conflict
    iam.delete_access_key(UserName="bob", AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName="bob")
