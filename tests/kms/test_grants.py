"""Grants."""

from __future__ import annotations

from contextlib import suppress

import pytest

from tests.kms.refusals import refused
from tests.sts.people import acting, policy


@pytest.fixture
def ana(here, shared_cloud):
    """A user without any policy."""
    return acting(shared_cloud, here.user("ana"), "kms")


def give(kms, key, here, *operations, name="ana", **options):
    for person in (here.user_arn(name), options.get("RetiringPrincipal", here.root)):
        if person.startswith(here.user_arn("")):
            with suppress(here.iam.exceptions.EntityAlreadyExistsException):
                here.iam.create_user(UserName=person.rpartition("/")[2])
    return kms.create_grant(
        KeyId=key["KeyId"], GranteePrincipal=here.user_arn(name), Operations=list(operations), **options
    )


def test_a_grant_lets_its_grantee_do_what_it_names_until_it_is_revoked(kms, key, here, ana):
    with refused("AccessDeniedException"):
        ana.encrypt(KeyId=key["KeyId"], Plaintext=b"x")

    given = give(kms, key, here, "Encrypt", "DescribeKey")
    ana.encrypt(KeyId=key["KeyId"], Plaintext=b"x", GrantTokens=[given["GrantToken"]])
    assert ana.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyId"] == key["KeyId"]
    with refused("AccessDeniedException", "kms:GenerateDataKey"):
        ana.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256")

    kms.revoke_grant(KeyId=key["KeyId"], GrantId=given["GrantId"])
    with refused("AccessDeniedException"):
        ana.encrypt(KeyId=key["KeyId"], Plaintext=b"x")


@pytest.mark.parametrize(
    ("constraint", "fits", "fails"),
    [
        ("EncryptionContextEquals", {"a": "1"}, {"a": "1", "b": "2"}),
        ("EncryptionContextSubset", {"a": "1", "b": "2"}, {"b": "2"}),
    ],
)
def test_a_constraint_binds_the_encryption_context(kms, key, here, ana, constraint, fits, fails):
    give(kms, key, here, "Encrypt", Constraints={constraint: {"a": "1"}})

    ana.encrypt(KeyId=key["KeyId"], Plaintext=b"x", EncryptionContext=fits)
    for wrong in (fails, {}):
        with refused("AccessDeniedException"):
            ana.encrypt(KeyId=key["KeyId"], Plaintext=b"x", EncryptionContext=wrong)


def test_a_grant_is_told_as_it_was_given(kms, key, here, account):
    given = give(
        kms, key, here, "Decrypt", "Encrypt", Name="n", RetiringPrincipal=here.user_arn("bob"),
        Constraints={"EncryptionContextSubset": {"a": "1"}},
    )  # fmt: skip

    (told,) = kms.list_grants(KeyId=key["KeyId"])["Grants"]
    assert told.pop("CreationDate") is not None
    assert told == {
        "KeyId": key["Arn"],
        "GrantId": given["GrantId"],
        "Name": "n",
        "GranteePrincipal": here.user_arn("ana"),
        "RetiringPrincipal": here.user_arn("bob"),
        "IssuingAccount": f"arn:aws:iam::{account}:root",
        "Operations": ["Decrypt", "Encrypt"],
        "Constraints": {"EncryptionContextSubset": {"a": "1"}},
    }
    by_grantee = {"GranteePrincipal": here.user_arn("nobody")}
    assert kms.list_grants(KeyId=key["KeyId"], **by_grantee)["Grants"] == []
    assert len(kms.list_grants(KeyId=key["KeyId"], GrantId=given["GrantId"])["Grants"]) == 1


def test_a_named_grant_given_again_is_the_same(kms, key, here):
    first, again, other = (
        give(kms, key, here, operation, Name="n")["GrantId"] for operation in ("Encrypt", "Encrypt", "Decrypt")
    )
    unnamed = [give(kms, key, here, "Encrypt")["GrantId"] for _ in range(2)]

    assert first == again != other
    assert len(kms.list_grants(KeyId=key["KeyId"])["Grants"]) == 4
    assert unnamed[0] != unnamed[1]


def test_grants_are_listed_in_pages(kms, key, here):
    made = {give(kms, key, here, "Encrypt", RetiringPrincipal=here.user_arn("bob"))["GrantId"] for _ in range(5)}

    first = kms.list_grants(KeyId=key["KeyId"], Limit=3)
    rest = kms.list_grants(KeyId=key["KeyId"], Limit=3, Marker=first["NextMarker"])
    retirable = kms.list_retirable_grants(RetiringPrincipal=here.user_arn("bob"), Limit=4)
    others = kms.list_retirable_grants(RetiringPrincipal=here.user_arn("bob"), Limit=4, Marker=retirable["NextMarker"])

    assert {grant["GrantId"] for grant in first["Grants"] + rest["Grants"]} == made
    assert {grant["GrantId"] for grant in retirable["Grants"] + others["Grants"]} == made


