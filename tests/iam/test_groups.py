"""Groups: their members, and what keeps them from being deleted."""

from __future__ import annotations

import pytest

from tests.iam.policies import ALLOW_ALL, acting, allow, policy, refused, user_with


@pytest.fixture
def iam(client):
    return client("iam")


def test_a_group_has_a_name_a_path_and_an_id(iam, account):
    made = iam.create_group(GroupName="admins", Path="/x/")["Group"]
    assert made == iam.get_group(GroupName="ADMINS")["Group"] == iam.list_groups(PathPrefix="/x/")["Groups"][0]
    assert made["Arn"] == f"arn:aws:iam::{account}:group/x/admins"
    assert made["GroupId"].startswith("AGPA")
    assert refused(iam.create_group, GroupName="Admins").startswith("EntityAlreadyExists: Group with name Admins")


@pytest.mark.spec("security:IAM-05")
def test_a_user_is_in_no_one_or_several_groups(iam):
    iam.create_user(UserName="david")
    assert iam.list_groups_for_user(UserName="david")["Groups"] == []
    for name in ("b", "a"):
        iam.create_group(GroupName=name)
        iam.add_user_to_group(GroupName=name, UserName="david")
        iam.add_user_to_group(GroupName=name, UserName="david")

    assert [group["GroupName"] for group in iam.list_groups_for_user(UserName="david")["Groups"]] == ["a", "b"]
    assert [user["UserName"] for user in iam.get_group(GroupName="a")["Users"]] == ["david"]


@pytest.mark.spec("security:IAM-04")
def test_members_are_users_only(iam):
    iam.create_group(GroupName="outer")
    iam.create_group(GroupName="inner")
    words = refused(iam.add_user_to_group, GroupName="outer", UserName="inner")
    assert words == "NoSuchEntity: The user with name inner cannot be found."


def test_a_user_is_in_ten_groups_at_most(iam):
    iam.create_user(UserName="david")
    for n in range(11):
        iam.create_group(GroupName=f"g{n}")
    for n in range(10):
        iam.add_user_to_group(GroupName=f"g{n}", UserName="david")
    words = refused(iam.add_user_to_group, GroupName="g10", UserName="david")
    assert words == "LimitExceeded: Cannot exceed quota for GroupsPerUser: 10"


def test_members_come_in_pages(iam):
    iam.create_group(GroupName="all")
    for n in range(5):
        iam.create_user(UserName=f"u{n}")
        iam.add_user_to_group(GroupName="all", UserName=f"u{n}")
    pages = list(iam.get_paginator("get_group").paginate(GroupName="all", PaginationConfig={"PageSize": 2}))
    assert [len(page["Users"]) for page in pages] == [2, 2, 1]
    assert sorted(user["UserName"] for page in pages for user in page["Users"]) == [f"u{n}" for n in range(5)]


def test_a_group_is_deleted_only_when_it_is_empty(iam):
    iam.create_user(UserName="david")
    iam.create_group(GroupName="admins")
    iam.add_user_to_group(GroupName="admins", UserName="david")
    iam.put_group_policy(GroupName="admins", PolicyName="all", PolicyDocument=ALLOW_ALL)

    with_member = refused(iam.delete_group, GroupName="admins")
    iam.remove_user_from_group(GroupName="admins", UserName="david")
    with_policy = refused(iam.delete_group, GroupName="admins")
    iam.delete_group_policy(GroupName="admins", PolicyName="all")
    iam.delete_group(GroupName="admins")

    assert with_member == "DeleteConflict: Cannot delete entity, must remove users from group first."
    assert with_policy == "DeleteConflict: Cannot delete entity, must delete policies first."
    assert refused(iam.get_group, GroupName="admins").startswith("NoSuchEntity")


@pytest.mark.spec("security:IAM-06")
def test_what_a_group_may_do_its_members_may_do_while_they_are_members(iam, client):
    own = acting(client, user_with(iam, "david"))
    iam.create_group(GroupName="readers")
    iam.put_group_policy(GroupName="readers", PolicyName="read", PolicyDocument=policy(allow("iam:List*")))

    before = refused(own.list_users)
    iam.add_user_to_group(GroupName="readers", UserName="david")
    during = own.list_users()["Users"]
    iam.update_group(GroupName="readers", NewGroupName="watchers")
    renamed = own.list_users()["Users"]
    iam.remove_user_from_group(GroupName="watchers", UserName="david")
    after = refused(own.list_users)

    assert before.startswith("AccessDenied") and before == after
    assert len(during) == len(renamed) == 1
