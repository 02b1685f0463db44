"""Imported key material."""

from __future__ import annotations

import hashlib
import hmac
import os
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from tests.conftest import connect
from tests.kms.refusals import refused

DOES_NOT_EXPIRE = {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}


def wrapped(given, material, algorithm):
    """The material, wrapped as the algorithm has it."""
    public = serialization.load_der_public_key(given["PublicKey"])
    digest = hashes.SHA1() if algorithm.endswith("SHA_1") else hashes.SHA256()
    oaep = padding.OAEP(padding.MGF1(digest), digest, None)
    if algorithm.startswith("RSAES"):
        return public.encrypt(material, oaep)
    key = os.urandom(32)
    return public.encrypt(key, oaep) + keywrap.aes_key_wrap_with_padding(key, material)


def bring(kms, key_id, material, algorithm="RSAES_OAEP_SHA_256", **options):
    """Import material into a key."""
    given = kms.get_parameters_for_import(KeyId=key_id, WrappingAlgorithm=algorithm, WrappingKeySpec="RSA_2048")
    return kms.import_key_material(
        KeyId=key_id, ImportToken=given["ImportToken"], EncryptedKeyMaterial=wrapped(given, material, algorithm),
        **(DOES_NOT_EXPIRE | options),
    )  # fmt: skip


def external(kms, **options):
    return kms.create_key(Origin="EXTERNAL", **options)["KeyMetadata"]


def state(kms, key_id):
    return kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"]


@pytest.mark.spec("security:KMS-06")
@pytest.mark.parametrize(
    "algorithm",
    ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "RSA_AES_KEY_WRAP_SHA_1", "RSA_AES_KEY_WRAP_SHA_256"],
)
def test_a_key_waits_for_its_material_and_then_works(kms, algorithm):
    key = external(kms)
    assert (key["KeyState"], key["Enabled"], key["Origin"]) == ("PendingImport", False, "EXTERNAL")
    assert "CurrentKeyMaterialId" not in key
    with refused("KMSInvalidStateException", f"{key['Arn']} is pending import."):
        kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")

    told = bring(kms, key["KeyId"], b"k" * 32, algorithm)

    after = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
    assert told["KeyId"] == key["Arn"]
    assert told["KeyMaterialId"] == after["CurrentKeyMaterialId"]
    assert (after["KeyState"], after["ExpirationModel"]) == ("Enabled", "KEY_MATERIAL_DOES_NOT_EXPIRE")
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


@pytest.mark.spec("security:KMS-06")
def test_deleted_material_can_be_imported_again_and_no_other(kms):
    key_id = external(kms)["KeyId"]
    bring(kms, key_id, b"k" * 32)
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]

    kms.delete_imported_key_material(KeyId=key_id)
    deleted = kms.describe_key(KeyId=key_id)["KeyMetadata"]
    assert (deleted["KeyState"], "ExpirationModel" in deleted) == ("PendingImport", False)
    assert "CurrentKeyMaterialId" in deleted
    with refused("KMSInvalidStateException", "is pending import."):
        kms.decrypt(CiphertextBlob=blob)
    with refused("IncorrectKeyMaterialException"):
        bring(kms, key_id, b"o" * 32)

    bring(kms, key_id, b"k" * 32)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


