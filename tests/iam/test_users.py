"""Users: names, paths, ids, lists, renaming, what keeps them from being deleted."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.iam.policies import ALLOW_ALL, acting, refused


@pytest.fixture
def iam(client):
    return client("iam")


@pytest.mark.spec("security:IAM-03")
def test_a_new_user_has_a_name_a_path_an_id_and_nothing_else(iam, account):
    made = iam.create_user(UserName="david", Path="/division/", Tags=[{"Key": "team", "Value": "blue"}])["User"]
    got = iam.get_user(UserName="david")["User"]

    assert made == got
    assert made["Arn"] == f"arn:aws:iam::{account}:user/division/david"
    assert made["UserId"].startswith("AIDA") and len(made["UserId"]) == 21
    assert iam.list_access_keys(UserName="david")["AccessKeyMetadata"] == []
    assert refused(iam.get_login_profile, UserName="david").startswith("NoSuchEntity")


def test_names_are_unique_whatever_their_case(iam):
    iam.create_user(UserName="David")
    assert refused(iam.create_user, UserName="dAVID") == "EntityAlreadyExists: User with name dAVID already exists."


@pytest.mark.spec("security:IAM-01")
def test_users_are_the_same_in_every_region(client):
    client("iam", region="eu-west-1").create_user(UserName="david")
    assert client("iam", region="us-west-2").get_user(UserName="david")["User"]["UserName"] == "david"


def test_a_missing_user_is_named(iam):
    words = "NoSuchEntity: The user with name nobody cannot be found."
    assert refused(iam.get_user, UserName="nobody") == words
    assert refused(iam.delete_user, UserName="nobody") == words


@pytest.mark.parametrize("name", ["a b", "a/b", "ü", "a" * 65])
def test_names_have_few_characters(iam, name):
    assert refused(iam.create_user, UserName=name).startswith("ValidationError")


@pytest.mark.parametrize("path", ["x", "/x", "x/", "/a b/", "//"])
def test_paths_begin_and_end_with_a_slash(iam, path):
    assert refused(iam.create_user, UserName="x", Path=path).startswith("ValidationError")


def test_the_root_is_a_user_without_name(iam, account):
    root = iam.get_user()["User"]
    assert root["Arn"] == f"arn:aws:iam::{account}:root"
    assert root["UserId"] == account
    assert root["CreateDate"] == iam.get_user()["User"]["CreateDate"]


def test_lists_come_in_pages_sorted_by_name_and_filtered_by_path(iam):
    for name in ("delta", "Alpha", "charlie", "bravo"):
        iam.create_user(UserName=name, Path="/x/" if name != "charlie" else "/")

    first = iam.list_users(MaxItems=3)
    rest = iam.list_users(MaxItems=3, Marker=first["Marker"])
    in_x = iam.list_users(PathPrefix="/x/")

    assert [user["UserName"] for user in first["Users"]] == ["Alpha", "bravo", "charlie"]
    assert first["IsTruncated"] and not rest["IsTruncated"] and "Marker" not in rest
    assert [user["UserName"] for user in rest["Users"]] == ["delta"]
    assert [user["UserName"] for user in in_x["Users"]] == ["Alpha", "bravo", "delta"]


def test_a_marker_that_is_none_is_refused(iam):
    assert refused(iam.list_users, Marker="é!").startswith("ValidationError")


def test_a_renamed_user_keeps_its_id_its_groups_its_policies_and_its_keys(iam, client, account):
    before = iam.create_user(UserName="david")["User"]
    iam.create_group(GroupName="admins")
    iam.add_user_to_group(GroupName="admins", UserName="david")
    iam.put_user_policy(UserName="david", PolicyName="all", PolicyDocument=ALLOW_ALL)
    key = iam.create_access_key(UserName="david")["AccessKey"]

    iam.update_user(UserName="david", NewUserName="goliath", NewPath="/tall/")

    after = iam.get_user(UserName="goliath")["User"]
    assert after["UserId"] == before["UserId"]
    assert after["Arn"] == f"arn:aws:iam::{account}:user/tall/goliath"
    assert [group["GroupName"] for group in iam.list_groups_for_user(UserName="goliath")["Groups"]] == ["admins"]
    assert iam.list_user_policies(UserName="goliath")["PolicyNames"] == ["all"]
    assert refused(iam.get_user, UserName="david").startswith("NoSuchEntity")
    own = acting(client, key)
    assert own.get_user()["User"]["UserName"] == "goliath"


def test_nobody_takes_a_name_that_is_taken(iam):
    iam.create_user(UserName="a")
    iam.create_user(UserName="b")
    assert refused(iam.update_user, UserName="a", NewUserName="B").startswith("EntityAlreadyExists")
    assert refused(iam.update_user, UserName="a", NewUserName="A").startswith("EntityAlreadyExists")
    iam.update_user(UserName="a", NewUserName="a", NewPath="/x/")
    assert iam.get_user(UserName="A")["User"]["Path"] == "/x/"


def test_a_user_is_deleted_only_when_nothing_is_left_of_it(iam, account):
    policy = iam.create_policy(PolicyName="all", PolicyDocument=ALLOW_ALL)["Policy"]["Arn"]
    iam.create_user(UserName="david")
    iam.create_group(GroupName="admins")
    iam.add_user_to_group(GroupName="admins", UserName="david")
    iam.put_user_policy(UserName="david", PolicyName="all", PolicyDocument=ALLOW_ALL)
    iam.attach_user_policy(UserName="david", PolicyArn=policy)
    key = iam.create_access_key(UserName="david")["AccessKey"]["AccessKeyId"]

    words = []
    for undo in (
        lambda: iam.delete_access_key(UserName="david", AccessKeyId=key),
        lambda: iam.detach_user_policy(UserName="david", PolicyArn=policy),
        lambda: iam.delete_user_policy(UserName="david", PolicyName="all"),
        lambda: iam.remove_user_from_group(GroupName="admins", UserName="david"),
    ):
        words.append(refused(iam.delete_user, UserName="david"))
        undo()
    iam.delete_user(UserName="david")

    assert words == [
        "DeleteConflict: Cannot delete entity, must delete access keys first.",
        "DeleteConflict: Cannot delete entity, must detach all policies first.",
        "DeleteConflict: Cannot delete entity, must delete policies first.",
        "DeleteConflict: Cannot delete entity, must remove users from group first.",
    ]
    assert iam.list_users()["Users"] == []


def test_a_namesake_of_a_deleted_user_is_somebody_else(iam):
    first = iam.create_user(UserName="david")["User"]["UserId"]
    iam.delete_user(UserName="david")
    assert iam.create_user(UserName="david")["User"]["UserId"] != first


@pytest.mark.spec("security:IAM-07")
def test_tags_keep_the_case_of_their_keys_and_are_the_same_in_any(iam):
    iam.create_user(UserName="david", Tags=[{"Key": "Team", "Value": "blue"}])
    iam.tag_user(UserName="david", Tags=[{"Key": "team", "Value": "red"}, {"Key": "Age", "Value": ""}])
    both = iam.list_user_tags(UserName="david")["Tags"]
    iam.untag_user(UserName="david", TagKeys=["AGE"])

    assert both == [{"Key": "Age", "Value": ""}, {"Key": "team", "Value": "red"}]
    assert iam.list_user_tags(UserName="david")["Tags"] == [{"Key": "team", "Value": "red"}]
    assert iam.get_user(UserName="david")["User"]["Tags"] == [{"Key": "team", "Value": "red"}]


def test_there_are_fifty_tags_at_most_and_each_key_once(iam):
    iam.create_user(UserName="david", Tags=[{"Key": f"k{n}", "Value": "v"} for n in range(50)])
    twice = [{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]

    assert refused(iam.tag_user, UserName="david", Tags=[{"Key": "more", "Value": ""}]).startswith("LimitExceeded")
    assert refused(iam.tag_user, UserName="david", Tags=twice).startswith("InvalidInput: Duplicate tag keys")
    assert refused(iam.tag_user, UserName="david", Tags=[{"Key": "aws:x", "Value": ""}]).startswith("InvalidInput")


def test_an_error_has_the_form_of_the_query_protocol(iam):
    with pytest.raises(ClientError) as caught:
        iam.get_user(UserName="nobody")
    assert caught.value.response["Error"]["Type"] == "Sender"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_there_are_three_hundred_groups_in_an_account_at_most(iam):
    for n in range(300):
        iam.create_group(GroupName=f"g{n}")
    words = refused(iam.create_group, GroupName="more")
    iam.delete_group(GroupName="g0")
    iam.create_group(GroupName="more")
    assert words == "LimitExceeded: Cannot exceed quota for GroupsPerAccount: 300"