def test_the_retiring_principal_retires_and_no_other(kms, key, here, ana, shared_cloud):
    bob = acting(shared_cloud, here.user("bob"), "kms")
    given = give(kms, key, here, "Encrypt", RetiringPrincipal=here.user_arn("bob"))

    with refused("AccessDeniedException", "kms:RetireGrant"):
        ana.retire_grant(GrantToken=given["GrantToken"])
    with refused("DryRunOperationException"):
        bob.retire_grant(GrantToken=given["GrantToken"], DryRun=True)
    bob.retire_grant(GrantToken=given["GrantToken"])

    assert kms.list_grants(KeyId=key["KeyId"])["Grants"] == []
    with refused("NotFoundException"):
        kms.retire_grant(KeyId=key["Arn"], GrantId=given["GrantId"])
    with refused("InvalidGrantTokenException"):
        bob.retire_grant(GrantToken="rubbish")
    with refused("InvalidGrantIdException"):
        kms.revoke_grant(KeyId=key["KeyId"], GrantId="rubbish")


def test_grants_across_accounts_are_listed_for_their_principals_only(kms, key, elsewhere):
    stranger = elsewhere.iam.create_user(UserName="carl")["User"]["Arn"]
    kms.create_grant(KeyId=key["KeyId"], GranteePrincipal=stranger, RetiringPrincipal=stranger, Operations=["Encrypt"])

    (told,) = elsewhere.client("kms").list_retirable_grants(RetiringPrincipal=stranger)["Grants"]
    assert told["KeyId"] == key["Arn"]
    assert kms.list_retirable_grants(RetiringPrincipal=stranger)["Grants"] == []


def test_a_grantee_retires_what_it_may(kms, key, here, ana):
    given = give(kms, key, here, "Encrypt", "RetireGrant")

    ana.retire_grant(KeyId=key["Arn"], GrantId=given["GrantId"])

    assert kms.list_grants(KeyId=key["KeyId"])["Grants"] == []


def test_a_grantee_hands_on_no_more_than_it_has(kms, key, here, ana):
    give(kms, key, here, "Encrypt", "CreateGrant", Constraints={"EncryptionContextSubset": {"a": "1"}})

    give(ana, key, here, "Encrypt", name="bob", Constraints={"EncryptionContextEquals": {"a": "1", "b": "2"}})
    for operations, constraints in ((["Decrypt"], {"EncryptionContextSubset": {"a": "1"}}), (["Encrypt"], {})):
        with refused("AccessDeniedException"):
            give(ana, key, here, *operations, name="bob", Constraints=constraints)


def test_a_grant_fits_its_key(kms, here):
    signing = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]

    give(kms, signing, here, "Sign", "GetPublicKey")
    with refused("ValidationException", "Decrypt"):
        give(kms, signing, here, "Decrypt")
    with refused("ValidationException"):
        give(kms, signing, here, "Sign", Constraints={"EncryptionContextEquals": {"a": "1"}})
    with refused("InvalidArnException"):
        kms.create_grant(KeyId=signing["KeyId"], GranteePrincipal="ana", Operations=["Sign"])


def test_an_explicit_deny_goes_before_a_grant(kms, key, here, ana, shared_cloud):
    give(kms, key, here, "Encrypt")
    denial = {"Effect": "Deny", "Action": "kms:Encrypt", "Resource": "*"}
    here.iam.put_user_policy(UserName="ana", PolicyName="no", PolicyDocument=policy(denial))

    with refused("AccessDeniedException", "explicit deny"):
        ana.encrypt(KeyId=key["KeyId"], Plaintext=b"x")


def test_a_key_that_is_gone_leaves_no_grants(own_cloud, own_kms):
    key_id = own_kms.create_key()["KeyMetadata"]["KeyId"]
    retiring = own_cloud.client("iam", account="111122223333").create_user(UserName="bob")["User"]["Arn"]
    own_kms.create_grant(KeyId=key_id, GranteePrincipal=retiring, RetiringPrincipal=retiring, Operations=["Encrypt"])
    own_kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)

    own_cloud.advance(days=7)
    own_cloud.settle()

    assert own_kms.list_retirable_grants(RetiringPrincipal=retiring)["Grants"] == []


def test_a_grant_means_the_user_and_not_the_name(kms, key, here, ana, shared_cloud):
    """Who comes after a deleted user under its name is somebody else; who is renamed keeps what was given."""
    ben = here.user("ben")
    give(kms, key, here, "Encrypt")
    give(kms, key, here, "Encrypt", name="ben")
    here.iam.update_user(UserName="ana", NewUserName="eve")
    here.iam.delete_access_key(UserName="ben", AccessKeyId=ben["AccessKeyId"])
    here.iam.delete_user(UserName="ben")
    namesake = acting(shared_cloud, here.user("ben"), "kms")

    ana.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    with refused("AccessDeniedException"):
        namesake.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    shown = [grant["GranteePrincipal"] for grant in kms.list_grants(KeyId=key["KeyId"])["Grants"]]
    assert here.user_arn("eve") in shown
    assert [name[:4] for name in shown if name != here.user_arn("eve")] == ["AIDA"]
    assert kms.list_grants(KeyId=key["KeyId"], GranteePrincipal=here.user_arn("ben"))["Grants"] == []
    assert len(kms.list_grants(KeyId=key["KeyId"], GranteePrincipal=here.user_arn("eve"))["Grants"]) == 1


@pytest.mark.parametrize("member", ["GranteePrincipal", "RetiringPrincipal"])
def test_whom_a_grant_names_has_to_be_there(kms, key, here, member):
    named = {"GranteePrincipal": here.root, member: here.user_arn("nobody")}
    with refused("InvalidArnException", "does not refer to a valid principal"):
        kms.create_grant(KeyId=key["KeyId"], Operations=["Encrypt"], **named)
