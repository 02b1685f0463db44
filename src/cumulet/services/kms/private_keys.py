"""Private keys: made, read and used. They travel within the service in PKCS #8, public ones in X.509 form (DER).

The library is imported at the first use; a cloud without asymmetric keys does without. What takes long (making RSA
keys) is left to the caller to put on a thread."""

from __future__ import annotations

import functools
import importlib
from typing import Any

from cumulet.kernel.errors import NotImplementedYet
from cumulet.services.kms.errors import InvalidCiphertextException, KMSInvalidSignatureException, ValidationException
from cumulet.services.kms.materials import Fresh
from cumulet.services.kms.specs import Spec

_HASH_BYTES = {"SHA_1": 20, "SHA_256": 32, "SHA_384": 48, "SHA_512": 64}
_MU_BYTES = 64
_PUBLIC_EXPONENT = 65537


def made(spec: Spec) -> Fresh:
    """A new key pair."""
    return fresh(_generate(spec.name, spec.bits))


def fresh(private: Any) -> Fresh:
    return Fresh(secret=_private_bytes(private), public=_public_bytes(private.public_key()))


def imported(spec: Spec, der: bytes) -> Fresh:
    """A key pair that came from elsewhere. Raises ValueError unless it is one of this spec."""
    library = _library()
    try:
        private = library.serialization.load_der_private_key(der, None)
    except (TypeError, library.UnsupportedAlgorithm) as error:
        raise ValueError("not a private key in PKCS #8") from error
    if spec_of(private.public_key()) != spec.name:
        raise ValueError(f"not a private key of the spec {spec.name}")
    return fresh(private)


def spec_of(public: Any) -> str:
    """The spec of a public key, or nothing."""
    library = _library()
    if isinstance(public, library.rsa.RSAPublicKey):
        return f"RSA_{public.key_size}"
    if isinstance(public, library.ec.EllipticCurvePublicKey):
        return _SPECS_OF_CURVES.get(public.curve.name, "")
    return "ECC_NIST_EDWARDS25519" if isinstance(public, library.ed25519.Ed25519PublicKey) else ""


def encrypt(spec: Spec, public: bytes, algorithm: str, plaintext: bytes) -> bytes:
    """By RSA. Raises ValidationException for more bytes than the key can take."""
    most = spec.bits // 8 - 2 * _HASH_BYTES[algorithm.removeprefix("RSAES_OAEP_")] - 2
    if len(plaintext) > most:
        raise ValidationException(
            f"Algorithm {algorithm} and key spec {spec.name} cannot encrypt data larger than {most} bytes."
        )
    sealed: bytes = _public_key(public).encrypt(plaintext, _oaep(algorithm))
    return sealed


def decrypt(private: bytes, algorithm: str, ciphertext: bytes) -> bytes:
    """By RSA. Raises InvalidCiphertextException."""
    try:
        plaintext: bytes = _private_key(private).decrypt(ciphertext, _oaep(algorithm))
    except ValueError:
        raise InvalidCiphertextException from None
    return plaintext


def modulus_bytes(private: bytes) -> int:
    """How long what an RSA key encrypts is."""
    bits: int = _private_key(private).key_size
    return bits // 8


def sign(private: bytes, algorithm: str, message: bytes, message_type: str) -> bytes:
    """Raises ValidationException for a digest of another length than the algorithm's."""
    _check_message(algorithm, message, message_type)
    key = _private_key(private)
    if algorithm == "ML_DSA_SHAKE_256":
        signed: bytes = key.sign_mu(message) if message_type == "EXTERNAL_MU" else key.sign(message)
    elif algorithm == "ED25519_SHA_512":
        signed = key.sign(message)
    else:
        signed = key.sign(message, *_signature_parameters(algorithm, message_type == "DIGEST"))
    return signed


def verify(public: bytes, algorithm: str, message: bytes, message_type: str, signature: bytes) -> None:
    """Raises KMSInvalidSignatureException, or ValidationException as `sign` does."""
    _check_message(algorithm, message, message_type)
    key = _public_key(public)
    try:
        if algorithm == "ML_DSA_SHAKE_256":
            (key.verify_mu if message_type == "EXTERNAL_MU" else key.verify)(signature, message)
        elif algorithm == "ED25519_SHA_512":
            key.verify(signature, message)
        else:
            key.verify(signature, message, *_signature_parameters(algorithm, message_type == "DIGEST"))
    except _library().InvalidSignature:
        raise KMSInvalidSignatureException from None


def shared_secret(private: bytes, peer: bytes) -> bytes:
    """By ECDH. Raises ValidationException unless `peer` is a public key on the same curve."""
    library = _library()
    key = _private_key(private)
    try:
        other = library.serialization.load_der_public_key(peer)
    except (ValueError, library.UnsupportedAlgorithm):
        other = None
    if not isinstance(other, library.ec.EllipticCurvePublicKey) or other.curve.name != key.curve.name:
        raise ValidationException("The public key is not a valid public key on the curve of the KMS key.")
    secret: bytes = key.exchange(library.ec.ECDH(), other)
    return secret


