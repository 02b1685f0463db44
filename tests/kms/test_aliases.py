"""Aliases."""

from __future__ import annotations

import pytest

from tests.kms.refusals import refused


@pytest.mark.spec("security:KMS-08")
def test_an_alias_names_a_key_and_moves_to_another(kms, key, account):
    other = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName="alias/orders", TargetKeyId=key["Arn"])
    old = kms.encrypt(KeyId="alias/orders", Plaintext=b"old")

    kms.update_alias(AliasName="alias/orders", TargetKeyId=other["KeyId"])
    new = kms.encrypt(KeyId=f"arn:aws:kms:us-east-1:{account}:alias/orders", Plaintext=b"new")

    assert (old["KeyId"], new["KeyId"]) == (key["Arn"], other["Arn"])
    assert kms.decrypt(CiphertextBlob=old["CiphertextBlob"])["Plaintext"] == b"old"
    assert kms.list_aliases(KeyId=key["KeyId"])["Aliases"] == []
    (told,) = kms.list_aliases(KeyId=other["KeyId"])["Aliases"]
    assert told.pop("LastUpdatedDate") >= told.pop("CreationDate")
    assert told == {
        "AliasName": "alias/orders",
        "AliasArn": f"arn:aws:kms:us-east-1:{account}:alias/orders",
        "TargetKeyId": other["KeyId"],
    }


def test_an_alias_that_is_deleted_names_nothing(kms, key, account):
    kms.create_alias(AliasName="alias/a", TargetKeyId=key["KeyId"])
    kms.delete_alias(AliasName="alias/a")

    words = f"Alias arn:aws:kms:us-east-1:{account}:alias/a is not found."
    for call in (
        lambda: kms.describe_key(KeyId="alias/a"),
        lambda: kms.delete_alias(AliasName="alias/a"),
        lambda: kms.update_alias(AliasName="alias/a", TargetKeyId=key["KeyId"]),
    ):
        with refused("NotFoundException", words):
            call()


def test_names_that_no_alias_may_have(kms, key):
    for name, code, words in (
        ("orders", "ValidationException", 'Alias must start with the prefix "alias/". Please see'),
        ("alias/a:b", "ValidationException", "alias/a:b contains invalid characters for an alias"),
        ("alias/aws/mine", "NotAuthorizedException", ""),
    ):
        with refused(code, words):
            kms.create_alias(AliasName=name, TargetKeyId=key["KeyId"])


def test_a_name_is_taken_once(kms, key, account):
    kms.create_alias(AliasName="alias/a", TargetKeyId=key["KeyId"])

    words = f"An alias with the name arn:aws:kms:us-east-1:{account}:alias/a already exists"
    with refused("AlreadyExistsException", words):
        kms.create_alias(AliasName="alias/a", TargetKeyId=key["KeyId"])
    with refused("ValidationException", "Aliases must refer to keys. Not aliases"):
        kms.create_alias(AliasName="alias/b", TargetKeyId="alias/a")


def test_an_alias_stays_with_one_kind_of_key(kms, key):
    signing = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/a", TargetKeyId=key["KeyId"])

    with refused("ValidationException"):
        kms.update_alias(AliasName="alias/a", TargetKeyId=signing)


def test_operations_on_a_key_itself_take_no_alias(kms, key):
    kms.create_alias(AliasName="alias/a", TargetKeyId=key["KeyId"])

    with refused("NotFoundException", "Invalid keyId 'alias/a'"):
        kms.disable_key(KeyId="alias/a")


def test_aliases_are_listed_in_pages_and_counted(kms, key):
    for number in range(50):
        kms.create_alias(AliasName=f"alias/a{number:02}", TargetKeyId=key["KeyId"])

    with refused("LimitExceededException"):
        kms.create_alias(AliasName="alias/more", TargetKeyId=key["KeyId"])
    first = kms.list_aliases(Limit=30)
    rest = kms.list_aliases(Limit=30, Marker=first["NextMarker"])
    assert [len(first["Aliases"]), len(rest["Aliases"]), rest["Truncated"]] == [30, 20, False]
    assert rest["Aliases"][0]["AliasName"] == "alias/a30"