@pytest.mark.spec("security:KMS-06")
def test_material_expires_by_the_clock(own_cloud, own_kms):
    key = external(own_kms)
    until = key["CreationDate"] + timedelta(days=10)
    bring(own_kms, key["KeyId"], b"k" * 32, ExpirationModel="KEY_MATERIAL_EXPIRES", ValidTo=until)
    told = own_kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]

    own_cloud.advance(days=10)
    own_cloud.settle()

    assert (told["ExpirationModel"], told["KeyState"]) == ("KEY_MATERIAL_EXPIRES", "Enabled")
    assert abs(told["ValidTo"] - until) < timedelta(seconds=1)
    assert state(own_kms, key["KeyId"]) == "PendingImport"
    rotations = own_kms.list_key_rotations(KeyId=key["KeyId"], IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
    assert [entry["ImportState"] for entry in rotations] == ["PENDING_IMPORT"]


def test_validity_has_to_make_sense(kms):
    key = external(kms)

    with refused("ValidationException", "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES"):
        bring(kms, key["KeyId"], b"k" * 32, ExpirationModel="KEY_MATERIAL_EXPIRES")
    for days in (-1, 367):
        with refused("ValidationException"):
            until = key["CreationDate"] + timedelta(days=days)
            bring(kms, key["KeyId"], b"k" * 32, ExpirationModel="KEY_MATERIAL_EXPIRES", ValidTo=until)


def test_a_token_is_good_for_its_key_and_for_a_day(own_cloud, own_kms):
    first, second = external(own_kms)["KeyId"], external(own_kms)["KeyId"]
    algorithm = "RSAES_OAEP_SHA_256"
    given = own_kms.get_parameters_for_import(KeyId=first, WrappingAlgorithm=algorithm, WrappingKeySpec="RSA_2048")
    material = wrapped(given, b"k" * 32, algorithm)

    def attempt(key_id, token, blob):
        own_kms.import_key_material(KeyId=key_id, ImportToken=token, EncryptedKeyMaterial=blob, **DOES_NOT_EXPIRE)

    with refused("InvalidImportTokenException"):
        attempt(second, given["ImportToken"], material)
    with refused("InvalidImportTokenException"):
        attempt(first, b"rubbish", material)
    with refused("InvalidCiphertextException"):
        attempt(first, given["ImportToken"], b"\1" * 256)
    own_cloud.advance(hours=24)
    with refused("ExpiredImportTokenException"):
        attempt(first, given["ImportToken"], material)


@pytest.mark.parametrize(
    ("spec", "usage", "material"),
    [
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", b"k" * 31),
        ("HMAC_256", "GENERATE_VERIFY_MAC", b"k" * 31),
        ("ECC_NIST_P256", "SIGN_VERIFY", b"rubbish"),
    ],
)
def test_material_that_does_not_fit_is_refused(kms, spec, usage, material):
    key_id = external(kms, KeySpec=spec, KeyUsage=usage)["KeyId"]

    with refused("ValidationException"):
        bring(kms, key_id, material)


def test_an_imported_hmac_key_authenticates_as_its_owner_does(kms):
    key_id = external(kms, KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyId"]
    bring(kms, key_id, b"k" * 32)

    mac = kms.generate_mac(KeyId=key_id, Message=b"m", MacAlgorithm="HMAC_SHA_256")["Mac"]

    assert mac == hmac.digest(b"k" * 32, b"m", hashlib.sha256)


@pytest.mark.parametrize("spec", ["ECC_NIST_P256", "ECC_SECG_P256K1", "RSA_2048"])
def test_an_imported_private_key_signs(kms, spec):
    owned = {
        "ECC_NIST_P256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "ECC_SECG_P256K1": lambda: ec.generate_private_key(ec.SECP256K1()),
        "RSA_2048": lambda: rsa.generate_private_key(65537, 2048),
    }[spec]()
    der = owned.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key = external(kms, KeySpec=spec, KeyUsage="SIGN_VERIFY")
    told = bring(kms, key["KeyId"], der, "RSA_AES_KEY_WRAP_SHA_256")

    after = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
    assert "KeyMaterialId" not in told
    assert (after["KeyState"], "CurrentKeyMaterialId" in after) == ("Enabled", False)
    algorithm = after["SigningAlgorithms"][0]
    signature = kms.sign(KeyId=key["KeyId"], Message=b"m", SigningAlgorithm=algorithm)["Signature"]
    if spec == "RSA_2048":
        owned.public_key().verify(signature, b"m", padding.PKCS1v15(), hashes.SHA256())
    else:
        owned.public_key().verify(signature, b"m", ec.ECDSA(hashes.SHA256()))


@pytest.mark.spec("security:KMS-19")
def test_imported_keys_rotate_on_demand_only_to_material_that_was_brought(kms):
    key = external(kms)
    key_id = key["KeyId"]
    first = bring(kms, key_id, b"1" * 32)["KeyMaterialId"]
    old = kms.encrypt(KeyId=key_id, Plaintext=b"old")["CiphertextBlob"]
    with refused("UnsupportedOperationException"):
        kms.enable_key_rotation(KeyId=key_id)
    words = f"No available key material pending rotation for the key: {key['Arn']}."
    with refused("KMSInvalidStateException", words):
        kms.rotate_key_on_demand(KeyId=key_id)

    second = bring(kms, key_id, b"2" * 32, ImportType="NEW_KEY_MATERIAL")["KeyMaterialId"]
    waiting = kms.describe_key(KeyId=key_id)["KeyMetadata"]["CurrentKeyMaterialId"]
    kms.rotate_key_on_demand(KeyId=key_id)

    assert waiting == first
    assert kms.describe_key(KeyId=key_id)["KeyMetadata"]["CurrentKeyMaterialId"] == second
    assert kms.decrypt(CiphertextBlob=old)["KeyMaterialId"] == first
    kms.delete_imported_key_material(KeyId=key_id, KeyMaterialId=first)
    assert state(kms, key_id) == "PendingImport"


def test_a_replica_takes_only_the_material_of_its_primary(kms, shared_cloud, account):
    key_id = external(kms, MultiRegion=True)["KeyId"]
    bring(kms, key_id, b"k" * 32)
    kms.replicate_key(KeyId=key_id, ReplicaRegion="eu-west-1")
    europe = connect(shared_cloud, "kms", account=account, region="eu-west-1")
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]

    assert state(europe, key_id) == "PendingImport"
    with refused("IncorrectKeyMaterialException"):
        bring(europe, key_id, b"o" * 32)
    bring(europe, key_id, b"k" * 32)
    assert europe.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_keys_made_here_take_no_import(kms, key):
    words = f"{key['Arn']} origin is AWS_KMS which is not valid for this operation."
    with refused("UnsupportedOperationException", words):
        kms.get_parameters_for_import(
            KeyId=key["KeyId"], WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048"
        )
