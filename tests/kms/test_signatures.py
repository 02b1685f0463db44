"""What asymmetric and HMAC keys do."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from tests.kms.refusals import refused


def make(kms, spec, usage="SIGN_VERIFY"):
    return kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]["KeyId"]


@pytest.mark.spec("security:KMS-03")
@pytest.mark.parametrize(
    ("spec", "algorithm"),
    [
        ("RSA_2048", "RSASSA_PSS_SHA_256"),
        ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_512"),
        ("ECC_NIST_P256", "ECDSA_SHA_256"),
        ("ECC_NIST_P384", "ECDSA_SHA_384"),
        ("ECC_NIST_P521", "ECDSA_SHA_512"),
        ("ECC_SECG_P256K1", "ECDSA_SHA_256"),
        ("ECC_NIST_EDWARDS25519", "ED25519_SHA_512"),
        ("ML_DSA_44", "ML_DSA_SHAKE_256"),
        ("ML_DSA_87", "ML_DSA_SHAKE_256"),
    ],
)
def test_a_signature_holds_for_its_message_only(kms, spec, algorithm):
    key_id = make(kms, spec)
    signed = kms.sign(KeyId=key_id, Message=b"message", SigningAlgorithm=algorithm)

    def verify(message, signature):
        return kms.verify(KeyId=key_id, Message=message, Signature=signature, SigningAlgorithm=algorithm)

    assert signed["SigningAlgorithm"] == algorithm
    assert verify(b"message", signed["Signature"])["SignatureValid"] is True
    for message, signature in ((b"other", signed["Signature"]), (b"message", b"\1" * 64)):
        with refused("KMSInvalidSignatureException"):
            verify(message, signature)


def test_a_digest_signs_like_the_message(kms):
    key_id = make(kms, "ECC_NIST_P256")
    digest = hashlib.sha256(b"message").digest()
    algorithm = {"SigningAlgorithm": "ECDSA_SHA_256"}

    signature = kms.sign(KeyId=key_id, Message=digest, MessageType="DIGEST", **algorithm)["Signature"]

    assert kms.verify(KeyId=key_id, Message=b"message", Signature=signature, **algorithm)["SignatureValid"]
    with refused("ValidationException", "Digest is invalid length for algorithm ECDSA_SHA_256."):
        kms.sign(KeyId=key_id, Message=b"short", MessageType="DIGEST", **algorithm)


@pytest.mark.spec("security:KMS-03")
def test_signatures_verify_outside(kms):
    rsa_id, ec_id = make(kms, "RSA_2048"), make(kms, "ECC_NIST_P256")
    told = kms.get_public_key(KeyId=rsa_id)
    rsa_key = serialization.load_der_public_key(told["PublicKey"])
    ec_key = serialization.load_der_public_key(kms.get_public_key(KeyId=ec_id)["PublicKey"])

    pss = kms.sign(KeyId=rsa_id, Message=b"m", SigningAlgorithm="RSASSA_PSS_SHA_384")["Signature"]
    ecdsa = kms.sign(KeyId=ec_id, Message=b"m", SigningAlgorithm="ECDSA_SHA_256")["Signature"]

    assert told["KeySpec"] == "RSA_2048"
    assert "PrivateKey" not in str(told)
    # The salt is as long as the digest, which other programs expect.
    rsa_key.verify(pss, b"m", padding.PSS(padding.MGF1(hashes.SHA384()), 48), hashes.SHA384())
    ec_key.verify(ecdsa, hashlib.sha256(b"m").digest(), ec.ECDSA(Prehashed(hashes.SHA256())))


def test_an_algorithm_of_another_kind_is_refused(kms):
    key_id = make(kms, "ECC_NIST_P256")

    with refused("InvalidKeyUsageException", "Algorithm ECDSA_SHA_384 is incompatible with key spec ECC_NIST_P256."):
        kms.sign(KeyId=key_id, Message=b"m", SigningAlgorithm="ECDSA_SHA_384")


def test_prehashed_ed25519_says_that_it_is_missing(kms):
    key_id = make(kms, "ECC_NIST_EDWARDS25519")

    with refused("NotImplemented", "ED25519_PH_SHA_512"):
        kms.sign(KeyId=key_id, Message=b"m" * 64, MessageType="DIGEST", SigningAlgorithm="ED25519_PH_SHA_512")


def test_an_external_mu_signs_like_the_message(kms):
    key_id = make(kms, "ML_DSA_65")
    public = kms.get_public_key(KeyId=key_id)["PublicKey"]
    raw = serialization.load_der_public_key(public).public_bytes_raw()
    prefix = hashlib.shake_256(raw).digest(64) + b"\0\0"
    mu = hashlib.shake_256(prefix + b"message").digest(64)
    algorithm = {"SigningAlgorithm": "ML_DSA_SHAKE_256"}

    signature = kms.sign(KeyId=key_id, Message=mu, MessageType="EXTERNAL_MU", **algorithm)["Signature"]

    assert kms.verify(KeyId=key_id, Message=b"message", Signature=signature, **algorithm)["SignatureValid"]


@pytest.mark.parametrize("bits", [224, 256, 384, 512])
def test_a_mac_holds_for_its_message_only(kms, bits):
    key_id = make(kms, f"HMAC_{bits}", "GENERATE_VERIFY_MAC")
    algorithm = {"MacAlgorithm": f"HMAC_SHA_{bits}"}

    mac = kms.generate_mac(KeyId=key_id, Message=b"message", **algorithm)["Mac"]

    assert len(mac) == bits // 8
    assert kms.verify_mac(KeyId=key_id, Message=b"message", Mac=mac, **algorithm)["MacValid"] is True
    with refused("KMSInvalidMacException", ""):
        kms.verify_mac(KeyId=key_id, Message=b"other", Mac=mac, **algorithm)


def test_a_mac_of_another_algorithm_is_refused(kms):
    key_id = make(kms, "HMAC_256", "GENERATE_VERIFY_MAC")

    with refused("InvalidKeyUsageException", "Algorithm HMAC_SHA_512 is incompatible with key spec HMAC_256."):
        kms.verify_mac(KeyId=key_id, Message=b"m", Mac=b"x", MacAlgorithm="HMAC_SHA_512")


@pytest.mark.parametrize("spec", ["ECC_NIST_P256", "ECC_NIST_P521"])
def test_both_sides_derive_the_same_secret(kms, spec):
    ours = make(kms, spec, "KEY_AGREEMENT")
    curve = ec.SECP256R1() if spec.endswith("256") else ec.SECP521R1()
    theirs = ec.generate_private_key(curve)
    public = theirs.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )

    told = kms.derive_shared_secret(KeyId=ours, KeyAgreementAlgorithm="ECDH", PublicKey=public)

    our_public = serialization.load_der_public_key(kms.get_public_key(KeyId=ours)["PublicKey"])
    assert told["SharedSecret"] == theirs.exchange(ec.ECDH(), our_public)
    assert told["KeyOrigin"] == "AWS_KMS"
    for wrong in (b"rubbish", kms.get_public_key(KeyId=make(kms, "ECC_NIST_P384"))["PublicKey"]):
        with refused("ValidationException"):
            kms.derive_shared_secret(KeyId=ours, KeyAgreementAlgorithm="ECDH", PublicKey=wrong)


def test_a_secret_is_encapsulated_for_the_holder_of_the_key(kms):
    key_id = make(kms, "ML_KEM_768", "ENCAPSULATE_DECAPSULATE")
    public = serialization.load_der_public_key(kms.get_public_key(KeyId=key_id)["PublicKey"])
    theirs, blob = public.encapsulate()
    algorithm = {"EncapsulationAlgorithm": "ML_KEM"}

    def opened(ciphertext):
        return kms.decapsulate(KeyId=key_id, SharedSecretCiphertextBlob=ciphertext, **algorithm)["SharedSecret"]

    ours = kms.encapsulate(KeyId=key_id, **algorithm)
    assert opened(blob) == theirs
    assert opened(ours["SharedSecretCiphertextBlob"]) == ours["SharedSecret"]
    with refused("InvalidCiphertextException"):
        opened(b"short")
