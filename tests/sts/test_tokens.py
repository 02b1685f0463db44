"""Credentials of users and roots that end, and what can be told of credentials."""

from __future__ import annotations

from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from cumulet.kernel import denials, totp
from cumulet.kernel.authz import Ask, Decision, Layer, PolicyKind, Reason, parse
from cumulet.kernel.identity import Caller, Kind
from tests.sts.people import acting, allow, policy, refusal, trust
from tests.sts.test_roles import assume, device_of


def test_everybody_may_ask_who_it_is(here):
    ana = here.user("ana", {"Effect": "Deny", "Action": "*", "Resource": "*"})

    identity = acting(here.cloud, ana, "sts").get_caller_identity()

    assert identity["Arn"] == here.user_arn("ana")
    assert identity["UserId"] == here.iam.get_user(UserName="ana")["User"]["UserId"]
    roots = here.client("sts").get_caller_identity()
    assert (roots["Arn"], roots["UserId"], roots["Account"]) == (here.root, here.number, here.number)


@pytest.mark.spec("security:STS-10", "security:X-43", "security:IAM-27")
def test_a_session_with_a_code_may_do_what_asks_for_one(here):
    condition = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    ana = here.user("ana", allow("s3:ListAllMyBuckets", Condition=condition))
    serial, seed = device_of(here, "ana")
    sts = acting(here.cloud, ana, "sts")
    code = totp.code(seed, here.cloud.now() + timedelta(seconds=60))

    plain = sts.get_session_token()["Credentials"]
    strong = sts.get_session_token(SerialNumber=serial, TokenCode=code)["Credentials"]

    acting(here.cloud, strong, "s3").list_buckets()
    for weak in (ana, plain):
        with pytest.raises(ClientError) as raised:
            acting(here.cloud, weak, "s3").list_buckets()
        assert refusal(raised)[0] == "AccessDenied"
    for wrong in (code, "000000"):
        with pytest.raises(ClientError) as raised:
            sts.get_session_token(SerialNumber=serial, TokenCode=wrong)
        assert refusal(raised)[0] == "AccessDenied" and "invalid MFA one time pass code" in refusal(raised)[1]


def test_a_session_of_a_user_is_the_user(here):
    ana = here.user("ana", allow("s3:*"))
    session = acting(here.cloud, ana, "sts").get_session_token(DurationSeconds=900)["Credentials"]

    assert session["AccessKeyId"].startswith("ASIA")
    assert acting(here.cloud, session, "sts").get_caller_identity()["Arn"] == here.user_arn("ana")
    acting(here.cloud, session, "s3").list_buckets()
    here.iam.delete_user_policy(UserName="ana", PolicyName="own")
    with pytest.raises(ClientError):
        acting(here.cloud, session, "s3").list_buckets()


@pytest.mark.spec("security:STS-03")
def test_lengths_of_sessions(here):
    ana = here.user("ana")
    sts, now = acting(here.cloud, ana, "sts"), here.cloud.now()

    def left(given):
        return round((given["Credentials"]["Expiration"] - now).total_seconds() / 60)

    assert left(sts.get_session_token()) == 12 * 60
    assert left(sts.get_session_token(DurationSeconds=129600)) == 36 * 60
    assert left(here.client("sts").get_session_token(DurationSeconds=7200)) == 60
    for wrong in (899, 129601):
        with pytest.raises(ClientError) as raised:
            sts.get_session_token(DurationSeconds=wrong)
        assert refusal(raised)[0] == "ValidationError"


def test_sessions_make_no_sessions(here):
    role = here.role("any", trust({"AWS": here.root}), allow("*"))
    ana = here.user("ana", allow("*"))
    assumed = assume(here, ana, role)["Credentials"]
    users = acting(here.cloud, ana, "sts").get_session_token()["Credentials"]

    for session in (assumed, users):
        client = acting(here.cloud, session, "sts")
        with pytest.raises(ClientError) as raised:
            client.get_session_token()
        assert refusal(raised) == ("AccessDenied", "Cannot call GetSessionToken with session credentials")
        with pytest.raises(ClientError) as raised:
            client.get_federation_token(Name="bob")
        assert refusal(raised) == ("AccessDenied", "Cannot call GetFederationToken with session credentials")


