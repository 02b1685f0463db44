"""Signing in with a password: who gets in, who has to show a code, who has to wait, and what is recorded of it."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from cumulet.kernel import totp
from tests.admin_client import call
from tests.conftest import connect
from tests.iam.policies import allow, deny, policy, refused

ACCOUNT = "111111111111"
PASSWORD = "Correct-horse-7"
BOB = {"account": ACCOUNT, "user": "bob", "password": PASSWORD}


@pytest.fixture
def cloud(own_cloud):
    return own_cloud


@pytest.fixture
def iam(cloud):
    iam = connect(cloud, "iam", account=ACCOUNT)
    iam.create_user(UserName="bob")
    return iam


@pytest.fixture
def bob(iam):
    iam.create_login_profile(UserName="bob", Password=PASSWORD)
    return iam


@pytest.fixture
def sign_in(cloud):
    """State and answer of an attempt; the words of a refusal as its state."""
    ask = partial(call, cloud.url, "POST", "/_cumulet/signin")

    def attempt(**given: Any) -> tuple[str, dict[str, Any]]:
        _, answer = ask(given)
        return answer.get("State") or answer["error"], answer

    return attempt


def session(cloud, answer, service) -> Any:
    given = answer["Credentials"]
    keys = {"aws_access_key_id": given["AccessKeyId"], "aws_secret_access_key": given["SecretAccessKey"]}
    return connect(cloud, service, account=ACCOUNT, aws_session_token=given["SessionToken"], **keys)


def enable_phone(cloud, iam) -> str:
    """Bob's device, enabled a while ago; its seed."""
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    seed, now = made["Base32StringSeed"].decode(), cloud.now()
    first, second = totp.code(seed, now - timedelta(seconds=30)), totp.code(seed, now)
    given = {"AuthenticationCode1": first, "AuthenticationCode2": second}
    iam.enable_mfa_device(UserName="bob", SerialNumber=made["SerialNumber"], **given)
    cloud.advance(minutes=5)
    return seed


@pytest.mark.spec("security:ACCT-08", "security:ACC-01")
def test_a_name_and_a_password_become_credentials_of_the_user(cloud, bob, sign_in):
    bob.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=policy(allow("iam:ListUsers")))
    state, answer = sign_in(**BOB)

    assert state == "SUCCESS"
    assert session(cloud, answer, "sts").get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/bob"
    session(cloud, answer, "iam").list_users()
    assert refused(session(cloud, answer, "iam").list_roles).startswith("AccessDenied")
    assert bob.get_user(UserName="bob")["User"]["PasswordLastUsed"]
    cloud.advance(hours=13)
    assert refused(session(cloud, answer, "iam").list_users).startswith("ExpiredToken")


@pytest.mark.spec("security:ACCT-05")
def test_an_alias_stands_for_the_account(bob, sign_in):
    bob.create_account_alias(AccountAlias="acme")
    assert sign_in(**{**BOB, "account": "acme"})[0] == "SUCCESS"
    assert sign_in(**{**BOB, "account": "other"})[0] == "FAILED"


@pytest.mark.spec("security:ACCT-09")
def test_keys_are_no_password(iam, sign_in):
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    assert sign_in(account=ACCOUNT, user="bob", password=key["SecretAccessKey"]) == ("FAILED", {"State": "FAILED"})


def test_a_refusal_does_not_tell_what_was_wrong(bob, sign_in):
    wrong = [{"password": "wrong"}, {"user": "nobody"}, {"account": "222222222222"}, {"account": "nowhere"}]
    assert [sign_in(**{**BOB, **each}) for each in wrong] == [("FAILED", {"State": "FAILED"})] * 4


@pytest.mark.spec("security:ACCT-08", "security:IAM-56")
def test_who_has_a_device_needs_its_code_once_each(cloud, bob, sign_in):
    seed = enable_phone(cloud, bob)
    required = deny("iam:ListUsers", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})
    text = policy(allow("iam:ListUsers"), required)
    bob.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=text)

    assert sign_in(**BOB) == ("MFA_REQUIRED", {"State": "MFA_REQUIRED"})
    assert sign_in(**{**BOB, "password": "wrong"})[0] == "FAILED"
    assert sign_in(**BOB, code=totp.code(seed, cloud.now() - timedelta(minutes=4)))[0] == "FAILED"
    code = totp.code(seed, cloud.now())
    state, answer = sign_in(**BOB, code=code)
    assert state == "SUCCESS"
    session(cloud, answer, "iam").list_users()
    assert sign_in(**BOB, code=code)[0] == "FAILED"


def test_a_password_may_have_to_be_changed_first(iam, sign_in):
    iam.create_login_profile(UserName="bob", Password=PASSWORD, PasswordResetRequired=True)
    assert sign_in(**BOB)[0] == "PASSWORD_CHANGE_REQUIRED"
    assert "minimum length" in sign_in(**BOB, new_password="short")[0]
    assert sign_in(**BOB, new_password="Another-horse-8")[0] == "SUCCESS"
    assert sign_in(**BOB)[0] == "FAILED"
    assert sign_in(**{**BOB, "password": "Another-horse-8"})[0] == "SUCCESS"


@pytest.mark.spec("security:IAM-52", "security:IAM-53")
def test_passwords_expire_by_the_clock(cloud, bob, sign_in):
    bob.update_account_password_policy(MinimumPasswordLength=8, MaxPasswordAge=90)
    assert sign_in(**BOB)[0] == "SUCCESS"
    cloud.advance(days=91)
    assert sign_in(**BOB)[0] == "PASSWORD_CHANGE_REQUIRED"
    bob.update_account_password_policy(MinimumPasswordLength=8, MaxPasswordAge=90, HardExpiry=True)
    assert sign_in(**BOB, new_password="Another-horse-8")[0] == "PASSWORD_EXPIRED"