def encapsulate(public: bytes) -> tuple[bytes, bytes]:
    """By ML-KEM: a shared secret, and the ciphertext that carries it."""
    secret, ciphertext = _public_key(public).encapsulate()
    return secret, ciphertext


def decapsulate(private: bytes, ciphertext: bytes) -> bytes:
    """Raises InvalidCiphertextException for what cannot be one. Any other gives a secret, if not the right one, as
    the standard has it (FIPS 203)."""
    try:
        secret: bytes = _private_key(private).decapsulate(ciphertext)
    except ValueError:
        raise InvalidCiphertextException from None
    return secret


def _check_message(algorithm: str, message: bytes, message_type: str) -> None:
    if algorithm == "ED25519_PH_SHA_512":
        raise NotImplementedYet("Cumulet does not have ED25519_PH_SHA_512: its cryptographic library lacks it.")
    if message_type == "EXTERNAL_MU":
        if algorithm != "ML_DSA_SHAKE_256":
            raise ValidationException(f"MessageType EXTERNAL_MU is not valid for algorithm {algorithm}.")
        expected = _MU_BYTES
    elif message_type == "DIGEST":
        if algorithm in ("ML_DSA_SHAKE_256", "ED25519_SHA_512"):
            raise ValidationException(f"MessageType DIGEST is not valid for algorithm {algorithm}.")
        expected = _HASH_BYTES[algorithm[algorithm.rindex("SHA_") :]]
    else:
        return
    if len(message) != expected:
        raise ValidationException(f"Digest is invalid length for algorithm {algorithm}.")


def _signature_parameters(algorithm: str, is_digest: bool) -> tuple[Any, ...]:
    library = _library()
    hashing = _hash(algorithm)
    digest = library.Prehashed(hashing) if is_digest else hashing
    if algorithm.startswith("ECDSA"):
        return (library.ec.ECDSA(digest),)
    if algorithm.startswith("RSASSA_PSS"):
        # The salt is as long as the digest (KMS Developer Guide, RSA signing algorithms).
        return (library.padding.PSS(library.padding.MGF1(hashing), hashing.digest_size), digest)
    return (library.padding.PKCS1v15(), digest)


def _oaep(algorithm: str) -> Any:
    library = _library()
    hashing = _hash(algorithm)
    return library.padding.OAEP(library.padding.MGF1(hashing), hashing, None)


def _hash(algorithm: str) -> Any:
    name = algorithm[algorithm.rindex("SHA_") :].replace("_", "")
    return getattr(_library().hashes, name)()


def _generate(name: str, bits: int) -> Any:
    library = _library()
    if name.startswith("RSA"):
        return library.rsa.generate_private_key(_PUBLIC_EXPONENT, bits)
    if name in _CURVES:
        return library.ec.generate_private_key(getattr(library.ec, _CURVES[name])())
    if name == "ECC_NIST_EDWARDS25519":
        return library.ed25519.Ed25519PrivateKey.generate()
    family, size = name.rsplit("_", 1)
    return _after_quantum(family.replace("_", ""), size).generate()


def _after_quantum(family: str, size: str) -> Any:
    """Older versions of the library lack these. Raises NotImplemented then."""
    try:
        module = importlib.import_module(f"cryptography.hazmat.primitives.asymmetric.{family.lower()}")
        return getattr(module, f"{family}{size}PrivateKey")
    except (ImportError, AttributeError):
        raise NotImplementedYet(f"{family}-{size} needs a newer version of the package cryptography.") from None


def _private_bytes(private: Any) -> bytes:
    forms = _library().serialization
    der: bytes = private.private_bytes(forms.Encoding.DER, forms.PrivateFormat.PKCS8, forms.NoEncryption())
    return der


def _public_bytes(public: Any) -> bytes:
    forms = _library().serialization
    der: bytes = public.public_bytes(forms.Encoding.DER, forms.PublicFormat.SubjectPublicKeyInfo)
    return der


def _private_key(der: bytes) -> Any:
    """Our own, which was checked when it came: checking an RSA key again takes longer than signing."""
    return _library().serialization.load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)


@functools.lru_cache(maxsize=256)
def _public_key(der: bytes) -> Any:
    return _library().serialization.load_der_public_key(der)


_CURVES = {
    "ECC_NIST_P256": "SECP256R1",
    "ECC_NIST_P384": "SECP384R1",
    "ECC_NIST_P521": "SECP521R1",
    "ECC_SECG_P256K1": "SECP256K1",
}
_SPECS_OF_CURVES = {curve.lower(): spec for spec, curve in _CURVES.items()}


class _Library:
    """The parts of the cryptographic library that are used here."""

    def __init__(self) -> None:
        from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
        from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

        self.InvalidSignature, self.UnsupportedAlgorithm = InvalidSignature, UnsupportedAlgorithm
        self.hashes, self.serialization, self.Prehashed = hashes, serialization, Prehashed
        self.ec, self.ed25519, self.padding, self.rsa = ec, ed25519, padding, rsa


@functools.cache
def _library() -> _Library:
    return _Library()
