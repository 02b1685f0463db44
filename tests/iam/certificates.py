"""Certificates and keys for tests, made when they are asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID

_NOW = datetime.now(UTC)


class Issued:
    """A certificate, its key, and the texts of both."""

    def __init__(self, name: str, issuer: Issued | None = None, *, days: int = 30, since: int = -1) -> None:
        self.key: Any = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        above = issuer or self
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(self.name)
            .issuer_name(above.name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(_NOW + timedelta(days=since))
            .not_valid_after(_NOW + timedelta(days=days))
            .sign(above.key, SHA256())
        )

    @property
    def body(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode().strip()

    @property
    def private(self) -> str:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()

    @property
    def encrypted(self) -> str:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")).decode()


@cache
def rsa_key(number: int, bits: int) -> Any:
    return rsa.generate_private_key(65537, bits)


def ssh_text(number: int = 0, bits: int = 2048) -> str:
    public = rsa_key(number, bits).public_key()
    return public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def pem_text(number: int = 0) -> str:
    public = rsa_key(number, 2048).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
