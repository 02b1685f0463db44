"""What kinds of keys there are, and what each can do.

Source: KMS Developer Guide, key spec reference; KMS API Reference, CreateKey."""

from __future__ import annotations

from typing import Any, NamedTuple

from cumulet.kernel.errors import NotImplementedYet
from cumulet.services.kms.errors import InvalidKeyUsageException, ValidationException

ENCRYPT, SIGN, MAC = "ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC"
AGREE, ENCAPSULATE = "KEY_AGREEMENT", "ENCAPSULATE_DECAPSULATE"
SYMMETRIC = "SYMMETRIC_DEFAULT"

_OAEP = ("RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256")
_RSA_SIGNING = tuple(f"RSASSA_{scheme}_SHA_{bits}" for scheme in ("PKCS1_V1_5", "PSS") for bits in (256, 384, 512))
_OLDER = frozenset(
    f"{family}_{size}"
    for family, sizes in (
        ("RSA", ("2048", "3072", "4096")), ("ECC_NIST", ("P256", "P384", "P521")), ("ECC_SECG", ("P256K1",)),
        ("HMAC", ("224", "256", "384", "512")), ("SYMMETRIC", ("DEFAULT",)),
    )
    for size in sizes
) | {"SM2"}  # fmt: skip
"""What CustomerMasterKeySpec, the older name of KeySpec, can say."""


class Spec(NamedTuple):
    """A kind of key. `usages` maps what it may be for to the algorithms that it then has."""

    name: str
    usages: dict[str, tuple[str, ...]]
    bits: int = 0
    """Of an RSA key its size, of an HMAC key the size of its hash."""
    can_be_imported: bool = True
    can_be_data_key: bool = False
    missing: str = ""
    """Why there are no such keys here."""

    @property
    def is_symmetric(self) -> bool:
        """A key to encrypt with, without a public half; only such keys rotate."""
        return self.name == SYMMETRIC

    @property
    def is_asymmetric(self) -> bool:
        return not self.is_symmetric and MAC not in self.usages

    def algorithms(self, usage: str) -> tuple[str, ...]:
        return self.usages[usage]


def _rsa(bits: int) -> Spec:
    return Spec(f"RSA_{bits}", {ENCRYPT: _OAEP, SIGN: _RSA_SIGNING}, bits, can_be_data_key=True)


def _nist(curve: str, hash_bits: int) -> Spec:
    return Spec(f"ECC_NIST_{curve}", {SIGN: (f"ECDSA_SHA_{hash_bits}",), AGREE: ("ECDH",)}, can_be_data_key=True)


def _ml_kem(size: int, missing: str = "") -> Spec:
    return Spec(
        f"ML_KEM_{size}", {ENCAPSULATE: ("ML_KEM",)}, can_be_imported=False, can_be_data_key=True, missing=missing
    )


_LIBRARY = "the cryptographic library that Cumulet uses does not have it"
SPECS = {
    spec.name: spec
    for spec in (
        Spec(SYMMETRIC, {ENCRYPT: (SYMMETRIC,)}, 256),
        *(_rsa(bits) for bits in (2048, 3072, 4096)),
        _nist("P256", 256),
        _nist("P384", 384),
        _nist("P521", 512),
        Spec("ECC_SECG_P256K1", {SIGN: ("ECDSA_SHA_256",)}, can_be_data_key=True),
        Spec("ECC_NIST_EDWARDS25519", {SIGN: ("ED25519_SHA_512", "ED25519_PH_SHA_512")}, can_be_data_key=True),
        *(Spec(f"HMAC_{bits}", {MAC: (f"HMAC_SHA_{bits}",)}, bits) for bits in (224, 256, 384, 512)),
        *(Spec(f"ML_DSA_{size}", {SIGN: ("ML_DSA_SHAKE_256",)}, can_be_imported=False) for size in (44, 65, 87)),
        _ml_kem(512, missing=_LIBRARY),
        _ml_kem(768),
        _ml_kem(1024),
        Spec(
            "SM2", {ENCRYPT: ("SM2PKE",), SIGN: ("SM2DSA",), AGREE: ("ECDH",)}, can_be_data_key=True, missing=_LIBRARY
        ),
    )
}

_ALGORITHM_MEMBERS = {
    ENCRYPT: "EncryptionAlgorithms",
    SIGN: "SigningAlgorithms",
    MAC: "MacAlgorithms",
    AGREE: "KeyAgreementAlgorithms",
    ENCAPSULATE: "EncapsulationAlgorithms",
}


def chosen(spec: str | None, older: str | None, usage: str | None) -> tuple[Spec, str]:
    """The spec and the usage of a new key. Raises ValidationException, or NotImplemented for what we lack."""
    if spec is not None and older is not None:
        raise ValidationException(
            "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is "
            "deprecated."
        )
    found = SPECS[spec or older or SYMMETRIC]
    if usage is None:
        if not found.is_symmetric:
            raise ValidationException(
                "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."
            )
        usage = ENCRYPT
    if usage not in found.usages:
        raise ValidationException(f"KeyUsage {usage} is not compatible with KeySpec {found.name}")
    require(found)
    return found, usage


def data_key_pair(name: str) -> Spec:
    spec = SPECS[name]
    require(spec)
    return spec


def require(spec: Spec) -> None:
    """Raises NotImplemented for a kind of key that there cannot be here."""
    if spec.missing:
        raise NotImplementedYet(f"Cumulet has no keys of the spec {spec.name}: {spec.missing}.")


def require_algorithm(algorithm: str, spec: str, usage: str) -> None:
    """Raises InvalidKeyUsageException for an algorithm that the key does not have."""
    if algorithm not in SPECS[spec].algorithms(usage):
        raise InvalidKeyUsageException.algorithm(algorithm, spec)


def as_wire(spec: str, usage: str) -> dict[str, Any]:
    """Spec, usage and algorithms, as metadata and public keys tell them."""
    told: dict[str, Any] = {"KeySpec": spec, "KeyUsage": usage}
    if spec in _OLDER:
        told["CustomerMasterKeySpec"] = spec
    told[_ALGORITHM_MEMBERS[usage]] = list(SPECS[spec].algorithms(usage))
    return told