def test_a_federated_user_may_do_what_both_its_maker_and_its_policy_allow(here):
    broker = here.user("broker", allow("sts:GetFederationToken"), allow("s3:*"))
    sts = acting(here.cloud, broker, "sts")

    given = sts.get_federation_token(Name="guest", Policy=policy(allow("s3:ListAllMyBuckets"), allow("sqs:*")))
    bare = sts.get_federation_token(Name="bare")
    session = given["Credentials"]

    assert given["FederatedUser"] == {
        "FederatedUserId": f"{here.number}:guest", "Arn": f"arn:aws:sts::{here.number}:federated-user/guest",
    }  # fmt: skip
    assert given["PackedPolicySize"] > 0 and bare["PackedPolicySize"] == 0
    assert acting(here.cloud, session, "sts").get_caller_identity()["Arn"] == given["FederatedUser"]["Arn"]
    acting(here.cloud, session, "s3").list_buckets()
    for credentials, service, call, arguments in (
        (session, "s3", "create_bucket", {"Bucket": f"no-{here.number}"}),
        (session, "sqs", "list_queues", {}),
        (bare["Credentials"], "s3", "list_buckets", {}),
        (session, "sts", "assume_role", {"RoleArn": f"arn:aws:iam::{here.number}:role/x", "RoleSessionName": "no"}),
    ):
        with pytest.raises(ClientError) as raised:
            getattr(acting(here.cloud, credentials, service), call)(**arguments)
        assert refusal(raised)[0].startswith("AccessDenied")


def test_only_who_may_makes_federated_users(here):
    with pytest.raises(ClientError) as raised:
        acting(here.cloud, here.user("ana"), "sts").get_federation_token(Name="bob")
    assert refusal(raised)[0] == "AccessDenied"
    assert f"sts:GetFederationToken on resource: arn:aws:sts::{here.number}:federated-user/bob" in refusal(raised)[1]


def test_the_account_can_be_read_in_the_id_of_a_key(here):
    sts = here.client("sts")
    long_term = here.user("ana", allow("sts:GetSessionToken"))
    session = acting(here.cloud, long_term, "sts").get_session_token()["Credentials"]

    for key in (long_term, session):
        assert sts.get_access_key_info(AccessKeyId=key["AccessKeyId"])["Account"] == here.number
    with pytest.raises(ClientError) as raised:
        sts.get_access_key_info(AccessKeyId="no-such-key-at-all!!")
    assert refusal(raised)[0] == "ValidationError"


def test_a_denial_is_told_to_those_who_may_know(here):
    kernel = here.cloud.cloud.kernel
    refused = parse(policy({"Sid": "Never", **allow("ec2:*"), "Effect": "Deny"}), PolicyKind.IDENTITY, "inline own")
    caller = Caller(kind=Kind.USER, account=here.number, arn=here.user_arn("ana"), id="AIDAEXAMPLE")
    ask = Ask(caller, "ec2:StopInstances", "arn:aws:ec2:us-east-1:1:instance/i-1")
    decision = Decision(False, Reason.EXPLICIT_DENY, Layer.IDENTITY, refused, refused.statements[0])
    encoded = denials.encode(kernel.keyring, decision, ask, kernel.clock.now())

    told = here.client("sts").decode_authorization_message(EncodedMessage=encoded)["DecodedMessage"]

    assert '"explicitDeny": true' in told and '"action": "ec2:StopInstances"' in told and "Never" in told
    with pytest.raises(ClientError) as forbidden:
        acting(here.cloud, here.user("ana"), "sts").decode_authorization_message(EncodedMessage=encoded)
    assert refusal(forbidden)[0] == "AccessDenied"
    for wrong in (encoded[:-8], "x", "é", "A" * 10240):
        with pytest.raises(ClientError) as raised:
            here.client("sts").decode_authorization_message(EncodedMessage=wrong)
        assert refusal(raised)[0] == "InvalidAuthorizationMessageException"


def test_nobody_without_a_signature_is_let_in(here):
    import botocore
    from botocore.config import Config

    from tests.conftest import connect

    stranger = connect(
        here.cloud, "sts", account=here.number, config=Config(signature_version=botocore.UNSIGNED)
    )  # fmt: skip
    with pytest.raises(ClientError) as raised:
        stranger.get_caller_identity()
    assert refusal(raised) == ("MissingAuthenticationToken", "Request is missing Authentication Token")


def test_no_client_can_call_what_services_call(here):
    from cumulet.kernel.errors import ServiceError

    kernel = here.cloud.cloud.kernel
    stranger = Caller(kind=Kind.USER, account=here.number, arn=here.user_arn("ana"), id="AIDAX")

    async def ask():
        return await kernel.client(stranger, "iam", "us-east-1").role_for_session(RoleArn="arn:aws:iam::1:role/x")

    with pytest.raises((ServiceError, KeyError)):
        here.cloud.run(ask())
