"""Conditions of IAM policies on real calls: from where, in which Region, when; and the first hours of an account."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from tests.conftest import connect
from tests.iam.policies import ALLOW_ALL, acting, allow, policy, refused, user_with


@pytest.fixture
def iam(client):
    return client("iam")


@pytest.mark.spec("security:IAM-24")
@pytest.mark.parametrize(("block", "may"), [("127.0.0.0/8", True), ("10.0.0.0/8", False)])
def test_where_a_call_comes_from(iam, client, block, may):
    document = policy(allow("iam:ListUsers", Condition={"IpAddress": {"aws:SourceIp": block}}))
    own = acting(client, user_with(iam, "david", document))
    if may:
        assert own.list_users()["Users"]
    else:
        assert refused(own.list_users).startswith("AccessDenied")


@pytest.mark.spec("security:IAM-25")
def test_in_which_region_a_call_is(iam, client):
    document = policy(allow("sqs:ListQueues", Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}))
    key = user_with(iam, "david", document)
    acting(client, key, "sqs", region="eu-west-1").list_queues()
    assert refused(acting(client, key, "sqs", region="us-west-2").list_queues).startswith("AccessDenied")


@pytest.mark.spec("security:IAM-12", "security:IAM-28")
def test_a_permission_from_one_network_to_one_resource_for_one_hour(own_cloud):
    iam = connect(own_cloud, "iam", account="111111111111")
    begin, end = (own_cloud.now() + timedelta(hours=hours) for hours in (1, 2))
    form = "%Y-%m-%dT%H:%M:%SZ"
    window = {
        "DateGreaterThan": {"aws:CurrentTime": begin.strftime(form)},
        "DateLessThan": {"aws:CurrentTime": end.strftime(form)},
        "IpAddress": {"aws:SourceIp": "127.0.0.1/32"},
    }
    one = "arn:aws:iam::111111111111:user/david"
    key = user_with(iam, "david", policy(allow("iam:GetUser", resource=one, Condition=window)))

    def ask(name: str = "david") -> str:
        own = acting(partial(connect, own_cloud, account=""), key)
        try:
            return own.get_user(UserName=name)["User"]["UserName"]
        except own.exceptions.ClientError as error:
            return error.response["Error"]["Code"]

    before = ask()
    own_cloud.advance(minutes=90)
    within, other = ask(), ask("other")
    own_cloud.advance(minutes=60)

    assert (before, within, other, ask()) == ("AccessDenied", "david", "AccessDenied", "AccessDenied")


@pytest.mark.spec("security:ACCT-04")
def test_the_root_makes_an_administrator_who_goes_on_alone(iam, client, account):
    iam.create_group(GroupName="administrators")
    iam.attach_group_policy(GroupName="administrators", PolicyArn="arn:aws:iam::aws:policy/IAMFullAccess")
    iam.create_user(UserName="Administrator")
    iam.create_login_profile(UserName="Administrator", Password="Correct-horse-7-battery")
    iam.add_user_to_group(GroupName="administrators", UserName="Administrator")
    own = acting(client, iam.create_access_key(UserName="Administrator")["AccessKey"])

    own.create_user(UserName="next")
    own.put_user_policy(UserName="next", PolicyName="all", PolicyDocument=ALLOW_ALL)
    following = acting(client, own.create_access_key(UserName="next")["AccessKey"], "s3")

    following.create_bucket(Bucket=f"b{account}")
    denied = acting(client, own.create_access_key()["AccessKey"], "s3")
    assert refused(denied.delete_bucket, Bucket=f"b{account}").startswith("AccessDenied")
