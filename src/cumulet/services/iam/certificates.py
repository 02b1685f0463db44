"""X.509 certificates and private keys as PEM texts: read, and checked against each other.

The library behind it is imported at the first use: it is 7 MB, and most clouds never see a certificate."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from cumulet.services.iam.credential_errors import KeyPairMismatch, MalformedCertificate

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_BEGIN = "-----BEGIN CERTIFICATE-----"
_MOST_IN_CHAIN = 50
_BAD_CHAIN = (
    "Unable to validate certificate chain. The certificate chain must start with the immediate signing certificate, "
    "followed by any intermediaries in order. The index within the chain of the invalid certificate is: {}"
)
_LARGEST_KEY_BITS = 4096
_LARGE_KEY = f"The private key is larger than {_LARGEST_KEY_BITS} bits."
_BAD_KEY = "Unable to parse private key. Please ensure the private key is in PEM format."
_ENCRYPTED_KEY = "The private key is encrypted. Please upload it without a passphrase."


def read(body: str) -> Certificate:
    """The one certificate in a PEM text. Raises MalformedCertificate."""
    if body.count(_BEGIN) != 1:
        raise MalformedCertificate
    return _parsed(body)


def read_chain(chain: str) -> list[Certificate]:
    """The certificates of a chain. Raises MalformedCertificate."""
    blocks = chain.split(_BEGIN)[1:]
    if not blocks or len(blocks) > _MOST_IN_CHAIN:
        raise MalformedCertificate(_BAD_CHAIN.format(-1))
    return [_parsed(_BEGIN + block) for block in blocks]


def check_chain(certificate: Certificate, chain: list[Certificate]) -> None:
    """Raise MalformedCertificate unless each certificate is signed by the one that follows it."""
    issued = certificate
    for index, issuer in enumerate(chain):
        if not _is_issued_by(issued, issuer):
            raise MalformedCertificate(_BAD_CHAIN.format(index - 1))
        issued = issuer


def check_key(certificate: Certificate, private_key: str) -> None:
    """Raise KeyPairMismatch unless it is the certificate's key; MalformedCertificate for what is no private key."""
    if _public_bytes(_private(private_key).public_key()) != _public_bytes(certificate.public_key()):
        raise KeyPairMismatch


def is_private_key(text: str) -> bool:
    try:
        _private(text)
    except MalformedCertificate:
        return False
    return True


def _parsed(body: str) -> Certificate:
    from cryptography import x509

    try:
        with warnings.catch_warnings(action="ignore"):  # certificates that are only unusual are taken
            certificate = x509.load_pem_x509_certificate(body.encode())
            certificate.public_key()
            certificate.not_valid_after_utc  # noqa: B018 - parsed when asked for
    except Exception:  # the library raises what it likes for bytes that are no certificate
        raise MalformedCertificate from None
    return certificate


def _is_issued_by(issued: Certificate, issuer: Certificate) -> bool:
    try:
        issued.verify_directly_issued_by(issuer)
    except Exception:  # of another name, of a wrong signature, or by an unknown algorithm
        return False
    return True


def _private(text: str) -> Any:
    """The key is measured before its primes are tested, which would take minutes for a huge one."""
    if getattr(_loaded(text, unsafe_skip_rsa_key_validation=True), "key_size", 0) > _LARGEST_KEY_BITS:
        raise MalformedCertificate(_LARGE_KEY)
    return _loaded(text)


def _loaded(text: str, **options: bool) -> Any:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key(text.encode(), password=None, **options)
    except TypeError:  # so the library says that a password is needed
        raise MalformedCertificate(_ENCRYPTED_KEY) from None
    except Exception:
        raise MalformedCertificate(_BAD_KEY) from None


def _public_bytes(key: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    encoded: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return encoded
