"""Login profiles and the password policy."""

from __future__ import annotations

import pytest

from cumulet.kernel.records import encode
from tests.iam.policies import acting, allow, deny, policy, refused, user_with

GOOD = "Correct-horse-7"


@pytest.fixture
def iam(client):
    return client("iam")


@pytest.fixture
def bob(iam):
    iam.create_user(UserName="bob")
    return {"UserName": "bob"}


def test_a_login_profile_from_its_creation_to_its_end(iam, bob):
    missing = "NoSuchEntity: Login Profile for User bob cannot be found."
    assert refused(iam.get_login_profile, **bob) == missing

    made = iam.create_login_profile(**bob, Password=GOOD, PasswordResetRequired=True)["LoginProfile"]
    assert made["PasswordResetRequired"] is True
    assert refused(iam.create_login_profile, **bob, Password=GOOD).startswith("EntityAlreadyExists")

    iam.update_login_profile(**bob, PasswordResetRequired=False)
    assert iam.get_login_profile(**bob)["LoginProfile"] == {**made, "PasswordResetRequired": False}
    assert refused(iam.delete_user, **bob) == "DeleteConflict: Cannot delete entity, must delete login profile first."

    iam.delete_login_profile(**bob)
    assert refused(iam.delete_login_profile, **bob) == missing


def test_no_password_lies_in_the_store(iam, bob, shared_cloud):
    iam.create_login_profile(**bob, Password=GOOD)
    with shared_cloud.cloud.kernel.store.snapshot() as tx:
        kept = [encode(value) for value in tx.range(("iam",))]
    assert kept
    assert not any(GOOD.encode() in data for data in kept)


@pytest.mark.spec("security:ACCT-10")
def test_a_password_may_hold_special_characters(iam, bob):
    iam.create_login_profile(**bob, Password="Ünïcödé <&>\"' %$ 1")


@pytest.mark.parametrize("password", ["Short-1", "onlylowercase", "lowercase1234"])
def test_without_a_policy_passwords_are_long_and_of_three_kinds(iam, bob, password):
    assert refused(iam.create_login_profile, **bob, Password=password).startswith("PasswordPolicyViolation")


@pytest.mark.spec("security:IAM-52", "security:IAM-53")
def test_the_policy_binds_everybody_who_sets_a_password(iam, client):
    iam.update_account_password_policy(
        MinimumPasswordLength=10, RequireSymbols=True, RequireNumbers=True, RequireUppercaseCharacters=True,
        RequireLowercaseCharacters=True,
    )  # fmt: skip
    bob = acting(client, user_with(iam, "bob", policy(allow("iam:ChangePassword"))))
    broken = {
        "Ab1!": "Password should have a minimum length of 10",
        "abcdefgh1!": "Password should have at least one uppercase letter",
        "ABCDEFGH1!": "Password should have at least one lowercase letter",
        "Abcdefghi!": "Password should have at least one number",
        "Abcdefghi1": "Password should have at least one symbol",
    }
    for password, words in broken.items():
        assert (
            refused(iam.create_login_profile, UserName="bob", Password=password) == f"PasswordPolicyViolation: {words}"
        )
    iam.create_login_profile(UserName="bob", Password="Abcdefgh1!")
    for password, words in broken.items():
        violation = f"PasswordPolicyViolation: {words}"
        assert refused(iam.update_login_profile, UserName="bob", Password=password) == violation
        assert refused(bob.change_password, OldPassword="Abcdefgh1!", NewPassword=password) == violation


def test_the_policy_is_shown_as_it_was_set(iam, account):
    missing = f"NoSuchEntity: The Password Policy with domain name {account} cannot be found."
    assert refused(iam.get_account_password_policy) == missing
    assert refused(iam.delete_account_password_policy) == missing

    iam.update_account_password_policy(MaxPasswordAge=90, PasswordReusePrevention=5, HardExpiry=True)
    assert iam.get_account_password_policy()["PasswordPolicy"] == {
        "MinimumPasswordLength": 6, "RequireSymbols": False, "RequireNumbers": False,
        "RequireUppercaseCharacters": False, "RequireLowercaseCharacters": False, "AllowUsersToChangePassword": False,
        "ExpirePasswords": True, "MaxPasswordAge": 90, "PasswordReusePrevention": 5, "HardExpiry": True,
    }  # fmt: skip
    iam.update_account_password_policy()
    assert iam.get_account_password_policy()["PasswordPolicy"]["ExpirePasswords"] is False
    iam.delete_account_password_policy()
    assert refused(iam.update_account_password_policy, MinimumPasswordLength=5).startswith("ValidationError")


def test_earlier_passwords_are_remembered_as_far_as_the_policy_says(iam, bob):
    iam.update_account_password_policy(PasswordReusePrevention=2)
    iam.create_login_profile(**bob, Password="number-1")
    iam.update_login_profile(**bob, Password="number-2")
    for password in ("number-1", "number-2"):
        assert refused(iam.update_login_profile, **bob, Password=password).startswith("PasswordPolicyViolation")
    iam.update_login_profile(**bob, Password="number-3")
    iam.update_login_profile(**bob, Password="number-1")


@pytest.mark.spec("security:ACCT-10")
def test_a_user_changes_its_own_password_and_has_to_know_the_old_one(iam, client):
    bob = acting(client, user_with(iam, "bob", policy(allow("iam:ChangePassword"))))
    change = {"OldPassword": GOOD, "NewPassword": "Another-horse-8"}
    assert refused(bob.change_password, **change).startswith("NoSuchEntity: Login Profile")

    iam.create_login_profile(UserName="bob", Password=GOOD, PasswordResetRequired=True)
    wrong = refused(bob.change_password, OldPassword="wrong", NewPassword="Another-horse-8")
    assert wrong == "AccessDenied: The old password was incorrect."
    bob.change_password(**change)

    assert iam.get_login_profile(UserName="bob")["LoginProfile"]["PasswordResetRequired"] is False
    assert refused(bob.change_password, **change).startswith("AccessDenied")
    assert refused(iam.change_password, **change).startswith("InvalidUserType")


def test_the_policy_may_let_all_users_change_their_passwords(iam, client):
    plain = acting(client, user_with(iam, "bob"))
    forbidden = acting(client, user_with(iam, "eve", policy(deny("iam:ChangePassword"))))
    for name in ("bob", "eve"):
        iam.create_login_profile(UserName=name, Password=GOOD)
    change = {"OldPassword": GOOD, "NewPassword": "Another-horse-8"}
    assert "not authorized to perform: iam:ChangePassword" in refused(plain.change_password, **change)

    iam.update_account_password_policy(AllowUsersToChangePassword=True)

    plain.change_password(**change)
    assert "with an explicit deny" in refused(forbidden.change_password, **change)
    assert refused(plain.get_login_profile).startswith("AccessDenied")
