"""Whatever a client sends as a certificate, a key, metadata or a URL: it is read, or refused in words of ours."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from cumulet.kernel.errors import ServiceError
from cumulet.services.iam import certificates, oidc_providers, saml_providers, ssh_keys
from tests.iam.certificates import Issued, pem_text, ssh_text

_SITE = Issued("site")
_GOOD = [_SITE.body, _SITE.private, ssh_text(), pem_text()]


@st.composite
def spoiled(draw) -> str:
    """A good text with a piece replaced, or any text at all."""
    text = draw(st.sampled_from(_GOOD))
    at, length = draw(st.integers(0, len(text))), draw(st.integers(0, 40))
    return text[:at] + draw(st.text(max_size=20)) + text[at + length :]


READERS = [
    certificates.read,
    certificates.read_chain,
    certificates.is_private_key,
    lambda text: certificates.check_key(_SITE.certificate, text),
    ssh_keys._parsed,
    saml_providers.read,
    oidc_providers._name,
]


@given(spoiled() | st.text(max_size=200))
@settings(max_examples=150, deadline=None)
def test_nothing_but_our_refusals_comes_of_spoiled_texts(text):
    for read in READERS:
        try:
            read(text)
        except ServiceError as refusal:
            assert refusal.message


def test_a_huge_private_key_is_refused_without_testing_its_primes():
    """It looks like one of 12,000 bits. That its primes are none is not what the words complain of."""
    half = (1 << 6000) + 1
    numbers = rsa.RSAPrivateNumbers(half, half + 2, 3, 5, 5, 7, rsa.RSAPublicNumbers(65537, half * (half + 2)))
    key = numbers.private_key(unsafe_skip_rsa_key_validation=True)
    text = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    with pytest.raises(ServiceError, match="larger than 4096 bits"):
        certificates.check_key(_SITE.certificate, text)
