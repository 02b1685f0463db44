"""Roles that users, other accounts and services assume."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from cumulet.kernel import totp
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
        acting(here.cloud, session, "iam").list_users()
    assert refusal(raised)[0] == "AccessDenied"
    assert f"User: {identity['Arn']} is not authorized to perform: iam:ListUsers" in refusal(raised)[1]


@pytest.mark.spec("security:IAM-32", "security:STS-07")
def test_a_user_without_the_permission_is_refused_and_so_is_one_whom_nobody_trusts(here):
    open_role = here.role("open", trust({"AWS": here.root}))
    closed = here.role("closed", trust({"Service": "ec2.amazonaws.com"}))
    ana = here.user("ana", allow("sts:AssumeRole", closed))

    for role in (open_role, closed, f"arn:aws:iam::{here.number}:role/nosuch"):
        with pytest.raises(ClientError) as raised:
            assume(here, ana, role)
        code, words = refusal(raised)
        assert code == "AccessDenied"
        assert words.startswith(f"User: {here.user_arn('ana')} is not authorized to perform: sts:AssumeRole")
        assert f"on resource: {role}" in words


def test_who_is_named_by_the_trust_policy_of_its_own_account_needs_no_policy(here):
    ana = here.user("ana")
    role = here.role("hers", trust({"AWS": here.user_arn("ana")}))

    assert assume(here, ana, role)["AssumedRoleUser"]["Arn"].endswith("assumed-role/hers/work")


@pytest.mark.spec("security:IAM-38", "security:STS-12")
def test_across_accounts_both_sides_have_to_allow(here, elsewhere):
    role = elsewhere.role("guest", trust({"AWS": here.root}), allow("s3:*"))
    strangers = elsewhere.role("own", trust({"AWS": elsewhere.root}), allow("s3:*"))
    allowed = here.user("ana", allow("sts:AssumeRole"))
    forbidden = here.user("bob", allow("s3:*"))

    session = assume(here, allowed, role)["Credentials"]
    assert acting(here.cloud, session, "sts").get_caller_identity()["Account"] == elsewhere.number
    bucket = f"of-{elsewhere.number}"
    acting(here.cloud, session, "s3").create_bucket(Bucket=bucket)
    assert [b["Name"] for b in elsewhere.client("s3").list_buckets()["Buckets"]] == [bucket]
    for user, wanted in ((forbidden, role), (allowed, strangers)):
        with pytest.raises(ClientError) as raised:
            assume(here, user, wanted)
        assert refusal(raised)[0] == "AccessDenied"


def test_a_role_can_ask_for_an_external_id(here):
    condition = {"StringEquals": {"sts:ExternalId": "partner-7"}}
    role = here.role("partner", trust({"AWS": here.root}, Condition=condition))
    ana = here.user("ana", allow("sts:AssumeRole"))

    assert assume(here, ana, role, ExternalId="partner-7")
    for wrong in ({}, {"ExternalId": "partner-8"}):
        with pytest.raises(ClientError) as raised:
            assume(here, ana, role, **wrong)
        assert refusal(raised)[0] == "AccessDenied"


@pytest.mark.spec("security:IAM-39", "security:STS-11")
def test_a_role_can_ask_for_a_code_which_is_good_for_once(here):
    condition = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    role = here.role("careful", trust({"AWS": here.root}, Condition=condition))
    ana = here.user("ana", allow("sts:AssumeRole"))
    serial, seed = device_of(here, "ana")
    code = totp.code(seed, here.cloud.now() + timedelta(seconds=60))

    with pytest.raises(ClientError) as without:
        assume(here, ana, role)
    assert assume(here, ana, role, SerialNumber=serial, TokenCode=code)
    with pytest.raises(ClientError) as again:
        assume(here, ana, role, SerialNumber=serial, TokenCode=code)
    with pytest.raises(ClientError) as unknown:
        assume(here, ana, role, SerialNumber=serial + "x", TokenCode=code)
    with pytest.raises(ClientError) as half:
        assume(here, ana, role, SerialNumber=serial)

    assert refusal(without)[0] == "AccessDenied"
    assert refusal(again) == (
        "AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code. ",
    )  # fmt: skip
    assert refusal(unknown)[0] == "AccessDenied" and "unable to validate MFA code" in refusal(unknown)[1]
    assert "must provide both" in refusal(half)[1]


def device_of(account, user):
    """The serial number and the seed of a new device of the user."""
    device = account.iam.create_virtual_mfa_device(VirtualMFADeviceName=user)["VirtualMFADevice"]
    seed = device["Base32StringSeed"]
    seed = seed.decode() if isinstance(seed, bytes) else seed
    now = account.cloud.now()
    codes = [totp.code(seed, now + timedelta(seconds=seconds)) for seconds in (-30, 0)]
    account.iam.enable_mfa_device(
        UserName=user, SerialNumber=device["SerialNumber"],
        AuthenticationCode1=codes[0], AuthenticationCode2=codes[1],
    )  # fmt: skip
    return device["SerialNumber"], seed


@pytest.mark.spec("security:STS-03")
def test_a_session_lasts_as_long_as_the_role_lets_it(own):
    here = own()
    role = here.role("long", trust({"AWS": here.root}), allow("s3:*"), MaxSessionDuration=7200)
    ana = here.user("ana", allow("sts:AssumeRole"))

    given = assume(here, ana, role, DurationSeconds=7200)["Credentials"]
    assert given["Expiration"] - here.cloud.now() <= timedelta(seconds=7200)
    here.cloud.advance(seconds=7100)
    acting(here.cloud, given, "s3").list_buckets()
    here.cloud.advance(seconds=200)
    with pytest.raises(ClientError) as expired:
        acting(here.cloud, given, "sqs").list_queues()
    with pytest.raises(ClientError) as too_long:
        assume(here, ana, role, DurationSeconds=7201)
    with pytest.raises(ClientError) as too_short:
        assume(here, ana, role, DurationSeconds=899)

    assert refusal(expired)[0] in ("ExpiredToken", "ExpiredTokenException")
    assert refusal(too_long) == (
        "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    )  # fmt: skip
    assert refusal(too_short)[0] == "ValidationError"


def test_a_chain_of_roles_ends_within_an_hour(here):
    first = here.role("first", trust({"AWS": here.root}), allow("sts:AssumeRole"))
    second = here.role("second", trust({"AWS": first}), MaxSessionDuration=43200)
    ana = here.user("ana", allow("sts:AssumeRole", first))
    session = assume(here, ana, first)["Credentials"]

    chained = assume(here, session, second, DurationSeconds=3600)
    with pytest.raises(ClientError) as raised:
        assume(here, session, second, DurationSeconds=3601)

    assert chained["AssumedRoleUser"]["Arn"].endswith("assumed-role/second/work")
    assert refusal(raised) == (
        "ValidationError",
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
    )


@pytest.mark.spec("security:STS-05", "security:STS-06")
def test_a_session_policy_takes_away_and_gives_nothing(here):
    role = here.role("wide", trust({"AWS": here.root}), allow("s3:*"))
    ana = here.user("ana", allow("sts:AssumeRole"))
    narrow = policy(allow("s3:ListAllMyBuckets"), allow("sqs:*"))

    limited = assume(here, ana, role, Policy=narrow)
    whole = assume(here, ana, role)
    session = limited["Credentials"]

    assert limited["PackedPolicySize"] > 0
    assert "PackedPolicySize" not in whole
    acting(here.cloud, session, "s3").list_buckets()
    for service, call in (("s3", "create_bucket"), ("sqs", "list_queues")):
        with pytest.raises(ClientError) as raised:
            getattr(acting(here.cloud, session, service), call)(**({"Bucket": "a-b-c"} if service == "s3" else {}))
        assert refusal(raised)[0].startswith("AccessDenied")
    acting(here.cloud, whole["Credentials"], "s3").create_bucket(Bucket=f"whole-{here.number}")


def test_managed_policies_limit_a_session_as_well(here):
    role = here.role("wide", trust({"AWS": here.root}), allow("*"))
    ana = here.user("ana", allow("sts:AssumeRole"))
    reading = [{"arn": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}]

    session = assume(here, ana, role, PolicyArns=reading)["Credentials"]

    acting(here.cloud, session, "s3").list_buckets()
    with pytest.raises(ClientError) as raised:
        acting(here.cloud, session, "s3").create_bucket(Bucket=f"no-{here.number}")
    assert refusal(raised)[0] == "AccessDenied"
    with pytest.raises(ClientError) as unknown:
        assume(here, ana, role, PolicyArns=[{"arn": "arn:aws:iam::aws:policy/NoSuchPolicyAnywhere"}])
    assert refusal(unknown)[0] == "ValidationError"


def test_policies_that_are_none_or_too_large_are_refused(here):
    role = here.role("wide", trust({"AWS": here.root}))
    ana = here.user("ana", allow("sts:*"))

    with pytest.raises(ClientError) as malformed:
        assume(here, ana, role, Policy='{"Statement": 1}')
    with pytest.raises(ClientError) as large:
        assume(here, ana, role, Policy=policy(allow("s3:*", "arn:aws:s3:::" + "a" * 2000)))
    tags = [{"Key": f"{i}{'k' * 100}", "Value": noise(i)} for i in range(50)]
    with pytest.raises(ClientError) as packed:
        assume(here, ana, here.role("t", trust({"AWS": here.root}, ["sts:AssumeRole", "sts:TagSession"])), Tags=tags)

    assert refusal(malformed)[0] == "MalformedPolicyDocument"
    assert refusal(large)[0] == "ValidationError"
    assert refusal(packed)[0] == "PackedPolicyTooLarge"


def noise(number):
    """250 letters that do not pack well."""
    return "".join(hashlib.sha256(f"{number}/{i}".encode()).hexdigest() for i in range(4))[:250]


def test_tags_of_a_session_need_trust_and_can_be_asked_for(here):
    both = ["sts:AssumeRole", "sts:TagSession"]
    condition = {"StringEquals": {"aws:PrincipalTag/team": "red"}}
    role = here.role("tagged", trust({"AWS": here.root}, both), allow("s3:ListAllMyBuckets", Condition=condition))
    untagged = here.role("untagged", trust({"AWS": here.root}))
    ana = here.user("ana", allow("sts:*"))

    red = assume(here, ana, role, Tags=[{"Key": "team", "Value": "red"}])["Credentials"]
    blue = assume(here, ana, role, Tags=[{"Key": "team", "Value": "blue"}])["Credentials"]

    acting(here.cloud, red, "s3").list_buckets()
    with pytest.raises(ClientError):
        acting(here.cloud, blue, "s3").list_buckets()
    with pytest.raises(ClientError) as raised:
        assume(here, ana, untagged, Tags=[{"Key": "team", "Value": "red"}])
    assert refusal(raised)[0] == "AccessDenied" and "sts:TagSession" in refusal(raised)[1]
    with pytest.raises(ClientError) as twice:
        assume(here, ana, role, Tags=[{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}])
    assert refusal(twice) == (
        "InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
    )  # fmt: skip


def test_transitive_tags_go_along_and_stay_as_they_are(here):
    both = ["sts:AssumeRole", "sts:TagSession"]
    condition = {"StringEquals": {"aws:PrincipalTag/team": "red"}}
    first = here.role("first", trust({"AWS": here.root}, both), allow("sts:*"))
    second = here.role("second", trust({"AWS": here.root}, both), allow("s3:*", Condition=condition))
    ana = here.user("ana", allow("sts:*"))
    tags = [{"Key": "team", "Value": "red"}, {"Key": "desk", "Value": "4"}]
    session = assume(here, ana, first, Tags=tags, TransitiveTagKeys=["team"])["Credentials"]

    chained = assume(here, session, second)["Credentials"]

    acting(here.cloud, chained, "s3").list_buckets()
    for key in ("team", "TEAM"):
        with pytest.raises(ClientError) as raised:
            assume(here, session, second, Tags=[{"Key": key, "Value": "blue"}])
        assert refusal(raised) == (
            "InvalidParameterValue",
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from "
            "the calling session.",
        )


def test_a_source_identity_sticks(here):
    named = ["sts:AssumeRole", "sts:SetSourceIdentity"]
    condition = {"StringEquals": {"aws:SourceIdentity": "ana"}}
    first = here.role("first", trust({"AWS": here.root}, named), allow("sts:*"))
    second = here.role("second", trust({"AWS": here.root}, named), allow("s3:*", Condition=condition))
    ana = here.user("ana", allow("sts:*"))
    given = assume(here, ana, first, SourceIdentity="ana")

    chained = assume(here, given["Credentials"], second)

    assert given["SourceIdentity"] == chained["SourceIdentity"] == "ana"
    acting(here.cloud, chained["Credentials"], "s3").list_buckets()
    with pytest.raises(ClientError) as raised:
        assume(here, given["Credentials"], second, SourceIdentity="bob")
    assert refusal(raised)[0] == "AccessDenied"


@pytest.mark.parametrize(
    "arn",
    ["nothing-valid-in-here", "arn:a:::something/test-role", "arn:a::::something/test-role",
     "arn::b:::something/test-role", "arn:a:a::aaaaaaaaaa:"],
)  # fmt: skip
def test_what_is_no_arn_is_called_so(here, arn):
    with pytest.raises(ClientError) as raised:
        assume(here, here.user("ana"), arn)
    assert refusal(raised) == ("ValidationError", f"{arn} is invalid")


def test_the_name_of_a_session_has_its_letters(here):
    with pytest.raises(ClientError) as raised:
        assume(here, here.user("ana"), f"arn:aws:iam::{here.number}:role/any", "Session1:2")
    assert refusal(raised)[0] == "ValidationError"
    assert refusal(raised)[1].startswith(
        "1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint"
    )


@pytest.mark.spec("security:STS-02")
def test_a_session_without_its_token_or_with_another_ones_is_refused(here):
    role = here.role("any", trust({"AWS": here.root}), allow("*"))
    ana = here.user("ana", allow("sts:AssumeRole"))
    one, other = (assume(here, ana, role, name)["Credentials"] for name in ("one", "other"))

    for token in (None, other["SessionToken"], "bm90IGEgdG9rZW4="):
        with pytest.raises(ClientError) as raised:
            acting(here.cloud, one | {"SessionToken": token}, "sts").get_caller_identity()
        assert refusal(raised)[0] == "InvalidClientTokenId"
    with pytest.raises(ClientError) as raised:
        acting(here.cloud, one | {"SecretAccessKey": "x" * 40}, "sts").get_caller_identity()
    assert refusal(raised)[0] == "SignatureDoesNotMatch"


def test_sessions_outlive_a_restart_of_the_cloud(tmp_path):
    from cumulet.testing import LocalCloud
    from tests.sts.people import Account

    with LocalCloud(tmp_path / "cloud") as cloud:
        here = Account(cloud, "111122223333")
        role = here.role("any", trust({"AWS": here.root}), allow("s3:*"))
        session = assume(here, here.user("ana", allow("sts:AssumeRole")), role)["Credentials"]
    with LocalCloud(tmp_path / "cloud") as cloud:
        acting(cloud, session, "s3").list_buckets()
        assert acting(cloud, session, "sts").get_caller_identity()["Arn"].endswith("assumed-role/any/work")


def test_sessions_of_before_can_be_revoked(own):
    here = own()
    role = here.role("any", trust({"AWS": here.root}), allow("s3:*"))
    ana = here.user("ana", allow("sts:AssumeRole"))
    before = assume(here, ana, role)["Credentials"]
    here.cloud.advance(minutes=5)
    line = here.cloud.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    here.cloud.advance(minutes=5)
    after = assume(here, ana, role)["Credentials"]

    revoked = {
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {"DateLessThan": {"aws:TokenIssueTime": line}},
    }
    here.iam.put_role_policy(RoleName="any", PolicyName="revoked", PolicyDocument=policy(revoked))

    acting(here.cloud, after, "s3").list_buckets()
    with pytest.raises(ClientError) as raised:
        acting(here.cloud, before, "s3").list_buckets()
    assert refusal(raised)[0] == "AccessDenied"
    assert isinstance(before["Expiration"], datetime)


def test_a_session_ends_with_its_role(here):
    role = here.role("gone", trust({"AWS": here.root}), allow("s3:*"))
    session = assume(here, here.user("ana", allow("sts:AssumeRole")), role)["Credentials"]
    here.iam.delete_role_policy(RoleName="gone", PolicyName="own")
    here.iam.delete_role(RoleName="gone")

    with pytest.raises(ClientError):
        acting(here.cloud, session, "s3").list_buckets()
    here.role("gone", trust({"AWS": here.root}), allow("s3:*"))
    with pytest.raises(ClientError):
        acting(here.cloud, session, "s3").list_buckets()


def test_a_service_assumes_a_role_that_trusts_it_and_no_other(here):
    from cumulet.kernel import identity
    from cumulet.kernel.errors import ServiceError
    from cumulet.kernel.scope import Scope
    from cumulet.kernel.service import RequestInfo

    kernel = here.cloud.cloud.kernel
    role = here.role("function", trust({"Service": "sqs.amazonaws.com"}), allow("s3:ListAllMyBuckets"))

    async def assumed(service):
        scope = Scope(account=here.number, region="us-east-1")
        call = kernel.registry.load(service)(
            kernel, identity.service_principal(service, here.number), scope, RequestInfo(id="1")
        )
        return await call.assume(role, "job")

    caller = here.cloud.run(assumed("sqs"))

    assert caller.arn == f"arn:aws:sts::{here.number}:assumed-role/function/job"
    with pytest.raises(ServiceError) as raised:
        here.cloud.run(assumed("s3"))
    assert raised.value.code == "AccessDenied"


def test_a_root_with_a_key_of_its_own_assumes_no_role(here):
    role = here.role("any", trust({"AWS": here.root}), allow("*"))
    key = here.iam.create_access_key()["AccessKey"]

    with pytest.raises(ClientError) as raised:
        assume(here, key, role)

    assert refusal(raised) == ("AccessDenied", "Roles may not be assumed by root accounts.")
    assert here.client("sts").assume_role(RoleArn=role, RoleSessionName="local")


def test_a_session_with_as_many_tags_as_there_may_be_works(here):
    role = here.role("t", trust({"AWS": here.root}, ["sts:AssumeRole", "sts:TagSession"]), allow("*"))
    ana = here.user("ana", allow("sts:*"))
    tags = [{"Key": f"{number:03}" + "k" * 125, "Value": "v" * 256} for number in range(50)]

    given = assume(here, ana, role, Tags=tags, Policy=policy(allow("*", "arn:aws:s3:::" + "a" * 1700), allow("s3:*")))

    assert 0 < given["PackedPolicySize"] <= 100
    acting(here.cloud, given["Credentials"], "s3").list_buckets()
    with pytest.raises(ClientError) as raised:
        assume(here, ana, role, Tags=[*tags, {"Key": "one more", "Value": ""}])
    assert refusal(raised)[0] == "ValidationError"
