"""Encrypt, Decrypt, ReEncrypt, data keys and random bytes."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.conftest import connect
from tests.kms.refusals import refused


@pytest.mark.spec("security:KMS-02", "security:KMS-04", "security:KMS-10")
def test_what_is_encrypted_decrypts_without_naming_the_key(kms, key):
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"p" * 4096)
    opened = kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"])

    assert sealed["KeyId"] == opened["KeyId"] == key["Arn"]
    assert opened["Plaintext"] == b"p" * 4096
    assert opened["KeyMaterialId"] == key["CurrentKeyMaterialId"]
    assert b"ppp" not in sealed["CiphertextBlob"]
    assert base64.b64encode(sealed["CiphertextBlob"]).startswith(b"AQICAH")


@pytest.mark.spec("security:KMS-04")
def test_more_than_4_kb_of_plaintext_is_refused(kms, key):
    with refused("ValidationException", "less than or equal to 4096"):
        kms.encrypt(KeyId=key["KeyId"], Plaintext=b"p" * 4097)


@pytest.mark.spec("security:KMS-14")
def test_only_the_same_encryption_context_decrypts(kms, key):
    context = {"app": "orders", "tier": "gold"}
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x", EncryptionContext=context)["CiphertextBlob"]

    in_other_order = dict(reversed(context.items()))
    assert kms.decrypt(CiphertextBlob=blob, EncryptionContext=in_other_order)["Plaintext"] == b"x"
    for wrong in (
        {},
        {"app": "orders"},
        context | {"tier": "lead"},
        context | {"more": "1"},
        {"apporders": "", "tier": "gold"},
    ):
        with refused("InvalidCiphertextException", ""):
            kms.decrypt(CiphertextBlob=blob, EncryptionContext=wrong)
    with refused("ValidationException"):
        kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x", EncryptionContext={"a": "b" * 9000})


def test_every_bit_of_a_ciphertext_counts(kms, key):
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"xy")["CiphertextBlob"]

    for place in range(len(blob)):
        changed = blob[:place] + bytes([blob[place] ^ 1]) + blob[place + 1 :]
        with pytest.raises(kms.exceptions.ClientError) as raised:
            kms.decrypt(CiphertextBlob=changed)
        # In the part that names account and key, a change names a key that is not here.
        assert raised.value.response["Error"]["Code"] in ("InvalidCiphertextException", "AccessDeniedException")
    for rubbish in (b"x", blob[:60], blob + b"x", b"\0" * 200):
        with refused("InvalidCiphertextException"):
            kms.decrypt(CiphertextBlob=rubbish)


def test_two_encryptions_of_the_same_differ(kms, key):
    first, second = (kms.encrypt(KeyId=key["KeyId"], Plaintext=b"same")["CiphertextBlob"] for _ in range(2))

    assert first != second


def test_another_key_than_the_ciphertexts_is_incorrect(kms, key):
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]

    with refused("IncorrectKeyException", "does not identify a CMK that can perform this operation."):
        kms.decrypt(CiphertextBlob=blob, KeyId=other)
    with refused("IncorrectKeyException"):
        kms.re_encrypt(CiphertextBlob=blob, SourceKeyId=other, DestinationKeyId=key["KeyId"])


def test_reencryption_moves_a_text_to_another_key_and_context(kms, key):
    other = kms.create_key()["KeyMetadata"]
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x", EncryptionContext={"a": "1"})["CiphertextBlob"]

    moved = kms.re_encrypt(
        CiphertextBlob=blob, SourceEncryptionContext={"a": "1"}, DestinationKeyId=other["KeyId"],
        DestinationEncryptionContext={"b": "2"},
    )  # fmt: skip

    assert (moved["SourceKeyId"], moved["KeyId"]) == (key["Arn"], other["Arn"])
    assert moved["DestinationKeyMaterialId"] == other["CurrentKeyMaterialId"]
    opened = kms.decrypt(CiphertextBlob=moved["CiphertextBlob"], EncryptionContext={"b": "2"})
    assert (opened["Plaintext"], opened["KeyId"]) == (b"x", other["Arn"])


@pytest.mark.spec("security:KMS-09", "security:KMS-10", "security:KMS-12")
def test_a_file_is_encrypted_under_a_data_key(kms, key):
    given = kms.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256", EncryptionContext={"file": "a"})
    sealed_file = AESGCM(given["Plaintext"]).encrypt(bytes(12), b"a large file", None)

    again = kms.decrypt(CiphertextBlob=given["CiphertextBlob"], EncryptionContext={"file": "a"})["Plaintext"]

    assert len(again) == 32
    assert AESGCM(again).decrypt(bytes(12), sealed_file, None) == b"a large file"


def test_data_keys_have_the_size_asked_for(kms, key):
    def size(**asked):
        return len(kms.generate_data_key(KeyId=key["KeyId"], **asked)["Plaintext"])

    assert (size(KeySpec="AES_128"), size(KeySpec="AES_256"), size(NumberOfBytes=1024)) == (16, 32, 1024)
    for asked in ({}, {"KeySpec": "AES_256", "NumberOfBytes": 32}):
        with refused("ValidationException", "Please specify either number of bytes or key spec."):
            kms.generate_data_key(KeyId=key["KeyId"], **asked)


def test_a_data_key_without_plaintext_shows_none(kms, key):
    given = kms.generate_data_key_without_plaintext(KeyId=key["KeyId"], NumberOfBytes=24)

    assert "Plaintext" not in given
    assert len(kms.decrypt(CiphertextBlob=given["CiphertextBlob"])["Plaintext"]) == 24


@pytest.mark.parametrize("spec", ["RSA_2048", "ECC_NIST_P384", "ECC_SECG_P256K1", "ECC_NIST_EDWARDS25519"])
def test_a_data_key_pair_belongs_together(kms, key, spec):
    given = kms.generate_data_key_pair(KeyId=key["KeyId"], KeyPairSpec=spec, EncryptionContext={"a": "1"})

    private = serialization.load_der_private_key(given["PrivateKeyPlaintext"], None)
    public = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert public == given["PublicKey"]
    opened = kms.decrypt(CiphertextBlob=given["PrivateKeyCiphertextBlob"], EncryptionContext={"a": "1"})
    assert opened["Plaintext"] == given["PrivateKeyPlaintext"]
    hidden = kms.generate_data_key_pair_without_plaintext(KeyId=key["KeyId"], KeyPairSpec=spec)
    assert "PrivateKeyPlaintext" not in hidden


@pytest.mark.spec("security:KMS-03")
@pytest.mark.parametrize(
    ("algorithm", "digest"), [("RSAES_OAEP_SHA_1", hashes.SHA1), ("RSAES_OAEP_SHA_256", hashes.SHA256)]
)
def test_who_has_the_public_key_encrypts_for_who_may_use_the_private(kms, algorithm, digest):
    key_id = kms.create_key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["KeyId"]
    public = serialization.load_der_public_key(kms.get_public_key(KeyId=key_id)["PublicKey"])
    blob = public.encrypt(b"outside", padding.OAEP(padding.MGF1(digest()), digest(), None))

    def opened(ciphertext):
        return kms.decrypt(CiphertextBlob=ciphertext, KeyId=key_id, EncryptionAlgorithm=algorithm)["Plaintext"]

    inside = kms.encrypt(KeyId=key_id, Plaintext=b"inside", EncryptionAlgorithm=algorithm)["CiphertextBlob"]
    assert (opened(blob), opened(inside)) == (b"outside", b"inside")
    with refused("InvalidCiphertextException"):
        opened(b"\1" * 256)


def test_rsa_takes_as_much_as_fits(kms):
    key_id = kms.create_key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["KeyId"]

    for algorithm, most in (("RSAES_OAEP_SHA_1", 214), ("RSAES_OAEP_SHA_256", 190)):
        kms.encrypt(KeyId=key_id, Plaintext=b"x" * most, EncryptionAlgorithm=algorithm)
        words = f"Algorithm {algorithm} and key spec RSA_2048 cannot encrypt data larger than {most} bytes."
        with refused("ValidationException", words):
            kms.encrypt(KeyId=key_id, Plaintext=b"x" * (most + 1), EncryptionAlgorithm=algorithm)


def test_a_key_does_only_what_it_is_for(kms, key):
    signing = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]

    with refused(
        "InvalidKeyUsageException", f"{signing['Arn']} key usage is SIGN_VERIFY which is not valid for Encrypt."
    ):
        kms.encrypt(KeyId=signing["KeyId"], Plaintext=b"x")
    with refused("InvalidKeyUsageException", "is incompatible with key spec SYMMETRIC_DEFAULT."):
        kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x", EncryptionAlgorithm="RSAES_OAEP_SHA_1")
    with refused("InvalidKeyUsageException"):
        kms.sign(KeyId=key["KeyId"], Message=b"x", SigningAlgorithm="ECDSA_SHA_256")
    with refused("UnsupportedOperationException"):
        kms.get_public_key(KeyId=key["KeyId"])


def test_a_ciphertext_of_another_region_names_no_key_here(kms, key, shared_cloud, account):
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    there = connect(shared_cloud, "kms", account=account, region="eu-west-1")

    with refused("AccessDeniedException", "The ciphertext refers to a customer master key that does not exist"):
        there.decrypt(CiphertextBlob=blob)


def test_a_dry_run_checks_and_does_nothing(kms, key):
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    words = "The request would have succeeded, but the DryRun option is set."

    for call in (
        lambda: kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x", DryRun=True),
        lambda: kms.decrypt(CiphertextBlob=blob, DryRun=True),
        lambda: kms.decrypt(KeyId=key["KeyId"], DryRun=True, DryRunModifiers=["IGNORE_CIPHERTEXT"]),
        lambda: kms.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256", DryRun=True),
        lambda: kms.generate_data_key_pair_without_plaintext(KeyId=key["KeyId"], KeyPairSpec="RSA_4096", DryRun=True),
    ):
        with refused("DryRunOperationException", words):
            call()
    with refused("InvalidCiphertextException"):
        kms.decrypt(CiphertextBlob=blob, EncryptionContext={"a": "b"}, DryRun=True)
    with refused("ValidationException"):
        kms.decrypt(KeyId=key["KeyId"])


def test_random_bytes_are_random(kms):
    first, second = (kms.generate_random(NumberOfBytes=1024)["Plaintext"] for _ in range(2))

    assert len(first) == 1024
    assert first != second
    with refused("ValidationException", "NumberOfBytes is required."):
        kms.generate_random()
    for wrong in (0, 1025):
        with refused("ValidationException", f"Value '{wrong}' at 'numberOfBytes' failed to satisfy constraint"):
            kms.generate_random(NumberOfBytes=wrong)
    with refused("NotImplemented", "Recipient"):
        document = {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": b"x"}
        kms.generate_random(NumberOfBytes=1, Recipient=document)