def test_after_five_failures_each_further_attempt_has_to_wait(cloud, bob, sign_in):
    for _ in range(5):
        assert sign_in(**{**BOB, "password": "wrong"})[0] == "FAILED"
    assert sign_in(**BOB)[0].startswith("Too many failed attempts. Try again in 1 second")
    cloud.advance(seconds=2)
    assert sign_in(**{**BOB, "password": "wrong"})[0] == "FAILED"
    cloud.advance(seconds=1)
    assert "Try again in" in sign_in(**BOB)[0]
    cloud.advance(minutes=15)
    assert sign_in(**BOB)[0] == "SUCCESS"
    assert sign_in(**{**BOB, "password": "wrong"})[0] == "FAILED"
    assert sign_in(**BOB)[0] == "SUCCESS"


@pytest.mark.spec("security:ACCT-03", "security:ACCT-04")
def test_the_root_signs_in_with_its_address_and_makes_an_administrator(cloud, sign_in):
    given = {"account": ACCOUNT, "email": "root@example.com", "password": PASSWORD}
    assert call(cloud.url, "POST", "/_cumulet/signin/root", given)[0] == 200
    state, answer = sign_in(email="ROOT@example.com", password=PASSWORD)
    assert (state, answer["Arn"]) == ("SUCCESS", f"arn:aws:iam::{ACCOUNT}:root")
    assert sign_in(email="root@example.com", password="wrong")[0] == "FAILED"

    root = session(cloud, answer, "iam")
    root.create_user(UserName="admin")
    root.attach_user_policy(UserName="admin", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    root.create_login_profile(UserName="admin", Password=PASSWORD)
    _, answer = sign_in(account=ACCOUNT, user="admin", password=PASSWORD)
    session(cloud, answer, "iam").create_user(UserName="other")
    assert root.get_account_summary()["SummaryMap"]["AccountPasswordPresent"] == 1


@pytest.mark.spec("security:IAM-56")
def test_the_root_with_a_device_needs_its_code(cloud, sign_in):
    call(cloud.url, "POST", "/_cumulet/signin/root", {"account": ACCOUNT, "password": PASSWORD})
    status, device = call(cloud.url, "POST", "/_cumulet/signin/root/mfa", {"account": ACCOUNT})
    assert (status, device["SerialNumber"]) == (200, f"arn:aws:iam::{ACCOUNT}:mfa/root-account-mfa-device")
    root = {"email": f"{ACCOUNT}@accounts.cumulet.internal", "password": PASSWORD}
    assert sign_in(**root)[0] == "MFA_REQUIRED"
    code = totp.code(device["Seed"], cloud.now())
    assert sign_in(**root, code=code)[0] == "SUCCESS"
    assert sign_in(**root, code=code)[0] == "FAILED"
    assert call(cloud.url, "POST", "/_cumulet/signin/root/mfa", {"account": "1"})[0] == 400


def test_a_token_stands_for_credentials_for_a_quarter_of_an_hour(cloud, bob, sign_in):
    given = sign_in(**BOB)[1]["Credentials"]
    exchange = {
        "sessionId": given["AccessKeyId"], "sessionKey": given["SecretAccessKey"], "sessionToken": given["SessionToken"]
    }  # fmt: skip
    status, made = call(cloud.url, "POST", "/_cumulet/signin/federation", exchange)
    assert status == 200
    assert (
        call(cloud.url, "POST", "/_cumulet/signin/token", made)[1]["Credentials"]["AccessKeyId"] == given["AccessKeyId"]
    )
    for wrong in ("", "AAAA", "ü", made["SigninToken"][:-8] + "AAAAAAA="):
        assert call(cloud.url, "POST", "/_cumulet/signin/token", {"SigninToken": wrong})[0] == 400
    for member in exchange:
        assert call(cloud.url, "POST", "/_cumulet/signin/federation", {**exchange, member: "x"})[0] == 400
    cloud.advance(minutes=16)
    assert call(cloud.url, "POST", "/_cumulet/signin/token", made) == (400, {"error": "the sign-in token has expired"})


@pytest.mark.spec("security:ACCT-12")
def test_success_and_failure_are_recorded(cloud, bob, sign_in):
    sign_in(**BOB)
    sign_in(**{**BOB, "password": "wrong"})
    trail = connect(cloud, "cloudtrail", account=ACCOUNT)
    named = [{"AttributeKey": "EventName", "AttributeValue": "ConsoleLogin"}]
    cloud.run(cloud.cloud.kernel.audit.written())
    found = [each["CloudTrailEvent"] for each in trail.lookup_events(LookupAttributes=named)["Events"]]
    assert len(found) == 2
    assert '"ConsoleLogin":"Failure"' in found[0].replace(" ", "")
    assert '"ConsoleLogin":"Success"' in found[1].replace(" ", "")
    assert not any(PASSWORD in text for text in found)


@pytest.mark.parametrize(
    "body",
    [{}, {"password": "x"}, {**BOB, "email": "a@b"}, {**BOB, "user": None}, {**BOB, "x": 1}, [], "x"],
    ids=range(7),
)
def test_what_names_nobody_is_refused(cloud, body):
    assert call(cloud.url, "POST", "/_cumulet/signin", body)[0] == 400
