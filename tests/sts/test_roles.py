"""Roles that users, other accounts and services assume."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.sts.people import acting, allow, policy, refusal, trust


def assume(account, credentials, role, name="work", **options):
    return acting(account.cloud, credentials, "sts").assume_role(RoleArn=role, RoleSessionName=name, **options)


@pytest.mark.spec("security:STS-01", "security:IAM-31", "security:IAM-32", "security:IAM-33", "security:STS-04")
def test_a_session_is_the_role_and_may_do_what_the_role_may(here):
    role = here.role("reader", trust({"AWS": here.root}), allow("s3:ListAllMyBuckets"))
    ana = here.user("ana", allow("sts:AssumeRole", role), allow("sqs:*"))

    given = assume(here, ana, role)
    session = given["Credentials"]
    identity = acting(here.cloud, session, "sts").get_caller_identity()

    assert identity["Arn"] == f"arn:aws:sts::{here.number}:assumed-role/reader/work" == given["AssumedRoleUser"]["Arn"]
    assert identity["UserId"] == given["AssumedRoleUser"]["AssumedRoleId"]
    assert identity["UserId"].startswith("AROA") and identity["UserId"].endswith(":work")
    assert identity["Account"] == here.number
    assert session["AccessKeyId"].startswith("ASIA")
    acting(here.cloud, session, "s3").list_buckets()
    with pytest.raises(ClientError) as raised:
        acting(here.cloud, session, "sqs").list_queues()
    assert "assumed-role/reader/work is not authorized to perform: sqs:ListQueues" in refusal(raised)[1] or (
        refusal(raised)[0].startswith("AccessDenied")
    )
    acting(here.cloud, ana, "sqs").list_queues()
