"""Key policies, and who may use a key by them."""

from __future__ import annotations

import json

import pytest

from tests.kms.refusals import refused
from tests.sts.people import acting, allow, policy


def statement(principal, actions, **more):
    return allow(actions, Principal=principal, **more)


@pytest.fixture
def root_only(kms, here):
    """A key whose policy leaves everything to the account."""
    return kms.create_key()["KeyMetadata"]


@pytest.mark.spec("security:KMS-20")
def test_the_default_policy_leaves_it_to_the_account(kms, key, here, shared_cloud):
    told = kms.get_key_policy(KeyId=key["KeyId"])
    ana = acting(shared_cloud, here.user("ana", allow("kms:Encrypt", key["Arn"])), "kms")

    assert told["PolicyName"] == "default"
    assert json.loads(told["Policy"]) == {
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [
            {
                "Sid": "Enable IAM User Permissions",
                "Effect": "Allow",
                "Principal": {"AWS": here.root},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }
    assert kms.list_key_policies(KeyId=key["KeyId"])["PolicyNames"] == ["default"]
    ana.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    with refused("AccessDeniedException", "kms:Decrypt"):
        ana.decrypt(CiphertextBlob=kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"])


@pytest.mark.spec("security:KMS-21")
def test_a_policy_without_the_account_shuts_out_its_administrators(kms, here, shared_cloud):
    ana = acting(shared_cloud, here.user("ana", allow("*")), "kms")
    bob = acting(shared_cloud, here.user("bob"), "kms")
    document = policy(
        statement({"AWS": here.root}, ["kms:PutKeyPolicy", "kms:DescribeKey"]),
        statement({"AWS": here.user_arn("bob")}, ["kms:Encrypt", "kms:Decrypt"]),
    )
    key_id = kms.create_key(Policy=document)["KeyMetadata"]["KeyId"]

    blob = bob.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
    assert bob.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    with refused("AccessDeniedException", "kms:Encrypt"):
        ana.encrypt(KeyId=key_id, Plaintext=b"x")
    with refused("AccessDeniedException", "kms:Decrypt"):
        kms.decrypt(CiphertextBlob=blob)
    assert ana.describe_key(KeyId=key_id)["KeyMetadata"]["KeyId"] == key_id
    with refused("AccessDeniedException"):
        bob.describe_key(KeyId=key_id)


def test_who_would_lock_himself_out_is_stopped(kms, key, here):
    document = policy(statement({"AWS": here.root}, "kms:Encrypt"))

    words = "The new key policy will not allow you to update the key policy in the future."
    with refused("MalformedPolicyDocumentException", words):
        kms.put_key_policy(KeyId=key["KeyId"], Policy=document)
    with refused("MalformedPolicyDocumentException", words):
        kms.create_key(Policy=document)
    kms.put_key_policy(KeyId=key["KeyId"], Policy=document, BypassPolicyLockoutSafetyCheck=True)
    with refused("AccessDeniedException"):
        kms.get_key_policy(KeyId=key["KeyId"])


def test_what_is_no_policy_is_refused(kms, key):
    for text in ("{", '{"Statement": []}', policy(allow("kms:*"))):
        with refused("MalformedPolicyDocumentException"):
            kms.put_key_policy(KeyId=key["KeyId"], Policy=text)
    with refused("LimitExceededException"):
        kms.put_key_policy(KeyId=key["KeyId"], Policy=" " * 40_000)
    with refused("NotFoundException", "No such policy exists"):
        kms.get_key_policy(KeyId=key["KeyId"], PolicyName="other")


@pytest.mark.spec("security:KMS-22", "security:IAM-30")
def test_the_encryption_context_is_a_condition(kms, key, here, shared_cloud):
    condition = {"StringEquals": {"kms:EncryptionContext:Project": "blue"}}
    ana = acting(shared_cloud, here.user("ana", allow("kms:Encrypt", key["Arn"], Condition=condition)), "kms")

    ana.encrypt(KeyId=key["KeyId"], Plaintext=b"x", EncryptionContext={"Project": "blue"})
    for context in ({"Project": "red"}, {}):
        with refused("AccessDeniedException"):
            ana.encrypt(KeyId=key["KeyId"], Plaintext=b"x", EncryptionContext=context)


@pytest.mark.parametrize(
    ("condition", "fits", "fails"),
    [
        ({"StringEquals": {"kms:RequestAlias": "alias/a"}}, {"KeyId": "alias/a"}, {}),
        ({"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/a"}}, {}, None),
        ({"StringEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT"}}, {}, None),
        ({"StringEquals": {"aws:ResourceTag/team": "a"}}, {}, None),
        ({"StringEquals": {"kms:CallerAccount": "000000000009"}}, None, {}),
        ({"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}, None, {}),
        (
            {"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["a"]}},
            {"EncryptionContext": {"a": "1"}},
            {"EncryptionContext": {"a": "1", "b": "2"}},
        ),
    ],
)
def test_conditions_on_keys(kms, here, shared_cloud, condition, fits, fails):
    key_id = kms.create_key(Tags=[{"TagKey": "team", "TagValue": "a"}])["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/a", TargetKeyId=key_id)
    ana = acting(shared_cloud, here.user("ana", allow("kms:Encrypt", "*", Condition=condition)), "kms")

    if fits is not None:
        ana.encrypt(**({"KeyId": key_id, "Plaintext": b"x"} | fits))
    if fails is not None:
        with refused("AccessDeniedException"):
            ana.encrypt(**({"KeyId": key_id, "Plaintext": b"x"} | fails))


@pytest.mark.spec("security:KMS-23")
def test_another_account_needs_the_key_policy_and_its_own(kms, here, elsewhere, shared_cloud):
    document = policy(
        statement({"AWS": here.root}, "kms:*"), statement({"AWS": elsewhere.root}, ["kms:Encrypt", "kms:Decrypt"])
    )
    shared = kms.create_key(Policy=document)["KeyMetadata"]
    private = kms.create_key()["KeyMetadata"]
    allowed = acting(shared_cloud, elsewhere.user("ana", allow("kms:*")), "kms")
    bare = acting(shared_cloud, elsewhere.user("bob"), "kms")

    blob = allowed.encrypt(KeyId=shared["Arn"], Plaintext=b"x")["CiphertextBlob"]

    assert allowed.decrypt(CiphertextBlob=blob)["KeyId"] == shared["Arn"]
    with refused("AccessDeniedException"):
        bare.encrypt(KeyId=shared["Arn"], Plaintext=b"x")
    with refused("AccessDeniedException"):
        allowed.encrypt(KeyId=private["Arn"], Plaintext=b"x")
    with refused("AccessDeniedException"):
        allowed.disable_key(KeyId=shared["Arn"])


def test_strangers_learn_nothing_of_keys_that_do_not_exist(kms, here, elsewhere):
    missing = f"arn:aws:kms:us-east-1:{here.number}:key/00000000-0000-4000-8000-000000000000"

    words = "because the resource does not exist in this Region, no resource-based policies allow access"
    with refused("AccessDeniedException", words):
        elsewhere.client("kms").encrypt(KeyId=missing, Plaintext=b"x")


def test_moving_an_alias_needs_leave_on_the_alias_and_both_keys(kms, here, shared_cloud, account):
    first, second = (kms.create_key()["KeyMetadata"] for _ in range(2))
    kms.create_alias(AliasName="alias/a", TargetKeyId=first["KeyId"])
    alias = f"arn:aws:kms:us-east-1:{account}:alias/a"
    half = acting(shared_cloud, here.user("half", allow("kms:UpdateAlias", [alias, first["Arn"]])), "kms")
    whole_leave = allow("kms:UpdateAlias", [alias, first["Arn"], second["Arn"]])
    whole = acting(shared_cloud, here.user("whole", whole_leave), "kms")

    with refused("AccessDeniedException", second["Arn"]):
        half.update_alias(AliasName="alias/a", TargetKeyId=second["KeyId"])
    whole.update_alias(AliasName="alias/a", TargetKeyId=second["KeyId"])


@pytest.mark.spec("security:KMS-11")
def test_an_encrypted_data_key_is_worth_nothing_without_leave_on_the_key(kms, key, here, shared_cloud):
    ana = acting(shared_cloud, here.user("ana", allow("s3:*")), "kms")
    given = kms.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256")

    with refused("AccessDeniedException", f"kms:Decrypt on resource: {key['Arn']}"):
        ana.decrypt(CiphertextBlob=given["CiphertextBlob"])


def test_a_policy_means_the_user_and_not_the_name(kms, key, here, shared_cloud):
    """Who comes after a deleted user under its name is somebody else; who is renamed keeps what was given."""
    ana, ben = acting(shared_cloud, here.user("ana"), "kms"), here.user("ben")
    owner = {"Effect": "Allow", "Principal": {"AWS": here.root}, "Action": "kms:*", "Resource": "*"}
    people = {"AWS": [here.user_arn("ana"), here.user_arn("ben")]}
    use = {"Effect": "Allow", "Principal": people, "Action": "kms:Encrypt", "Resource": "*"}
    kms.put_key_policy(KeyId=key["KeyId"], Policy=policy(owner, use))
    here.iam.update_user(UserName="ana", NewUserName="eve")
    here.iam.delete_access_key(UserName="ben", AccessKeyId=ben["AccessKeyId"])
    here.iam.delete_user(UserName="ben")
    namesake = acting(shared_cloud, here.user("ben"), "kms")

    ana.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    with refused("AccessDeniedException"):
        namesake.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    text = kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"]
    shown = json.loads(text)["Statement"][1]["Principal"]["AWS"]
    assert shown[0] == here.user_arn("eve") and shown[1].startswith("AIDA")


def test_whom_a_policy_names_has_to_be_there(kms, key, here):
    owner = {"Effect": "Allow", "Principal": {"AWS": here.root}, "Action": "kms:*", "Resource": "*"}
    use = {"Effect": "Allow", "Principal": {"AWS": here.user_arn("nobody")}, "Action": "kms:Encrypt", "Resource": "*"}
    with refused("MalformedPolicyDocumentException", "invalid principals"):
        kms.put_key_policy(KeyId=key["KeyId"], Policy=policy(owner, use))
    with refused("MalformedPolicyDocumentException", "invalid principals"):
        kms.create_key(Policy=policy(owner, use))
